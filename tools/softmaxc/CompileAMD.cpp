// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// AMD's assembly, and code objects.
#include "DeviceCompiler.h"
#include "DeviceScorecard.h"
#include "Explain.h"

#include "softmax/Target/CodeObject.h"

using namespace mlir;
using namespace mlir::softmax;

LogicalResult DeviceCompiler::compileAMD(ModuleOp module,
                                         const GPUPipelineOptions &pipeline) {
  const GPUDescription &chip = pipeline.chip;
  if (failed(emitLLVM(module, pipeline)))
    return failure();
  // Scheduled ops are gone once there is code.
  llvm::StringMap<ScheduledKernels> scheduled = listScheduledKernels(module);
  FailureOr<std::string> code = emitCode(module, pipeline, DeviceFormat::Isa);
  if (failed(code))
    return failure();
  FailureOr<SmallVector<char, 0>> object =
      makeCodeObject(*code, chip, module.getLoc());
  if (failed(object))
    return failure();
  auto functions = collectDeviceFunctions(module);
  if (failed(functions) ||
      failed(noteKernelResources(*functions, *object, module.getLoc())))
    return failure();
  if (options.explain) {
    SmallVector<KernelResources, 0> resources;
    for (const DeviceFunction &function : *functions)
      for (const DeviceKernel &kernel : function.kernels)
        for (const DeviceLaunch &launch : kernel.launches)
          resources.push_back(*launch.resources);
    outputs.explanation += explainResources(resources, chip);
  }
  if (options.scorecard != ScorecardFormat::None) {
    llvm::Expected<std::string> card =
        makeAMDScorecard(StringRef(object->data(), object->size()), *functions,
                         scheduled, chip, options);
    if (!card)
      return module.emitError("no scorecard: ")
             << llvm::toString(card.takeError());
    outputs.explanation += *card;
  }
  describe(*functions, chip);
  outputs.files[EmitKind::Assembly] = std::move(*code);
  outputs.files[EmitKind::HSACO].assign(object->begin(), object->end());
  return success();
}
