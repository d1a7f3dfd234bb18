// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-opt: an mlir-opt with the softmax dialect, its passes and pipelines.

#include "RegisterUpstream.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "softmax/InitAll.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::softmax::registerUpstream(registry);
  mlir::softmax::registerAllDialects(registry);
  mlir::softmax::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "softmax-mlir optimizer driver\n", registry));
}
