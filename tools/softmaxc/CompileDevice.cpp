// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "CompileDevice.h"
#include "DeviceScorecard.h"
#include "Explain.h"

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Target/DeviceKernels.h"

#include "mlir/Pass/PassManager.h"

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

LogicalResult mlir::softmax::compileForDevice(ModuleOp module,
                                              const Options &options,
                                              SourceOperands &operands,
                                              DeviceOutputs &outputs) {
  auto wants = [&](EmitKind kind) {
    return llvm::any_of(options.outputs, [&](const Output &output) {
      return output.kind == kind;
    });
  };
  GPUPipelineOptions pipeline;
  pipeline.chip = *options.gpu;
  pipeline.accuracy = options.accuracy;
  pipeline.forceStrategy = options.forceStrategy;
  if (failed(runPasses(module, [&](OpPassManager &manager) {
        buildToGPUSchedulePipeline(manager, pipeline);
      })))
    return failure();
  operands.apply(module);
  llvm::raw_string_ostream(outputs.scheduled) << *module;
  if (options.explain)
    outputs.explanation = explain(module, *options.gpu);
  bool scores = options.scorecard != ScorecardFormat::None;
  bool lower = scores || wants(EmitKind::PTX) || wants(EmitKind::Cubin) ||
               wants(EmitKind::Header) || wants(EmitKind::Manifest);
  if (!lower)
    return success();

  if (wants(EmitKind::Cubin)) {
    OwningOpRef<ModuleOp> copy = module.clone();
    FailureOr<std::string> code =
        emitCode(*copy, pipeline, DeviceFormat::Binary);
    if (failed(code))
      return failure();
    outputs.cubin = std::move(*code);
  }
  FailureOr<std::string> code = emitCode(module, pipeline, DeviceFormat::Isa);
  if (failed(code))
    return failure();
  outputs.ptx = std::move(*code);
  auto functions = collectDeviceFunctions(module);
  if (failed(functions))
    return failure();
  if (scores) {
    llvm::Expected<std::string> card =
        makeScorecard(outputs.ptx, *functions, options);
    if (!card)
      return emitError(module.getLoc())
             << "no scorecard: " << llvm::toString(card.takeError());
    outputs.explanation += *card;
  }
  for (const Output &output : options.outputs)
    if (output.kind == EmitKind::Header)
      outputs.header = emitDeviceHeader(
          *functions, *options.gpu,
          output.path == "-"
              ? defaultFileName(EmitKind::Header, options.baseName)
              : llvm::sys::path::filename(output.path).str());
  outputs.manifest =
      emitDeviceManifest(*functions, *options.gpu, options.accuracy);
  return success();
}
