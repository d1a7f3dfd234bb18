// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-opt: an mlir-opt with the softmax dialect, its passes and pipelines.

#include "RegisterUpstream.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "softmax/Conversion/SoftmaxToLinalg/Passes.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Dialect/Interfaces/BufferizableOpInterfaceImpl.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "softmax/Math/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::softmax::SoftmaxDialect>();
  mlir::softmax::registerUpstream(registry);
  mlir::softmax::registerBufferizableOpInterfaceExternalModels(registry);
  mlir::softmax::registerSoftmaxTransformsPasses();
  mlir::softmax::registerMathPasses();
  mlir::softmax::registerSoftmaxToLinalgPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "softmax-mlir optimizer driver\n", registry));
}
