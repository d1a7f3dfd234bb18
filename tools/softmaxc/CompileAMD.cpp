// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// AMD's assembly, and code objects.
#include "DeviceCompiler.h"
#include "Explain.h"

#include "softmax/Target/CodeObject.h"

using namespace mlir;
using namespace mlir::softmax;

LogicalResult DeviceCompiler::compileAMD(ModuleOp module,
                                         const GPUPipelineOptions &pipeline) {
  const GPUDescription &chip = pipeline.chip;
  if (failed(emitLLVM(module, pipeline)))
    return failure();
  FailureOr<std::string> code = emitCode(module, pipeline, DeviceFormat::Isa);
  if (failed(code))
    return failure();
  FailureOr<SmallVector<char, 0>> object =
      makeCodeObject(*code, chip, module.getLoc());
  if (failed(object))
    return failure();
  if (options.explain) {
    FailureOr<SmallVector<KernelResources, 0>> resources =
        readKernelResources(*object, module.getLoc());
    if (failed(resources))
      return failure();
    outputs.explanation += explainResources(*resources, chip);
  }
  auto functions = collectDeviceFunctions(module);
  if (failed(functions) ||
      failed(noteKernelResources(*functions, *object, module.getLoc())))
    return failure();
  describe(*functions, chip);
  outputs.files[EmitKind::Assembly] = std::move(*code);
  outputs.files[EmitKind::HSACO].assign(object->begin(), object->end());
  return success();
}
