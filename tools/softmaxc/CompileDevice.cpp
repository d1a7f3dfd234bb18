// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "CompileDevice.h"
#include "Explain.h"
#include "Targets.h"

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Target/CodeGen.h"
#include "softmax/Target/CudaTools.h"
#include "softmax/Target/DeviceLauncher.h"
#include "softmax/Target/Link.h"

#include "mlir/Pass/PassManager.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::softmax;

static LogicalResult runPasses(ModuleOp module,
                               function_ref<void(OpPassManager &)> build) {
  PassManager manager(module.getContext());
  build(manager);
  return manager.run(module);
}

/// The code of `module`, whose ops are scheduled, in `format`; leaves in it how
/// its kernels are launched.
static FailureOr<std::string>
emitCode(ModuleOp module, GPUPipelineOptions pipeline, DeviceFormat format) {
  pipeline.format = format;
  if (failed(runPasses(module, [&](OpPassManager &manager) {
        buildFromGPUSchedulePipeline(manager, pipeline);
      })))
    return failure();
  FailureOr<StringRef> code = getDeviceCode(module);
  if (failed(code))
    return failure();
  return code->str();
}

/// The text of LLVM bitcode.
static FailureOr<std::string> disassemble(StringRef bitcode, Location loc) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> module = llvm::parseBitcodeFile(
      llvm::MemoryBufferRef(bitcode, "kernels"), context);
  if (!module)
    return emitError(loc, llvm::toString(module.takeError()));
  std::string text;
  llvm::raw_string_ostream stream(text);
  (*module)->print(stream, /*AAW=*/nullptr);
  return text;
}

/// The device code as LLVM IR; leaves `module` as it is.
static LogicalResult emitLLVM(ModuleOp module,
                              const GPUPipelineOptions &pipeline,
                              DeviceOutputs &outputs) {
  OwningOpRef<ModuleOp> copy = module.clone();
  FailureOr<std::string> code = emitCode(*copy, pipeline, DeviceFormat::LLVM);
  if (failed(code))
    return failure();
  FailureOr<std::string> text = disassemble(*code, module.getLoc());
  if (failed(text))
    return failure();
  outputs.code[EmitKind::LLVM] = std::move(*text);
  return success();
}

static LogicalResult emitNVIDIA(ModuleOp module,
                                const GPUPipelineOptions &pipeline,
                                DeviceOutputs &outputs) {
  FailureOr<std::string> code = emitCode(module, pipeline, DeviceFormat::Isa);
  if (failed(code))
    return failure();
  outputs.code[EmitKind::PTX] = std::move(*code);
  return success();
}

static LogicalResult emitAMD(ModuleOp module,
                             const GPUPipelineOptions &pipeline,
                             DeviceOutputs &outputs) {
  FailureOr<std::string> code = emitCode(module, pipeline, DeviceFormat::Isa);
  if (failed(code))
    return failure();
  FailureOr<SmallVector<char, 0>> object =
      makeCodeObject(*code, pipeline.chip, module.getLoc());
  if (failed(object))
    return failure();
  outputs.code[EmitKind::Assembly] = std::move(*code);
  outputs.code[EmitKind::HSACO] = std::string(object->begin(), object->end());
  return success();
}

namespace {
class DeviceCompiler {
public:
  DeviceCompiler(const Options &options, SourceOperands &operands,
                 DeviceOutputs &outputs)
      : options(options), operands(operands), outputs(outputs) {}

  /// Schedules, and code if some is asked for.  `module` is used up.
  LogicalResult compile(ModuleOp module, const GPUDescription &chip);
  /// What tells of the code, and what holds that for all chips.  Diagnostics
  /// are of `module`.
  LogicalResult finish(ModuleOp module);

private:
  StringRef outputPath(EmitKind kind) const {
    for (const Output &output : options.outputs)
      if (output.kind == kind)
        return output.path;
    return "";
  }
  /// The name of a file that is written, for its own text.
  std::string fileName(EmitKind kind) const {
    StringRef path = outputPath(kind);
    return path == "-" ? defaultFileName(kind, options.baseName)
                       : llvm::sys::path::filename(path).str();
  }
  LogicalResult emitImages(ModuleOp module);
  LogicalResult emitShared(ModuleOp module);

  const Options &options;
  SourceOperands &operands;
  DeviceOutputs &outputs;
  SmallVector<DeviceVersion, 1> versions;
};
} // namespace

