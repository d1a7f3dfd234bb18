// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Folds and canonicalizations of the named ops.  Each holds for every input,
// NaN and infinities included.

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// scale = 1 multiplies nothing: x * 1 is x, NaN included.
template <typename OpTy>
struct DropUnitScale : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!op.getScale() || !matchPattern(op.getScale(), m_OneFloat()))
      return rewriter.notifyMatchFailure(op, "scale is not the constant 1");
    rewriter.modifyOpInPlace(op, [&] { op.getScaleMutable().clear(); });
    return success();
  }
};

/// A mask that is all true masks nothing.
template <typename OpTy>
struct DropTrueMask : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr value;
    if (!op.getMask() || !matchPattern(op.getMask(), m_Constant(&value)) ||
        !value.isSplat() || !value.getSplatValue<bool>())
      return rewriter.notifyMatchFailure(op, "mask is not the constant true");
    rewriter.modifyOpInPlace(op, [&] { op.getMaskMutable().clear(); });
    return success();
  }
};
} // namespace

#define SOFTMAX_FORWARD_OP(OpTy)                                               \
  void OpTy::getCanonicalizationPatterns(RewritePatternSet &patterns,          \
                                         MLIRContext *context) {               \
    patterns.add<DropUnitScale<OpTy>, DropTrueMask<OpTy>>(context);            \
  }                                                                            \
  LogicalResult OpTy::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &) {     \
    return memref::foldMemRefCast(*this);                                      \
  }

SOFTMAX_FORWARD_OP(SoftmaxOp)
SOFTMAX_FORWARD_OP(LogSoftmaxOp)
SOFTMAX_FORWARD_OP(LogSumExpOp)

#undef SOFTMAX_FORWARD_OP
