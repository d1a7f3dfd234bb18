// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-reuse-inputs: ops overwrite inputs that nothing else reads.

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Dialect/Transforms/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXREUSEINPUTSPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

/// The map of `operand` if every operand of its op with the same map stands
/// for the same element at the same point of the iteration space, and no
/// element of it is read after the op has written it; null elsewhere.
static AffineMap getElementwiseMap(OpOperand &operand) {
  AffineMap map;
  if (auto generic = dyn_cast<GenericOp>(operand.getOwner())) {
    if (!generic.getRows().empty())
      return AffineMap();
    map = generic.getOperandMap(operand);
  } else if (auto linalgOp = dyn_cast<linalg::LinalgOp>(operand.getOwner())) {
    if (!linalgOp.isAllParallelLoops())
      return AffineMap();
    map = linalgOp.getMatchingIndexingMap(&operand);
  }
  return map && map.isPermutation() ? map : AffineMap();
}

/// Whether `value` is computed, by way of destinations, in memory that an empty
/// tensor stands for: its writer may choose where that is.
static bool isInFreshMemory(Value value) {
  while (auto dps = value.getDefiningOp<DestinationStyleOpInterface>())
    value = dps.getTiedOpOperand(cast<OpResult>(value))->get();
  return value.getDefiningOp<tensor::EmptyOp>() != nullptr;
}

/// Whether `op` may compute `init` in the memory of `input`.
static bool mayOverwrite(OpOperand &input, OpOperand &init, AffineMap map) {
  Value value = input.get();
  // The same block: in a loop the next iteration would read it again.
  return value.getType() == init.get().getType() && value.hasOneUse() &&
         isa_and_present<DestinationStyleOpInterface>(value.getDefiningOp()) &&
         value.getParentBlock() == input.getOwner()->getBlock() &&
         getElementwiseMap(input) == map && isInFreshMemory(value);
}

namespace {
struct SoftmaxReuseInputsPass
    : public softmax::impl::SoftmaxReuseInputsPassBase<SoftmaxReuseInputsPass> {
  void runOnOperation() override {
    // In order, so that a chain of ops ends up in one buffer.
    getOperation()->walk([&](DestinationStyleOpInterface op) {
      for (OpOperand &init : op.getDpsInitsMutable()) {
        AffineMap map = getElementwiseMap(init);
        if (!map || !init.get().getDefiningOp<tensor::EmptyOp>() ||
            isReadByPayload(op, init))
          continue;
        for (OpOperand *input : op.getDpsInputOperands()) {
          if (!mayOverwrite(*input, init, map))
            continue;
          init.set(input->get());
          ++numReused;
          break;
        }
      }
    });
  }

  /// A softmax.generic never reads what its destination held.
  static bool isReadByPayload(Operation *op, OpOperand &init) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    return linalgOp && linalgOp.payloadUsesValueFromOperand(&init);
  }
};
} // namespace
