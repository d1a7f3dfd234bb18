// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass softmax-raise.

#include "softmax/Conversion/ToSoftmax/Passes.h"

#include "RaisePatterns.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/ADT/STLExtras.h"
#include <string>

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXRAISE
#include "softmax/Conversion/ToSoftmax/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::populateRaisePatterns(RewritePatternSet &patterns) {
  raise::populateLinalgSoftmaxPattern(patterns);
  raise::populateCanonicalPattern(patterns);
  raise::populateArgMaxPattern(patterns);
}

namespace {

/// Notes what the patterns raised and why they left candidates alone.
struct RaiseLog : RewriterBase::Listener {
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override {
    // Not what stands in a region.
    if (isa<SoftmaxDialect>(op->getDialect()) &&
        isa<DestinationStyleOpInterface>(op))
      raised.emplace_back(op->getLoc(), op->getName());
  }

  void notifyMatchFailure(Location loc,
                          function_ref<void(Diagnostic &)> reason) override {
    Diagnostic diagnostic(loc, DiagnosticSeverity::Remark);
    reason(diagnostic);
    std::pair<Location, std::string> entry{loc, diagnostic.str()};
    if (!llvm::is_contained(left, entry))
      left.push_back(std::move(entry));
  }

  SmallVector<std::pair<Location, OperationName>> raised;
  /// The driver may try an op more than once.
  SmallVector<std::pair<Location, std::string>> left;
};

struct SoftmaxRaise : softmax::impl::SoftmaxRaiseBase<SoftmaxRaise> {
  using SoftmaxRaiseBase::SoftmaxRaiseBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateRaisePatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    RaiseLog log;
    // Raising is all that this pass does: nothing is folded, and only dead ops
    // go away.
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal()
        .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)
        .enableFolding(false)
        .enableConstantCSE(false)
        .setListener(&log);
    if (failed(applyPatternsGreedily(getOperation(), patterns, config)))
      return signalPassFailure();

    for (auto [loc, name] : log.raised) {
      ++numRaised;
      if (report)
        emitRemark(loc) << "raised to " << name.getStringRef();
    }
    for (const auto &[loc, why] : log.left) {
      // An op that was in the way at first may have gone.
      Location place = loc;
      if (llvm::any_of(log.raised,
                       [&](const auto &entry) { return entry.first == place; }))
        continue;
      ++numLeft;
      if (report)
        emitRemark(loc) << why;
    }
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
