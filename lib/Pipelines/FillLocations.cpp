// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXFILLLOCATIONSPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

namespace {

class SoftmaxFillLocationsPass
    : public softmax::impl::SoftmaxFillLocationsPassBase<
          SoftmaxFillLocationsPass> {
  void runOnOperation() override {
    // In pre-order, so that a location reaches all that is nested below it.
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
      Operation *parent = op->getParentOp();
      if (parent && isa<UnknownLoc>(op->getLoc()) &&
          !isa<UnknownLoc>(parent->getLoc())) {
        op->setLoc(parent->getLoc());
        ++numFilled;
      }
    });
  }
};

} // namespace
