// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the cost model needs to know of an op.

#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/Transforms/Schedule.h"

using namespace mlir;
using namespace mlir::softmax;

/// Static strides of `operand` per iteration dimension: 0 where its map does
/// not name the dimension.
static SmallVector<int64_t> stridesOf(Value operand, AffineMap map) {
  SmallVector<int64_t> result(map.getNumDims(), 0);
  auto type = dyn_cast<MemRefType>(operand.getType());
  if (!type)
    return result;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    strides.assign(type.getRank(), ShapedType::kDynamic);
  for (auto [stride, expr] : llvm::zip(strides, map.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      result[dim.getPosition()] = stride;
  return result;
}

/// Whether the softmax dimensions may be, and whether they surely are, one
/// contiguous run of `operand`.
static void classifyRow(GenericOp op, Value operand, AffineMap map,
                        bool &possible, bool &certain) {
  if (op.isRowInvariant(map))
    return;
  SmallVector<int64_t> strides = stridesOf(operand, map);
  ArrayRef<int64_t> dims = op.getDimensions();
  for (int64_t dim : dims)
    if (!map.isFunctionOfDim(dim))
      possible = false;
  int64_t innermost = strides[dims.back()];
  if (innermost != 1) {
    certain = false;
    possible &= ShapedType::isDynamic(innermost);
  }
  auto type = cast<MemRefType>(operand.getType());
  bool identity = type.getLayout().isIdentity() && map.isIdentity();
  for (size_t i = 0; i + 1 < dims.size(); ++i) {
    int64_t size = op.getStaticSize(dims[i + 1]);
    int64_t stride = strides[dims[i]], next = strides[dims[i + 1]];
    if (identity && dims[i + 1] == dims[i] + 1)
      continue;
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(stride) ||
        ShapedType::isDynamic(next)) {
      certain = false;
      // With the identity layout, dimensions that are not adjacent can only
      // run together where those between have size 1.
      if (identity)
        possible = false;
      continue;
    }
    if (stride != next * size)
      possible = false;
  }
}

KernelShape mlir::softmax::describeShape(GenericOp op, NumericAttr numeric) {
  KernelShape shape;
  shape.tableEntries = numeric.getExp() == ExpForm::Table16  ? 16
                       : numeric.getExp() == ExpForm::Table8 ? 8
                                                             : 0;
  shape.strict = numeric.getAccuracy() == Accuracy::Strict;
  auto product = [&](ArrayRef<int64_t> dims) -> std::optional<int64_t> {
    int64_t result = 1;
    for (int64_t dim : dims) {
      int64_t size = op.getStaticSize(dim);
      if (ShapedType::isDynamic(size) ||
          llvm::MulOverflow(result, size, result))
        return std::nullopt;
    }
    return result;
  };
  shape.columns = product(op.getDimensions());
  shape.rows = product(op.getParallelDims());
  shape.computeBits = op.getComputeType().getWidth();
  shape.narrowestBits = shape.computeBits;
  shape.bytesRead = shape.bytesWritten = shape.bytesReduced = 0;
  unsigned numInputs = op.getInputs().size();
  int64_t inner = op.getIterationRank() - 1;
  shape.rowPossible = shape.rowCertain = true;
  shape.innerPossible = shape.innerCertain = !op.isReduced(inner);
  for (auto [i, map] : llvm::enumerate(op.getMapList())) {
    Value operand = op.getOperand(i);
    Type element = getElementTypeOrSelf(operand.getType());
    if (!isa<MemRefType>(operand.getType()))
      continue;
    unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
    if (!op.isRowInvariant(map)) {
      shape.narrowestBits = std::min(shape.narrowestBits, bits);
      (i < numInputs ? shape.bytesRead : shape.bytesWritten) +=
          llvm::divideCeil(bits, 8);
      if (i < numInputs && op.hasLogit() &&
          !op.getLogit().getArgument(i).use_empty())
        shape.bytesReduced += llvm::divideCeil(bits, 8);
    }
    classifyRow(op, operand, map, shape.rowPossible, shape.rowCertain);
    if (!map.isFunctionOfDim(inner))
      continue;
    int64_t stride = stridesOf(operand, map)[inner];
    if (stride != 1) {
      shape.innerCertain = false;
      shape.innerPossible &= ShapedType::isDynamic(stride);
    }
    if (!op.isReduced(inner))
      shape.narrowestBits = std::min(shape.narrowestBits, bits);
  }
  RowNeeds needs(op);
  shape.exponentials = needs.numPasses > 1;
  shape.elementwiseResults = needs.hasElementwise && needs.staged.has_value();
  shape.passes = std::max(needs.numPasses, 1u);
  shape.reduces = needs.numPasses > 0;
  shape.stagesInOutput = canStageInOutput(op, numeric);
  shape.streamable = op.getNumElementwiseInits() == 1;
  shape.packsPanels = canPackPanels(op);
  shape.selects = needs.selects;
  shape.endsEarly = needs.extent.has_value();
  return shape;
}
