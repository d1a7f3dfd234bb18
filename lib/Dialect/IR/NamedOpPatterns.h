// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Canonicalizations that several named ops share.  Each gives the same bits for
// every input.  Private to lib/Dialect/IR.

#ifndef SOFTMAX_LIB_DIALECT_IR_NAMEDOPPATTERNS_H
#define SOFTMAX_LIB_DIALECT_IR_NAMEDOPPATTERNS_H

#include "StructuredOpCommon.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::softmax::common {

/// Whether the op has the same compute type without `operand` (C-TYPE-2): an
/// f64 scale of 1, say, is not without effect.
template <typename OpTy>
bool keepsComputeType(OpTy op, Value operand) {
  SmallVector<Value> others;
  for (Value other : op->getOperands())
    if (other != operand)
      others.push_back(other);
  return inferComputeType(others, op.getContext()) == op.getComputeType();
}

/// scale = 1 multiplies nothing: x * 1 is x, NaN included.
template <typename OpTy>
struct DropUnitScale : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!op.getScale() || !matchPattern(op.getScale(), m_OneFloat()) ||
        !keepsComputeType(op, op.getScale()))
      return rewriter.notifyMatchFailure(op, "scale is not the constant 1");
    rewriter.modifyOpInPlace(op, [&] { op.getScaleMutable().clear(); });
    return success();
  }
};

} // namespace mlir::softmax::common

#endif // SOFTMAX_LIB_DIALECT_IR_NAMEDOPPATTERNS_H
