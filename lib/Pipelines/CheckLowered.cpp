// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "softmax/Dialect/IR/Softmax.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXCHECKLOWEREDPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

namespace {

/// The float narrower than 16 bits that `op` reads or makes, as a scalar or in
/// a vector; null if there is none. LLVM has no such type.
Type findNarrowFloat(Operation *op) {
  for (TypeRange types :
       {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types) {
      Type element = isa<VectorType>(type) ? getElementTypeOrSelf(type) : type;
      if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 16)
        return element;
    }
  return Type();
}

class SoftmaxCheckLoweredPass
    : public softmax::impl::SoftmaxCheckLoweredPassBase<
          SoftmaxCheckLoweredPass> {
  void runOnOperation() override {
    // One line of a region may have become several loops.
    llvm::SmallDenseSet<Location> reported;
    // Inside a softmax.generic its own terminator and indices would only
    // repeat the message.
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isa_and_nonnull<softmax::SoftmaxDialect>(op->getDialect())) {
        Type narrow = findNarrowFloat(op);
        if (!narrow || !reported.insert(op->getLoc()).second)
          return WalkResult::advance();
        op->emitOpError("has type ")
            << narrow
            << ", which no pass of this pipeline lowers; pass the numbers as "
               "f16, bf16, f32, f64 or integers, or decompose the operation "
               "with --softmax-decompose";
        signalPassFailure();
        return WalkResult::advance();
      }
      op->emitError("no pass of this pipeline lowers this operation here; "
                    "put it on memrefs or tensors in a function with a body, "
                    "or decompose it with --softmax-decompose");
      signalPassFailure();
      return WalkResult::skip();
    });
  }
};

} // namespace