LogicalResult DeviceCompiler::compile(ModuleOp module,
                                      const GPUDescription &chip) {
  bool amd = chip.kind == GPUKind::AMD;
  GPUPipelineOptions pipeline;
  pipeline.chip = chip;
  pipeline.accuracy = options.accuracy;
  pipeline.forceStrategy = options.forceStrategy;
  if (failed(runPasses(module, [&](OpPassManager &manager) {
        buildToGPUSchedulePipeline(manager, pipeline);
      })))
    return failure();
  operands.apply(module);
  // Each for itself, as --split-input-file takes them.
  llvm::raw_string_ostream scheduled(outputs.scheduled);
  scheduled << (outputs.scheduled.empty() ? "" : "\n// -----\n\n") << *module;
  if (options.explain) {
    outputs.explanation += outputs.explanation.empty() ? "" : "\n";
    outputs.explanation += explain(module, chip);
  }
  bool launches =
      options.wants(EmitKind::Header) || options.wants(EmitKind::Manifest);
  bool code = llvm::any_of(options.outputs, [](const Output &output) {
    return isCode(output.kind);
  });
  // What machine code takes is known once there is some.
  if (!launches && !code && !(amd && options.explain))
    return success();
  if (options.wants(EmitKind::LLVM) &&
      failed(emitLLVM(module, pipeline, outputs)))
    return failure();
  if (failed(amd ? emitAMD(module, pipeline, outputs)
                 : emitNVIDIA(module, pipeline, outputs)))
    return failure();
  ArrayRef<char> object(outputs.code[EmitKind::HSACO]);
  if (amd && options.explain) {
    FailureOr<SmallVector<KernelResources, 0>> resources =
        readKernelResources(object, module.getLoc());
    if (failed(resources))
      return failure();
    outputs.explanation += explainResources(*resources, chip);
  }
  if (!launches && !code)
    return success();
  auto functions = collectDeviceFunctions(module);
  if (failed(functions) ||
      (amd && failed(noteKernelResources(*functions, object, module.getLoc()))))
    return failure();
  versions.push_back(
      {chip, outputs.code[EmitKind::PTX], std::move(*functions)});
  return success();
}

/// Machine code for NVIDIA's chips.
LogicalResult DeviceCompiler::emitImages(ModuleOp module) {
  SmallVector<FatbinImage> images;
  for (const DeviceVersion &version : versions) {
    llvm::Expected<std::string> cubin =
        assemblePTX(version.code, version.chip.name, options.cudaPath);
    if (!cubin)
      return module.emitError(llvm::toString(cubin.takeError()));
    images.push_back({version.chip.name, version.code, std::move(*cubin)});
  }
  if (options.wants(EmitKind::Fatbin)) {
    llvm::Expected<std::string> fatbin = makeFatbin(images, options.cudaPath);
    if (!fatbin)
      return module.emitError(llvm::toString(fatbin.takeError()));
    outputs.code[EmitKind::Fatbin] = std::move(*fatbin);
  }
  outputs.code[EmitKind::Cubin] = std::move(images.front().cubin);
  return success();
}

LogicalResult DeviceCompiler::finish(ModuleOp module) {
  if (versions.empty())
    return success();
  const DeviceVersion &first = versions.front();
  if (options.wants(EmitKind::Header))
    outputs.header = emitDeviceHeader(first.functions, first.chip,
                                      fileName(EmitKind::Header));
  outputs.manifest =
      emitDeviceManifest(first.functions, first.chip, options.accuracy);
  if ((options.wants(EmitKind::Cubin) || options.wants(EmitKind::Fatbin)) &&
      failed(emitImages(module)))
    return failure();
  if (options.wants(EmitKind::Launcher))
    outputs.code[EmitKind::Launcher] = emitDeviceLauncher(
        versions, options.baseName, fileName(EmitKind::Launcher));
  return options.wants(EmitKind::Shared) ? emitShared(module) : success();
}

/// The library for the machine that this runs on.
LogicalResult DeviceCompiler::emitShared(ModuleOp module) {
  auto fail = [&](llvm::Error error) {
    return module.emitError(llvm::toString(std::move(error)));
  };
  FailureOr<OwningOpRef<ModuleOp>> library =
      buildDeviceLibrary(module.getContext(), versions, options.baseName);
  llvm::Expected<SmallVector<TargetDescription, 1>> host =
      parseTargets("native");
  if (!host)
    return fail(host.takeError());
  if (failed(library))
    return failure();
  TargetDescription target = describeBaseline(host->front().architecture);
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      createTargetMachine(target);
  if (!machine)
    return fail(machine.takeError());
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> translated =
      translateAndOptimize(**library, context, target, **machine);
  if (!translated)
    return fail(translated.takeError());
  llvm::Expected<llvm::SmallVector<char, 0>> object =
      emitObject(**translated, **machine);
  if (!object)
    return fail(object.takeError());
  llvm::MemoryBufferRef bytes(StringRef(object->data(), object->size()),
                              "kernels.o");
  StringRef path = outputPath(EmitKind::Shared);
  llvm::Expected<llvm::SmallVector<char, 0>> linked = linkSharedLibrary(
      bytes, path == "-" ? "" : llvm::sys::path::filename(path),
      /*dependency=*/nullptr, getCudaRuntimeObject());
  if (!linked)
    return fail(linked.takeError());
  outputs.code[EmitKind::Shared].assign(linked->begin(), linked->end());
  return success();
}

LogicalResult mlir::softmax::compileForDevice(ModuleOp module,
                                              const Options &options,
                                              SourceOperands &operands,
                                              DeviceOutputs &outputs) {
  DeviceCompiler compiler(options, operands, outputs);
  for (const GPUDescription &chip : options.gpus) {
    OwningOpRef<ModuleOp> version = module.clone();
    if (failed(compiler.compile(*version, chip)))
      return failure();
  }
  return compiler.finish(module);
}
