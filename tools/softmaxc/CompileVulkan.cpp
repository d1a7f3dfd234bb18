// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// SPIR-V.
#include "DeviceCompiler.h"

using namespace mlir;
using namespace mlir::softmax;

LogicalResult
DeviceCompiler::compileVulkan(ModuleOp module,
                              const GPUPipelineOptions &pipeline) {
  FailureOr<std::string> code =
      emitCode(module, pipeline, DeviceFormat::Binary);
  if (failed(code))
    return failure();
  auto functions = collectDeviceFunctions(module);
  if (failed(functions))
    return failure();
  describe(*functions, pipeline.chip, *code);
  outputs.files[EmitKind::SPIRV] = std::move(*code);
  return success();
}
