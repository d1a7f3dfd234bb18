// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Lowerable.h"
#include "../Common/GenericBuilder.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/Transforms/Schedule.h"

using namespace mlir;
using namespace mlir::softmax;

static LogicalResult checkOperand(GenericOp op, Value operand, AffineMap map) {
  auto type = dyn_cast<MemRefType>(operand.getType());
  if (!type)
    return success();
  if (type.getElementType().isInteger(1))
    return op.emitOpError("has an operand of type ")
           << type
           << ": kernels take no i1; pass one byte per element, i8, and "
              "compare "
              "it with 0 in the logit region";
  if (op.isRowInvariant(map))
    return success();
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return op.emitOpError("has an operand of type ")
           << type << ", which has no strides; use a strided layout";
  for (int64_t dim : op.getDimensions())
    if (!map.isFunctionOfDim(dim))
      return op.emitOpError("has an operand of type ")
             << type
             << " that is constant along a softmax dimension and varies along "
                "another, which no GPU schedule reads; compile it for a CPU";
  return success();
}

/// Schedules of contiguous rows, and that of others, have each their own.
static LogicalResult checkLayout(GenericOp op, GPUScheduleAttr schedule) {
  bool contiguous = hasContiguousRows(op);
  for (GPUAlternativeAttr alternative : schedule.getAlternatives()) {
    bool inner = alternative.getStrategy() == GPUStrategy::LanesInner;
    if (inner == !contiguous)
      continue;
    return op.emitOpError("has rows that are ")
           << (contiguous ? "" : "not ")
           << "contiguous as far as the operands' types tell, which strategy '"
           << stringifyGPUStrategy(alternative.getStrategy())
           << "' does not run; "
           << (contiguous
                   ? "use rows_per_warp, warp_per_row, block_per_row or "
                     "block_online"
                   : "make the softmax dimensions the last ones of a row-major "
                     "memref, or use lanes_inner");
  }
  return success();
}

/// Selections are of schedules whose threads hold the row, or a list of the
/// largest so far in the shared memory of one block.
static LogicalResult checkSelections(GenericOp op, GPUScheduleAttr schedule) {
  if (!RowNeeds(op).selects)
    return success();
  for (GPUAlternativeAttr alternative : schedule.getAlternatives()) {
    GPUStrategy strategy = alternative.getStrategy();
    if (strategy == GPUStrategy::BlockShared ||
        strategy == GPUStrategy::ClusterPerRow ||
        strategy == GPUStrategy::SplitRow)
      return op.emitOpError("gpu schedule: strategy '")
             << stringifyGPUStrategy(strategy)
             << "' has no list of the largest elements, which the op selects; "
                "use block_online";
  }
  return success();
}

LogicalResult mlir::softmax::checkLowerableToGPU(GenericOp op,
                                                 GPUScheduleAttr schedule) {
  if (!op.hasPureBufferSemantics())
    return op.emitOpError("has tensor operands; bufferize before "
                          "convert-softmax-to-gpu");
  if (!op.getRows().empty())
    return op.emitOpError("works on a range of its rows, which no GPU schedule "
                          "does; leave rows out");
  for (StatisticAttrInterface statistic : op.getStatisticList())
    if (statistic.getNumPasses() == 0 && statistic.getSelectionSize() == 0)
      return op.emitOpError("statistic ")
             << statistic
             << " has no GPU lowering; compile the function for a CPU";
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    if (failed(checkOperand(op, input, op.getInputMap(i))))
      return failure();
  for (auto [i, init] : llvm::enumerate(op.getInits()))
    if (failed(checkOperand(op, init, op.getInitMap(i))))
      return failure();
  if (failed(checkLayout(op, schedule)) ||
      failed(checkSelections(op, schedule)))
    return failure();
  return checkRegionsVectorizable(op, "convert-softmax-to-gpu");
}
