// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Raises linalg.softmax with the passes of softmax-mlir.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "softmax/InitAll.h"
#include "llvm/Support/raw_ostream.h"

int main() {
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, mlir::linalg::LinalgDialect>();
  mlir::softmax::registerAllDialects(registry);
  mlir::softmax::registerAllPasses();
  mlir::MLIRContext context(registry);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(
          "func.func @f(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> "
          "tensor<?x8xf32> {\n"
          "  %p = linalg.softmax dimension(1) ins(%x : tensor<?x8xf32>) "
          "outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>\n"
          "  return %p : tensor<?x8xf32>\n"
          "}\n",
          &context);
  mlir::PassManager manager(&context);
  if (!module || failed(mlir::parsePassPipeline("softmax-raise", manager)))
    return 1;
  if (failed(manager.run(*module)))
    return 1;
  module->print(llvm::outs());
  return 0;
}
