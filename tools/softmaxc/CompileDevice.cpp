// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What all kinds of GPUs share.
#include "DeviceCompiler.h"
#include "Explain.h"

#include "softmax/Target/CodeGen.h"

#include "mlir/Pass/PassManager.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;

const Output *DeviceCompiler::output(EmitKind kind) const {
  for (const Output &entry : options.outputs)
    if (entry.kind == kind)
      return &entry;
  return nullptr;
}

std::string DeviceCompiler::fileName(EmitKind kind) const {
  const std::string &path = output(kind)->path;
  return path == "-" ? defaultFileName(kind, options.baseName)
                     : llvm::sys::path::filename(path).str();
}

static LogicalResult runPasses(ModuleOp module,
                               function_ref<void(OpPassManager &)> build) {
  PassManager manager(module.getContext());
  build(manager);
  return manager.run(module);
}

FailureOr<std::string> DeviceCompiler::emitCode(ModuleOp module,
                                                GPUPipelineOptions pipeline,
                                                DeviceFormat format) {
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

LogicalResult DeviceCompiler::emitLLVM(ModuleOp module,
                                       const GPUPipelineOptions &pipeline) {
  if (!wants(EmitKind::LLVM))
    return success();
  OwningOpRef<ModuleOp> copy = module.clone();
  FailureOr<std::string> bitcode =
      emitCode(*copy, pipeline, DeviceFormat::LLVM);
  if (failed(bitcode))
    return failure();
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> code = llvm::parseBitcodeFile(
      llvm::MemoryBufferRef(*bitcode, "device code"), context);
  if (!code)
    return module.emitError(llvm::toString(code.takeError()));
  outputs.files[EmitKind::LLVM] = printModule(**code);
  return success();
}

void DeviceCompiler::describe(ArrayRef<DeviceFunction> functions,
                              const GPUDescription &chip, StringRef code) {
  if (wants(EmitKind::Header))
    outputs.files[EmitKind::Header] =
        emitDeviceHeader(functions, chip, fileName(EmitKind::Header));
  if (wants(EmitKind::Manifest))
    outputs.files[EmitKind::Manifest] =
        emitDeviceManifest(functions, chip, options.accuracy, code);
}

LogicalResult DeviceCompiler::compile(ModuleOp module,
                                      const GPUDescription &chip) {
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
  std::string &scheduled = outputs.files[EmitKind::Scheduled];
  llvm::raw_string_ostream(scheduled)
      << (scheduled.empty() ? "" : "\n// -----\n\n") << *module;
  if (options.explain) {
    outputs.explanation += outputs.explanation.empty() ? "" : "\n";
    outputs.explanation += explain(module, chip);
  }
  bool lowers = options.scorecard != ScorecardFormat::None ||
                llvm::any_of(options.outputs, [](const Output &output) {
                  return output.kind != EmitKind::MLIR &&
                         output.kind != EmitKind::Scheduled;
                });
  // What AMD's machine code takes is known once there is some.
  if (!lowers && !(options.explain && chip.kind == GPUKind::AMD))
    return success();
  switch (chip.kind) {
  case GPUKind::NVIDIA:
    return compileNVIDIA(module, pipeline);
  case GPUKind::AMD:
    return compileAMD(module, pipeline);
  case GPUKind::Vulkan:
    return compileVulkan(module, pipeline);
  }
}

LogicalResult DeviceCompiler::finish(ModuleOp module) {
  return versions.empty() ? success() : finishNVIDIA(module);
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
