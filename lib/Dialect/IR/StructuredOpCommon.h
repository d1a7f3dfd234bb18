// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Helpers that the structured ops of the dialect share.  Private to
// lib/Dialect/IR.

#ifndef SOFTMAX_LIB_DIALECT_IR_STRUCTUREDOPCOMMON_H
#define SOFTMAX_LIB_DIALECT_IR_STRUCTUREDOPCOMMON_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax::common {

using softmax::inferComputeType;

/// Sizes of a ranked tensor or memref.
SmallVector<OpFoldResult> getMixedSizes(OpBuilder &b, Location loc,
                                        Value shaped);

/// Result shapes are those of the destinations; fails on memref forms.
LogicalResult reifyFromInits(OpBuilder &b, Operation *op, ValueRange inits,
                             ReifiedRankedShapedTypeDims &shapes);

/// Memref inputs are read, memref destinations written.
void getStructuredEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects);

Speculation::Speculatability
getStructuredSpeculatability(DestinationStyleOpInterface op);

/// Notes `size` for a dimension whose static size so far is `known`; false if
/// both are static and differ.
bool mergeSize(int64_t &known, int64_t size);

/// C-AXIS-1 and C-RANK-0.
LogicalResult verifyDimensions(Operation *op, ArrayRef<int64_t> dimensions,
                               int64_t rank);

/// No operand is larger than memory.
LogicalResult verifySizesFit(Operation *op);

/// Tensors with a result per destination, or memrefs without results.
LogicalResult verifyDestinations(Operation *op, ValueRange inits,
                                 TypeRange results, ValueRange operands);

/// Reads memref operands through casts that only lose static information,
/// unless the information contradicts that of another operand.  Such a program
/// is wrong where it runs, but stays well-formed where it does not.
template <typename OpTy>
LogicalResult foldMemRefCasts(OpTy op) {
  bool changed = false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto cast = operand.get().getDefiningOp<memref::CastOp>();
    if (!cast || !memref::CastOp::canFoldIntoConsumerOp(cast))
      continue;
    SmallVector<int64_t> sizes(op.getIterationRank(), ShapedType::kDynamic);
    auto merge = [&](OpOperand &other, Type type) {
      AffineMap map = op.getOperandMap(other);
      auto shaped = dyn_cast<ShapedType>(type);
      bool agree = true;
      if (map && shaped)
        for (auto [i, expr] : llvm::enumerate(map.getResults()))
          if (auto dim = dyn_cast<AffineDimExpr>(expr))
            agree &= mergeSize(sizes[dim.getPosition()], shaped.getDimSize(i));
      return agree;
    };
    for (OpOperand &other : op->getOpOperands())
      if (&other != &operand)
        merge(other, other.get().getType());
    if (!merge(operand, cast.getSource().getType()))
      continue;
    operand.set(cast.getSource());
    changed = true;
  }
  return success(changed);
}

/// A destination's old contents are never read: one that another op has just
/// written, for this op alone, is replaced by that op's own destination, and
/// the other op dies.
template <typename OpTy>
struct SkipDeadDestination : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    for (OpOperand &init : op.getInitsMutable()) {
      auto producer =
          init.get().template getDefiningOp<DestinationStyleOpInterface>();
      if (!producer || !producer.hasPureTensorSemantics() ||
          !init.get().hasOneUse())
        continue;
      OpOperand *source = producer.getTiedOpOperand(cast<OpResult>(init.get()));
      if (source->get().getType() != init.get().getType())
        continue;
      rewriter.modifyOpInPlace(op, [&] { init.set(source->get()); });
      return success();
    }
    return rewriter.notifyMatchFailure(
        op, "no destination was written for this op alone");
  }
};

} // namespace mlir::softmax::common

/// The methods that every named op implements alike.
#define SOFTMAX_STRUCTURED_OP_METHODS(OpTy)                                    \
  FloatType OpTy::getComputeType() {                                           \
    return common::inferComputeType(getOperands(), getContext());              \
  }                                                                            \
  SOFTMAX_STRUCTURED_OP_EFFECTS(OpTy)

/// The same for an op whose compute type some operands do not decide.
#define SOFTMAX_STRUCTURED_OP_EFFECTS(OpTy)                                    \
  LogicalResult OpTy::reifyResultShapes(OpBuilder &b,                          \
                                        ReifiedRankedShapedTypeDims &shapes) { \
    return common::reifyFromInits(b, *this, getInits(), shapes);               \
  }                                                                            \
  void OpTy::getEffects(                                                       \
      SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>      \
          &effects) {                                                          \
    common::getStructuredEffects(                                              \
        cast<DestinationStyleOpInterface>(getOperation()), effects);           \
  }                                                                            \
  Speculation::Speculatability OpTy::getSpeculatability() {                    \
    return common::getStructuredSpeculatability(                               \
        cast<DestinationStyleOpInterface>(getOperation()));                    \
  }

#endif // SOFTMAX_LIB_DIALECT_IR_STRUCTUREDOPCOMMON_H
