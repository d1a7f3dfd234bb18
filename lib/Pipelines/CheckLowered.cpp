// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "softmax/Dialect/IR/Softmax.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXCHECKLOWEREDPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

namespace {

class SoftmaxCheckLoweredPass
    : public softmax::impl::SoftmaxCheckLoweredPassBase<
          SoftmaxCheckLoweredPass> {
  void runOnOperation() override {
    // Inside a softmax.generic its own terminator and indices would only
    // repeat the message.
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isa_and_nonnull<softmax::SoftmaxDialect>(op->getDialect()))
        return WalkResult::advance();
      op->emitError("no pass of this pipeline lowers this operation here; "
                    "put it on memrefs or tensors in a function with a body, "
                    "or decompose it with --softmax-decompose");
      signalPassFailure();
      return WalkResult::skip();
    });
  }
};

} // namespace
