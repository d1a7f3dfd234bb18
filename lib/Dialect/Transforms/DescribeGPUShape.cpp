// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/Transforms/Schedule.h"

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

bool mlir::softmax::hasContiguousRows(GenericOp op) {
  for (auto [i, map] : llvm::enumerate(op.getMapList())) {
    auto type = dyn_cast<MemRefType>(op.getOperand(i).getType());
    if (type && !op.isRowInvariant(map) && !isRowContiguous(op, type, map))
      return false;
  }
  return true;
}

/// Whether exponentials are all that a thread keeps of a row: results are
/// little more than probabilities, of one input that is little more than the
/// logit.
static bool isSimple(GenericOp op) {
  constexpr unsigned few = 3;
  if (!op.hasLogit() || !op.hasResult() || !RowNeeds(op).staged)
    return false;
  for (Region *region : {&op.getLogit(), &op.getResult()})
    if (llvm::range_size(region->front()) > few)
      return false;
  unsigned along =
      llvm::count_if(llvm::enumerate(op.getInputs()), [&](auto input) {
        return !op.isRowInvariant(op.getInputMap(input.index()));
      });
  return along == 1 && op.getStatistics().size() == 1 &&
         op.getComputeType().isF32();
}

/// The number of elements along `dims`, if types tell.
static std::optional<int64_t> productOf(GenericOp op, ArrayRef<int64_t> dims) {
  int64_t product = 1;
  for (int64_t dim : dims)
    if (int64_t size = op.getStaticSize(dim);
        ShapedType::isDynamic(size) ||
        llvm::MulOverflow(product, size, product))
      return std::nullopt;
  return product;
}

/// How many rows, at most, may have their elements side by side in vectors, by
/// what types tell: a power of two.
static int64_t countSideBySide(GenericOp op) {
  int64_t inner = op.getIterationRank() - 1;
  if (llvm::is_contained(op.getDimensions(), inner))
    return 1;
  for (auto [i, map] : llvm::enumerate(op.getMapList())) {
    auto type = dyn_cast<MemRefType>(op.getOperand(i).getType());
    std::optional<unsigned> position =
        map.getResultPosition(getAffineDimExpr(inner, op.getContext()));
    if (!type || !position || op.isRowInvariant(map))
      continue;
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)) ||
        strides[*position] != 1)
      return 1;
  }
  int64_t size = op.getStaticSize(inner);
  int64_t most = 1;
  while (most < 16 && (ShapedType::isDynamic(size) || size % (2 * most) == 0))
    most *= 2;
  return most;
}

GPUKernelShape mlir::softmax::describeGPUShape(GenericOp op,
                                               Accuracy accuracy) {
  GPUKernelShape shape;
  shape.columns = productOf(op, op.getDimensions());
  shape.rows = productOf(op, op.getParallelDims());
  unsigned read = 0, written = 0;
  shape.largestBytes = 1;
  for (auto [i, map] : llvm::enumerate(op.getMapList())) {
    Type type = op.getOperand(i).getType();
    if (!isa<MemRefType>(type) || op.isRowInvariant(map))
      continue;
    Type element = getElementTypeOrSelf(type);
    unsigned bytes = element.isIndex()
                         ? 8
                         : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
    (i < op.getInputs().size() ? read : written) += bytes;
    shape.largestBytes = std::max(shape.largestBytes, bytes);
  }
  shape.bytesRead = read;
  shape.bytesWritten = written;
  shape.heldBytes = std::max(read, op.getComputeType().getWidth() / 8);
  shape.elementwiseResults = op.hasResult();
  shape.contiguous = hasContiguousRows(op);
  shape.simple = isSimple(op);
  // Lengths that are not known, polynomials and results per row take more.
  shape.keepsLittle = shape.columns && shape.simple &&
                      shape.largestBytes <= 2 && op.getInits().size() == 1;
  shape.selects =
      llvm::any_of(op.getStatisticList(), [](StatisticAttrInterface statistic) {
        return statistic.getSelectionSize() != 0;
      });
  // A thread has one list.
  if (!shape.contiguous && !shape.selects)
    shape.sideBySide = countSideBySide(op);
  // What a lone sum has of an element is gone once it has been added; that much
  // and the element itself, of the compute type, there always is.
  SmallVector<StatisticAttrInterface> statistics = op.getStatisticList();
  bool loneSum =
      statistics.size() == 1 && statistics.front().getNumPasses() == 1;
  unsigned made = loneSum ? 0 : static_cast<unsigned>(statistics.size());
  if (accuracy == Accuracy::Strict && op.getComputeType().isF32())
    made *= 2;
  unsigned width = op.getComputeType().getWidth() / 8;
  shape.keptBytes = std::max(read + made * width, 2 * width);
  return shape;
}
