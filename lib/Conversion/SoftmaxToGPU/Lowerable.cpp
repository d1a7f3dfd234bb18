// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Lowerable.h"
#include "../Common/GenericBuilder.h"

using namespace mlir;
using namespace mlir::softmax;

/// Whether the elements of a row are one contiguous run in `type`, indexed by
/// `map`, by what types tell.
static bool isRowContiguous(GenericOp op, MemRefType type, AffineMap map) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  bool identity = type.getLayout().isIdentity();
  // From the last softmax dimension to the first.
  int64_t expected = 1, next = -1;
  for (int64_t dim : llvm::reverse(op.getDimensions())) {
    std::optional<unsigned> position =
        map.getResultPosition(getAffineDimExpr(dim, op.getContext()));
    if (!position)
      return false;
    bool adjacent = identity && next >= 0 && int64_t(*position) + 1 == next;
    if (!adjacent &&
        (ShapedType::isDynamic(expected) || strides[*position] != expected))
      return false;
    next = *position;
    expected = type.isDynamicDim(*position) || ShapedType::isDynamic(expected)
                   ? ShapedType::kDynamic
                   : expected * type.getDimSize(*position);
  }
  return true;
}

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
  if (map.getNumResults() != type.getRank())
    return op.emitOpError("has a vector per row, which no GPU schedule writes; "
                          "compile it for a CPU");
  if (!isRowContiguous(op, type, map))
    return op.emitOpError("has an operand of type ")
           << type
           << " whose rows are not contiguous as far as its type tells; every "
              "GPU schedule reads contiguous rows: make the softmax dimensions "
              "the last ones of a row-major memref, or compile it for a CPU";
  return success();
}

LogicalResult mlir::softmax::checkLowerableToGPU(GenericOp op) {
  if (!op.hasPureBufferSemantics())
    return op.emitOpError("has tensor operands; bufferize before "
                          "convert-softmax-to-gpu");
  if (!op.getRows().empty())
    return op.emitOpError("works on a range of its rows, which no GPU schedule "
                          "does; leave rows out");
  for (StatisticAttrInterface statistic : op.getStatisticList())
    if (statistic.getNumPasses() == 0)
      return op.emitOpError("statistic ")
             << statistic
             << " has no GPU lowering; compile the function for a CPU";
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    if (failed(checkOperand(op, input, op.getInputMap(i))))
      return failure();
  for (auto [i, init] : llvm::enumerate(op.getInits()))
    if (failed(checkOperand(op, init, op.getInitMap(i))))
      return failure();
  return checkRegionsVectorizable(op, "convert-softmax-to-gpu");
}
