// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "CompileDevice.h"
#include "Explain.h"

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

namespace {
class DeviceCompiler {
public:
  DeviceCompiler(const Options &options, SourceOperands &operands,
                 DeviceOutputs &outputs)
      : options(options), operands(operands), outputs(outputs) {}

  /// Schedules, and code if some is asked for.  `module` is used up.
  LogicalResult compile(ModuleOp module, const GPUDescription &chip);
  /// What holds the code for all chips.
  LogicalResult finish(ModuleOp module);

private:
  bool wants(EmitKind kind) const { return output(kind) != nullptr; }
  const Output *output(EmitKind kind) const {
    auto found = llvm::find_if(options.outputs, [&](const Output &entry) {
      return entry.kind == kind;
    });
    return found == options.outputs.end() ? nullptr : &*found;
  }
  /// The name of a file that is written, for its own text.
  std::string fileName(EmitKind kind) const {
    const std::string &path = output(kind)->path;
    return path == "-" ? defaultFileName(kind, options.baseName)
                       : llvm::sys::path::filename(path).str();
  }
  static LogicalResult run(ModuleOp module,
                           function_ref<void(OpPassManager &)> build) {
    PassManager manager(module.getContext());
    build(manager);
    return manager.run(module);
  }
  /// The code of `module`, whose ops are scheduled, in `format`; leaves in it
  /// how its kernels are launched.
  static FailureOr<std::string>
  emitCode(ModuleOp module, GPUPipelineOptions pipeline, DeviceFormat format);
  LogicalResult emitShared(ModuleOp module);

  const Options &options;
  SourceOperands &operands;
  DeviceOutputs &outputs;
  SmallVector<DeviceVersion, 1> versions;
};
} // namespace

FailureOr<std::string> DeviceCompiler::emitCode(ModuleOp module,
                                                GPUPipelineOptions pipeline,
                                                DeviceFormat format) {
  pipeline.format = format;
  if (failed(run(module, [&](OpPassManager &manager) {
        buildFromGPUSchedulePipeline(manager, pipeline);
      })))
    return failure();
  FailureOr<StringRef> code = getDeviceCode(module);
  if (failed(code))
    return failure();
  return code->str();
}

/// Bitcode as text.
static llvm::Expected<std::string> disassemble(StringRef bitcode) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> module = llvm::parseBitcodeFile(
      llvm::MemoryBufferRef(bitcode, "device code"), context);
  if (!module)
    return module.takeError();
  return printModule(**module);
}

LogicalResult DeviceCompiler::compile(ModuleOp module,
                                      const GPUDescription &chip) {
  GPUPipelineOptions pipeline;
  pipeline.chip = chip;
  pipeline.accuracy = options.accuracy;
  pipeline.forceStrategy = options.forceStrategy;
  if (failed(run(module, [&](OpPassManager &manager) {
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
  if (llvm::all_of(options.outputs, [](const Output &output) {
        return output.kind == EmitKind::MLIR ||
               output.kind == EmitKind::Scheduled;
      }))
    return success();

  if (wants(EmitKind::LLVM)) {
    OwningOpRef<ModuleOp> copy = module.clone();
    FailureOr<std::string> bitcode =
        emitCode(*copy, pipeline, DeviceFormat::LLVM);
    if (failed(bitcode))
      return failure();
    llvm::Expected<std::string> text = disassemble(*bitcode);
    if (!text)
      return module.emitError(llvm::toString(text.takeError()));
    outputs.llvm = std::move(*text);
  }
  FailureOr<std::string> code = emitCode(module, pipeline, DeviceFormat::Isa);
  if (failed(code))
    return failure();
  auto functions = collectDeviceFunctions(module);
  if (failed(functions))
    return failure();
  versions.push_back({chip, std::move(*code), std::move(*functions)});
  return success();
}

LogicalResult DeviceCompiler::finish(ModuleOp module) {
  if (versions.empty())
    return success();
  const DeviceVersion &first = versions.front();
  outputs.ptx = first.code;
  SmallVector<FatbinImage> images;
  if (wants(EmitKind::Cubin) || wants(EmitKind::Fatbin))
    for (const DeviceVersion &version : versions) {
      llvm::Expected<std::string> cubin =
          assemblePTX(version.code, version.chip.name, options.cudaPath);
      if (!cubin)
        return module.emitError(llvm::toString(cubin.takeError()));
      images.push_back({version.chip.name, version.code, std::move(*cubin)});
    }
  if (wants(EmitKind::Cubin))
    outputs.cubin = images.front().cubin;
  if (wants(EmitKind::Fatbin)) {
    llvm::Expected<std::string> fatbin = makeFatbin(images, options.cudaPath);
    if (!fatbin)
      return module.emitError(llvm::toString(fatbin.takeError()));
    outputs.fatbin = std::move(*fatbin);
  }
  if (wants(EmitKind::Header))
    outputs.header = emitDeviceHeader(first.functions, first.chip,
                                      fileName(EmitKind::Header));
  if (wants(EmitKind::Launcher))
    outputs.launcher = emitDeviceLauncher(versions, options.baseName,
                                          fileName(EmitKind::Launcher));
  outputs.manifest =
      emitDeviceManifest(first.functions, first.chip, options.accuracy);
  return wants(EmitKind::Shared) ? emitShared(module) : success();
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
  const std::string &path = output(EmitKind::Shared)->path;
  llvm::Expected<llvm::SmallVector<char, 0>> linked = linkSharedLibrary(
      bytes, path == "-" ? "" : llvm::sys::path::filename(path),
      /*dependency=*/nullptr, getCudaRuntimeObject());
  if (!linked)
    return fail(linked.takeError());
  outputs.shared.assign(linked->begin(), linked->end());
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
