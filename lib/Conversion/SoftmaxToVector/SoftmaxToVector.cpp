// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// convert-softmax-to-vector: every scheduled softmax.generic of a function.

#include "ColumnComparisons.h"
#include "Dispatch.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Conversion/SoftmaxToVector/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_CONVERTSOFTMAXTOVECTORPASS
#include "softmax/Conversion/SoftmaxToVector/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
struct ConvertSoftmaxToVector
    : public mlir::softmax::impl::ConvertSoftmaxToVectorPassBase<
          ConvertSoftmaxToVector> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa_and_nonnull<SoftmaxDialect>(op->getDialect()) &&
          !op->getParentOfType<GenericOp>())
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      auto generic = dyn_cast<GenericOp>(op);
      if (!generic) {
        op->emitOpError(
            "has no lowering of its own; run softmax-generalize before "
            "convert-softmax-to-vector");
        return signalPassFailure();
      }
      FailureOr<unsigned> alternatives = lowerGeneric(generic);
      if (failed(alternatives))
        return signalPassFailure();
      ++numLowered;
      numAlternatives += *alternatives;
    }
    if (!ops.empty())
      narrowColumnComparisons(getOperation());
  }
};
} // namespace
