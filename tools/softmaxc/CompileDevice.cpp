// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "CompileDevice.h"
#include "Explain.h"
#include "Targets.h"

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Target/DeviceKernels.h"

#include "mlir/Pass/PassManager.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

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

static LogicalResult emitNVIDIA(ModuleOp module, const Options &options,
                                const GPUPipelineOptions &pipeline,
                                DeviceOutputs &outputs) {
  if (options.wants(EmitKind::Cubin)) {
    OwningOpRef<ModuleOp> copy = module.clone();
    FailureOr<std::string> code =
        emitCode(*copy, pipeline, DeviceFormat::Binary);
    if (failed(code))
      return failure();
    outputs.code[EmitKind::Cubin] = std::move(*code);
  }
  FailureOr<std::string> code = emitCode(module, pipeline, DeviceFormat::Isa);
  if (failed(code))
    return failure();
  outputs.code[EmitKind::PTX] = std::move(*code);
  return success();
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

static LogicalResult emitAMD(ModuleOp module, const Options &options,
                             const GPUPipelineOptions &pipeline,
                             DeviceOutputs &outputs) {
  if (options.wants(EmitKind::LLVM)) {
    OwningOpRef<ModuleOp> copy = module.clone();
    FailureOr<std::string> code = emitCode(*copy, pipeline, DeviceFormat::LLVM);
    if (failed(code))
      return failure();
    FailureOr<std::string> text = disassemble(*code, module.getLoc());
    if (failed(text))
      return failure();
    outputs.code[EmitKind::LLVM] = std::move(*text);
  }
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

LogicalResult mlir::softmax::compileForDevice(ModuleOp module,
                                              const Options &options,
                                              SourceOperands &operands,
                                              DeviceOutputs &outputs) {
  const GPUDescription &chip = *options.gpu;
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
  llvm::raw_string_ostream(outputs.scheduled) << *module;
  if (options.explain)
    outputs.explanation = explain(module, chip);
  bool launches =
      options.wants(EmitKind::Header) || options.wants(EmitKind::Manifest);
  bool code = llvm::any_of(options.outputs, [](const Output &output) {
    return isCode(output.kind);
  });
  // What machine code takes is known once there is some.
  if (!launches && !code && !(amd && options.explain))
    return success();
  if (failed(amd ? emitAMD(module, options, pipeline, outputs)
                 : emitNVIDIA(module, options, pipeline, outputs)))
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
  for (const Output &output : options.outputs)
    if (output.kind == EmitKind::Header)
      outputs.header = emitDeviceHeader(
          *functions, chip,
          output.path == "-"
              ? defaultFileName(EmitKind::Header, options.baseName)
              : llvm::sys::path::filename(output.path).str());
  outputs.manifest = emitDeviceManifest(*functions, chip, options.accuracy);
  return success();
}
