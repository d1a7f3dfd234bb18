// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-decompose: the pass and the patterns.

#include "mlir/IR/PatternMatch.h"
#include "softmax/Conversion/SoftmaxToLinalg/Decompose.h"
#include "softmax/Conversion/SoftmaxToLinalg/Passes.h"
#include "softmax/Dialect/Transforms/Generalize.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXDECOMPOSEPASS
#include "softmax/Conversion/SoftmaxToLinalg/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
struct DecomposeGenericPattern : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (std::string why = whyNotDecomposable(op); !why.empty())
      return rewriter.notifyMatchFailure(op, why);
    SmallVector<Value> results;
    return decomposeGeneric(rewriter, op, results);
  }
};

/// Any named op.
struct DecomposeNamedPattern : public RewritePattern {
  explicit DecomposeNamedPattern(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isNamedSoftmaxOp(op))
      return rewriter.notifyMatchFailure(op, "is no named softmax op");
    FailureOr<SmallVector<GenericOp>> generics =
        generalizeNamedOp(rewriter, op);
    if (failed(generics))
      return rewriter.notifyMatchFailure(op, "has no generic form");
    for (GenericOp generic : *generics) {
      SmallVector<Value> results;
      if (failed(decomposeGeneric(rewriter, generic, results)))
        return failure();
    }
    return success();
  }
};

struct SoftmaxDecomposePass
    : public softmax::impl::SoftmaxDecomposePassBase<SoftmaxDecomposePass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<GenericOp>(op) || isNamedSoftmaxOp(op))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    bool refused = false;
    SmallVector<GenericOp> generics;
    for (Operation *op : ops) {
      if (auto generic = dyn_cast<GenericOp>(op))
        generics.push_back(generic);
      else
        llvm::append_range(generics, *generalizeNamedOp(rewriter, op));
    }
    for (GenericOp generic : generics) {
      if (std::string why = whyNotDecomposable(generic); !why.empty()) {
        generic.emitOpError("cannot be decomposed to linalg: ") << why;
        refused = true;
        continue;
      }
      SmallVector<Value> results;
      if (failed(decomposeGeneric(rewriter, generic, results))) {
        refused = true;
        continue;
      }
      ++numDecomposed;
    }
    if (refused)
      signalPassFailure();
  }
};
} // namespace

void mlir::softmax::populateSoftmaxDecomposePatterns(
    RewritePatternSet &patterns) {
  patterns.add<DecomposeGenericPattern, DecomposeNamedPattern>(
      patterns.getContext());
}
