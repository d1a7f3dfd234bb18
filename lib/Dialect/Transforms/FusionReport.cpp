// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-fusion-report: what softmax-fuse-elementwise would do, and why not
// more.

#include "softmax/Dialect/Transforms/Fusion.h"
#include "softmax/Dialect/Transforms/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXFUSIONREPORTPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
struct SoftmaxFusionReportPass
    : public softmax::impl::SoftmaxFusionReportPassBase<
          SoftmaxFusionReportPass> {
  using SoftmaxFusionReportPassBase::SoftmaxFusionReportPassBase;
  void runOnOperation() override {
    OwningOpRef<Operation *> copy(getOperation()->clone());
    fuseElementwise(copy.get(), {maxRecompute}).emitRemarks();
    markAllAnalysesPreserved();
  }
};
} // namespace
