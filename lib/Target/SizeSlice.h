// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Copies the computation of a size out of a kernel's body.
#ifndef SOFTMAX_LIB_TARGET_SIZESLICE_H
#define SOFTMAX_LIB_TARGET_SIZESLICE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

#include <string>

namespace mlir::softmax {

/// Clones backward slices of index values to the insertion point of a builder.
/// The leaves of a slice are the values that `map` knows already (arguments).
/// Only ops without effects that may run at any time are cloned; the sizes of a
/// memref are those given to the memref.alloc, or the view, that made it.
class SizeSlice {
public:
  SizeSlice(OpBuilder &builder, IRMapping map)
      : builder(builder), map(std::move(map)) {}

  /// The copy of `value`; on failure `getReason` says what stood in the way.
  FailureOr<Value> clone(Value value);
  llvm::StringRef getReason() const { return reason; }

private:
  /// What `op` needs to have been cloned before it.
  LogicalResult collectOperands(Operation *op, SmallVectorImpl<Value> &needed);

  OpBuilder &builder;
  IRMapping map;
  std::string reason;
};

/// A private function `@<kernel><suffix>` before `kernel`, with the first
/// `numArguments` of its arguments, the result `index` and an empty entry
/// block.  Fails with a diagnostic at the kernel if the name is taken.
FailureOr<func::FuncOp> createSizeFunction(func::FuncOp kernel,
                                           llvm::StringRef suffix,
                                           unsigned numArguments);

/// Fails with a diagnostic if a function of `module` calls the kernel, whose
/// signature is about to change.
LogicalResult verifyNotCalled(func::FuncOp kernel, Operation *module);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_SIZESLICE_H
