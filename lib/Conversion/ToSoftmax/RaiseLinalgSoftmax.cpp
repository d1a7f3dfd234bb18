// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Form P10: linalg.softmax itself, on tensors and memrefs.

#include "RaisePatterns.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

bool raise::isSoftmaxElementType(Type type) {
  return type.isF16() || type.isBF16() || type.isF32() || type.isF64();
}

namespace {
struct RaiseLinalgSoftmax : OpRewritePattern<linalg::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::SoftmaxOp op,
                                PatternRewriter &rewriter) const override {
    // The op itself takes any shaped type of any element type, and does not
    // ask for the same kind of type on both sides.
    ShapedType input = op.getInputOperandType();
    ShapedType output = op.getOutputOperandType();
    bool isTensor =
        isa<RankedTensorType>(input) && isa<RankedTensorType>(output);
    bool isMemRef = isa<MemRefType>(input) && isa<MemRefType>(output);
    if (!isTensor && !isMemRef)
      return rewriter.notifyMatchFailure(op,
                                         "not raised: the operands are neither "
                                         "ranked tensors nor ranked memrefs");
    if (!raise::isSoftmaxElementType(input.getElementType()))
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "not raised: elements of " << input.getElementType()
             << " are neither f16, bf16, f32 nor f64 (C-TYPE-1)";
      });
    int64_t dimension = static_cast<int64_t>(op.getDimension());
    if (dimension < 0 || dimension >= input.getRank())
      return rewriter.notifyMatchFailure(
          op, "not raised: the dimension is out of range");
    rewriter.replaceOpWithNewOp<SoftmaxOp>(op, op.getInput(),
                                           ValueRange{op.getOutput()},
                                           ArrayRef<int64_t>{dimension});
    return success();
  }
};
} // namespace

void raise::populateLinalgSoftmaxPattern(RewritePatternSet &patterns) {
  patterns.add<RaiseLinalgSoftmax>(patterns.getContext());
}
