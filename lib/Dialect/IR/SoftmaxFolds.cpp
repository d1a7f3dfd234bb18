// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Folds and canonicalizations of the named ops.  Each gives the same bits for
// every input, NaN and infinities included.  Identities.cpp has more, some of
// which need fast-math flags.
//
// Not here, because they would not:
// - softmax over dimensions that all have size 1 is not the constant 1: the
//   element may be NaN or infinite (C-NAN-1, C-INF-1, C-INF-2);
// - a bias that is the same for the whole row does not drop out: x + b rounds;
// - scale = 0 is not a uniform row: 0 * inf is NaN (C-TEMP-1).

#include "Identities.h"
#include "NamedOpPatterns.h"
#include "StructuredOpCommon.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// A bias of zeros adds nothing.  x + (-0) is x.  x + (+0) is x but for x = -0,
/// which becomes +0: then x - m is a zero of another sign, whose exponential is
/// 1 all the same, and m + log(s) is the same since the maximum's zero has no
/// sign.  Only log_softmax shows it, in the sign of a zero result, and keeps a
/// bias of +0.
template <typename OpTy>
struct DropZeroBias : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    DenseFPElementsAttr value;
    if (!op.getBias() || !matchPattern(op.getBias(), m_Constant(&value)) ||
        !common::keepsComputeType(op, op.getBias()))
      return rewriter.notifyMatchFailure(op, "bias is not a constant");
    bool anyZero = !std::is_same_v<OpTy, LogSoftmaxOp>;
    bool zero =
        value.isSplat() && value.template getSplatValue<APFloat>().isZero() &&
        (anyZero || value.template getSplatValue<APFloat>().isNegZero());
    if (!zero)
      return rewriter.notifyMatchFailure(op, "bias is not zero");
    rewriter.modifyOpInPlace(op, [&] { op.getBiasMutable().clear(); });
    return success();
  }
};

/// A mask that is all true masks nothing.
template <typename OpTy>
struct DropTrueMask : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    DenseIntElementsAttr value;
    if (!op.getMask() || !matchPattern(op.getMask(), m_Constant(&value)) ||
        !value.isSplat() || !value.template getSplatValue<bool>())
      return rewriter.notifyMatchFailure(op, "mask is not the constant true");
    rewriter.modifyOpInPlace(op, [&] { op.getMaskMutable().clear(); });
    return success();
  }
};

/// On tensors: an lse that nothing uses is not computed.
template <typename OpTy>
struct DropUnusedLse : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumResults() != 2 || !op.getResult(1).use_empty() ||
        !common::keepsComputeType(op, op.getInits()[1]))
      return rewriter.notifyMatchFailure(op, "has no unused lse");
    auto smaller = OpTy::create(
        rewriter, op.getLoc(), TypeRange(op.getResult(0).getType()),
        op.getDimensionsAttr(), op.getInput(), op.getScale(), op.getBias(),
        op.getMask(), op.getInits().take_front(), op.getMaskedRowAttr());
    smaller->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceAllUsesWith(op.getResult(0), smaller.getResult(0));
    rewriter.eraseOp(op);
    return success();
  }
};

/// On tensors: where only the lse is used, the op is a logsumexp.
template <typename OpTy>
struct OnlyLse : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumResults() != 2 || !op.getResult(0).use_empty() ||
        op.getResult(1).use_empty() ||
        !common::keepsComputeType(op, op.getInits()[0]))
      return rewriter.notifyMatchFailure(op, "not only the lse is used");
    auto lse = LogSumExpOp::create(
        rewriter, op.getLoc(), TypeRange(op.getResult(1).getType()),
        op.getDimensionsAttr(), op.getInput(), op.getScale(), op.getBias(),
        op.getMask(), op.getInits().drop_front(), op.getMaskedRowAttr());
    lse->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceAllUsesWith(op.getResult(1), lse.getResult(0));
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

template <typename OpTy>
static void addPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<common::DropUnitScale<OpTy>, DropZeroBias<OpTy>,
               DropTrueMask<OpTy>, common::SkipDeadDestination<OpTy>>(context);
  if constexpr (!std::is_same_v<OpTy, LogSumExpOp>)
    patterns.add<DropUnusedLse<OpTy>, OnlyLse<OpTy>>(context);
  common::addIdentities(patterns, OpTy());
}

#define SOFTMAX_FORWARD_OP(OpTy)                                               \
  void OpTy::getCanonicalizationPatterns(RewritePatternSet &patterns,          \
                                         MLIRContext *context) {               \
    addPatterns<OpTy>(patterns, context);                                      \
  }                                                                            \
  LogicalResult OpTy::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &) {     \
    return common::foldMemRefCasts(*this);                                     \
  }

SOFTMAX_FORWARD_OP(SoftmaxOp)
SOFTMAX_FORWARD_OP(LogSoftmaxOp)
SOFTMAX_FORWARD_OP(LogSumExpOp)

#undef SOFTMAX_FORWARD_OP
