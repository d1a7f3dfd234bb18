// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Math/FloatConversion.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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
/// a vector, for which there is no conversion; null if there is none. LLVM has
/// no such type.
Type findNarrowFloat(Operation *op) {
  for (TypeRange types :
       {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types) {
      Type element = isa<VectorType>(type) ? getElementTypeOrSelf(type) : type;
      if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 16 &&
          !softmax::isFloat8(element))
        return element;
    }
  return Type();
}

/// A type of `op` that says most about why nothing lowered it: that of the
/// first operand or result that LLVM does not know, or else of the first.
Type findTellingType(Operation *op) {
  Type first;
  for (TypeRange types :
       {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types) {
      if (!LLVM::isCompatibleType(type))
        return type;
      if (!first)
        first = type;
    }
  return first;
}

class SoftmaxCheckLoweredPass
    : public softmax::impl::SoftmaxCheckLoweredPassBase<
          SoftmaxCheckLoweredPass> {
  using SoftmaxCheckLoweredPassBase::SoftmaxCheckLoweredPassBase;

  void runOnOperation() override {
    if (toLLVM)
      checkLLVM();
    else
      checkSoftmax();
  }

  /// Only the LLVM dialect is left. Casts between what is lowered and what is
  /// not are reported only where nothing else explains them.
  void checkLLVM() {
    SmallVector<Operation *> left, casts;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<ModuleOp>(op) ||
          isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()))
        return WalkResult::advance();
      (isa<UnrealizedConversionCastOp>(op) ? casts : left).push_back(op);
      return WalkResult::skip();
    });
    llvm::SmallDenseSet<Location> reported;
    for (Operation *op : left.empty() ? casts : left) {
      if (!reported.insert(op->getLoc()).second)
        continue;
      InFlightDiagnostic diagnostic = op->emitOpError();
      if (Type type = findTellingType(op))
        diagnostic << "of type " << type << ' ';
      diagnostic << "is not lowered to LLVM by this pipeline; convert its "
                    "operands to a float type before, or write it with "
                    "operations of arith, math, scf, vector, memref or linalg "
                    "that have a lowering";
    }
    if (!left.empty() || !casts.empty())
      signalPassFailure();
  }

  void checkSoftmax() {
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
               "f16, bf16, f32, f64, f8E4M3FN, f8E5M2 or integers, or "
               "decompose "
               "the operation with --softmax-decompose";
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
