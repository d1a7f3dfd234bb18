// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What an element-wise linalg op computes, for a region of softmax.generic.

#ifndef SOFTMAX_LIB_DIALECT_TRANSFORMS_ELEMENTWISEBODY_H
#define SOFTMAX_LIB_DIALECT_TRANSFORMS_ELEMENTWISEBODY_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::softmax {

/// The scalar program that gives some results of a linalg op.
class ElementwiseBody {
public:
  /// Results are numbered as those of `op`.
  ElementwiseBody(linalg::LinalgOp op, ArrayRef<unsigned> results);

  /// Why no region of softmax.generic can hold it, and what to do; empty if one
  /// can.
  const std::string &whyNot() const { return reason; }

  /// Operands whose elements it reads, destinations included, and scalars from
  /// outside that are not constants.
  ArrayRef<OpOperand *> getOperands() const { return operands; }
  ArrayRef<Value> getScalars() const { return scalars.getArrayRef(); }

  /// Its cost in simple vector operations per element.
  unsigned getWeight() const { return weight; }

  /// Builds it with `loops` for the op's loops, each a dimension of the
  /// softmax.generic or 0; returns a value per result asked for.
  SmallVector<Value> build(OpBuilder &builder, ArrayRef<AffineExpr> loops,
                           function_ref<Value(OpOperand *)> element,
                           function_ref<Value(Value)> scalar) const;

private:
  void collect();
  void refuse(const Twine &why);

  linalg::LinalgOp op;
  SmallVector<unsigned> results;
  /// In the order of `op`.
  SmallVector<OpOperand *> operands;
  llvm::SetVector<Value> scalars;
  /// Constants from outside the body.
  llvm::SetVector<Operation *> constants;
  /// The operations of the body that matter, in its order.
  SmallVector<Operation *> ops;
  unsigned weight = 0;
  std::string reason;
};

/// `map` of an operand, from loops, as a map from `numDims` dimensions of a
/// softmax.generic; null if it is none that a softmax.generic may have.
AffineMap mapThroughLoops(AffineMap map, Type operand,
                          ArrayRef<AffineExpr> loops, unsigned numDims);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIALECT_TRANSFORMS_ELEMENTWISEBODY_H
