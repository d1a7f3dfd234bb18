// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A function beside what softmax-differentiate makes of it.
#ifndef SOFTMAX_TEST_INTEGRATION_NUMERICS_DIFFERENTIATED_H
#define SOFTMAX_TEST_INTEGRATION_NUMERICS_DIFFERENTIATED_H

#include "softmax/Reference/ReferenceTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace softmax_test {

/// The one function `@f` of a text, and its vector-Jacobian product.
class Differentiated {
public:
  using Tensors = llvm::SmallVector<mlir::softmax::reference::ReferenceTensor>;
  using TensorsRef = llvm::ArrayRef<mlir::softmax::reference::ReferenceTensor>;

  /// A failure is a test failure, and `isValid` then false.
  explicit Differentiated(llvm::StringRef text);
  bool isValid() { return vjp != nullptr; }

  /// Also makes random cotangents for the results.
  void setInputs(TensorsRef values);
  void setCotangents(TensorsRef values);

  /// The gradients as the reference evaluates them, and as compiled code does.
  Tensors evaluateGradients();
  Tensors compileGradients();

  /// Compares `gradients` with central differences of the function, which the
  /// reference evaluates.
  void check(TensorsRef gradients, llvm::StringRef what);
  /// The same for both ways to compute them.
  void checkAll();

private:
  Tensors run(mlir::func::FuncOp what, TensorsRef arguments);
  /// sum(cotangents * results) with one element of one input moved.
  mlir::softmax::reference::Real getLoss(unsigned input, size_t element,
                                         mlir::softmax::reference::Real step);

  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function, vjp;
  Tensors inputs, cotangents;
};

/// Normal elements of f64.
mlir::softmax::reference::ReferenceTensor
makeInput(llvm::ArrayRef<int64_t> shape, unsigned seed = 0);

} // namespace softmax_test

#endif // SOFTMAX_TEST_INTEGRATION_NUMERICS_DIFFERENTIATED_H
