// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-generalize: the named ops as softmax.generic.

#include "softmax/Dialect/Transforms/Generalize.h"
#include "GeneralizeOps.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXGENERALIZEPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

bool mlir::softmax::isNamedSoftmaxOp(Operation *op) {
  return isa<SoftmaxOp, LogSoftmaxOp, LogSumExpOp, SoftmaxBackwardOp,
             LogSoftmaxBackwardOp, CrossEntropyOp, CrossEntropyBackwardOp,
             StatsOp, MergeOp>(op);
}

FailureOr<SmallVector<GenericOp>>
mlir::softmax::generalizeNamedOp(RewriterBase &rewriter, Operation *op,
                                 Accuracy accuracy) {
  using Result = FailureOr<SmallVector<GenericOp>>;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  return TypeSwitch<Operation *, Result>(op)
      .Case<SoftmaxOp, LogSoftmaxOp, LogSumExpOp, SoftmaxBackwardOp,
            LogSoftmaxBackwardOp, CrossEntropyBackwardOp>([&](auto named) {
        return SmallVector<GenericOp>{generalizeOp(rewriter, named)};
      })
      .Case([&](CrossEntropyOp loss) {
        return SmallVector<GenericOp>{generalizeOp(rewriter, loss, accuracy)};
      })
      .Case<StatsOp, MergeOp>(
          [&](auto named) { return generalizeOp(rewriter, named); })
      .Default([](Operation *) { return failure(); });
}

namespace {
/// Any named op.
struct GeneralizePattern : public RewritePattern {
  GeneralizePattern(MLIRContext *context, Accuracy accuracy)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context),
        accuracy(accuracy) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isNamedSoftmaxOp(op))
      return rewriter.notifyMatchFailure(op, "is no named softmax op");
    return generalizeNamedOp(rewriter, op, accuracy);
  }
  Accuracy accuracy;
};

struct SoftmaxGeneralizePass
    : public softmax::impl::SoftmaxGeneralizePassBase<SoftmaxGeneralizePass> {
  using SoftmaxGeneralizePassBase::SoftmaxGeneralizePassBase;

  void runOnOperation() override {
    std::optional<Accuracy> mode = symbolizeAccuracy(accuracy);
    if (!mode) {
      getOperation()->emitError()
          << "softmax-generalize: unknown accuracy '" << accuracy
          << "'; use default, strict or fast";
      return signalPassFailure();
    }
    getOperation()->walk([&](Operation *op) {
      if (isNamedSoftmaxOp(op))
        ++numGeneralized;
    });
    RewritePatternSet patterns(&getContext());
    populateSoftmaxGeneralizePatterns(patterns, *mode);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace

void mlir::softmax::populateSoftmaxGeneralizePatterns(
    RewritePatternSet &patterns, Accuracy accuracy) {
  patterns.add<GeneralizePattern>(patterns.getContext(), accuracy);
}
