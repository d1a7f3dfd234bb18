// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Verification of softmax.generic.

#include "StructuredOpCommon.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Verification: operands and maps
//===----------------------------------------------------------------------===//

/// One operand against its map: rank, form of the map, sizes that must agree.
static LogicalResult verifyOperand(GenericOp op, StringRef kind, unsigned index,
                                   Value operand, AffineMap map,
                                   int64_t trailing,
                                   SmallVectorImpl<int64_t> &sizes) {
  auto what = [&]() { return op.emitOpError(kind) << " #" << index << ": "; };
  if (map.getNumSymbols() != 0)
    return what() << "its map has symbols; only dimensions and 0 are allowed";
  auto shaped = dyn_cast<ShapedType>(operand.getType());
  if (!shaped) {
    if (map.getNumResults() != 0)
      return what() << "is a scalar, so its map must have no results, not "
                    << map.getNumResults();
    return success();
  }
  int64_t rank = shaped.getRank();
  if (rank != static_cast<int64_t>(map.getNumResults()) + trailing)
    return what() << "has rank " << rank << " but its map has "
                  << map.getNumResults() << " results"
                  << (trailing ? " and its vector result one trailing dimension"
                               : "");
  if (!shaped.getElementType().isIntOrIndexOrFloat())
    return what() << "elements must be integers, indices or floats, not "
                  << shaped.getElementType();
  llvm::SmallBitVector seen(map.getNumDims());
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    int64_t size = shaped.getDimSize(i);
    if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      if (constant.getValue() != 0 ||
          (!ShapedType::isDynamic(size) && size != 1))
        return what()
               << "result " << i
               << " of its map is a constant: it must be 0 and the size 1";
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return what() << "result " << i
                    << " of its map is neither a dimension nor 0";
    if (seen.test(dim.getPosition()))
      return what() << "its map names d" << dim.getPosition() << " twice";
    seen.set(dim.getPosition());
    int64_t known = sizes[dim.getPosition()];
    if (!common::mergeSize(sizes[dim.getPosition()], size))
      return what() << "has size " << size << " along d" << dim.getPosition()
                    << ", but another operand has " << known << " (C-SHAPE-1)";
  }
  return success();
}

/// Trailing dimensions that a per-row destination has beyond its map: one if
/// the row region yields a vector for it.
static int64_t getTrailingDims(GenericOp op, unsigned perRowIndex) {
  if (!op.hasRow() || op.getRow().front().empty())
    return 0;
  auto yield = dyn_cast<YieldOp>(op.getRow().front().back());
  if (!yield || perRowIndex >= yield.getValues().size())
    return 0;
  return isa<VectorType>(yield.getValues()[perRowIndex].getType()) ? 1 : 0;
}

LogicalResult GenericOp::verify() {
  for (Attribute attr : getStatistics())
    if (!isa<StatisticAttrInterface>(attr))
      return emitOpError("statistics: ")
             << attr
             << " is not a statistic; use #softmax.max_sumexp, "
                "#softmax.sum or #softmax.topk";
  size_t operands = getInputs().size() + getInits().size();
  if (getMaps().size() != operands)
    return emitOpError("needs one map per input and destination: expected ")
           << operands << ", found " << getMaps().size();
  if (getInputs().empty() || getInits().empty())
    return emitOpError("needs at least one input and one destination");
  int64_t rank = getIterationRank();
  for (AffineMap map : getMapList())
    if (map.getNumDims() != rank)
      return emitOpError(
                 "all maps must have the same number of dimensions, but found ")
             << rank << " and " << map.getNumDims();
  if (failed(common::verifyDimensions(*this, getDimensions(), rank)))
    return failure();
  if (getRows().size() != 0 && getRows().size() != 2)
    return emitOpError("rows takes the first row and the end of the range: "
                       "expected 2 operands, found ")
           << getRows().size();

  for (auto [i, input] : llvm::enumerate(getInputs())) {
    Type type = input.getType();
    bool shaped = isa<RankedTensorType, MemRefType>(type);
    if (!shaped && !type.isIntOrIndexOrFloat())
      return emitOpError("input #")
             << i << ": type " << type
             << " is neither a ranked tensor, a memref nor a scalar";
  }

  SmallVector<int64_t> sizes(rank, ShapedType::kDynamic);
  for (auto [i, input] : llvm::enumerate(getInputs()))
    if (failed(
            verifyOperand(*this, "input", i, input, getInputMap(i), 0, sizes)))
      return failure();

  unsigned elementwise = getNumElementwiseInits();
  for (auto [i, init] : llvm::enumerate(getInits())) {
    AffineMap map = getInitMap(i);
    bool perRow = i >= elementwise;
    if (perRow && !isRowInvariant(map))
      return emitOpError("destination #")
             << i
             << " is element-wise but stands after a per-row one; element-wise "
                "destinations come first";
    // Every coordinate must reach the destination, or rows would overwrite
    // each other.
    for (int64_t dim = 0; dim < rank; ++dim)
      if (!(perRow && isReduced(dim)) && !map.isFunctionOfDim(dim))
        return emitOpError("destination #")
               << i << ": its map must name d" << dim;
    int64_t trailing = perRow ? getTrailingDims(*this, i - elementwise) : 0;
    if (failed(
            verifyOperand(*this, "destination", i, init, map, trailing, sizes)))
      return failure();
  }
  for (int64_t dim = 0; dim < rank; ++dim)
    if (llvm::none_of(llvm::zip(getMapList(), getOperands()), [&](auto pair) {
          return std::get<0>(pair).isFunctionOfDim(dim);
        }))
      return emitOpError("no operand's map names d")
             << dim << ", so its size is unknown";
  if (failed(common::verifySizesFit(*this)))
    return failure();
  if (failed(common::verifyDestinations(*this, getInits(), getResultTypes(),
                                        getOperands())))
    return failure();
  if (!getRows().empty() && getNumResults() != 0)
    return emitOpError("takes a range of rows on memrefs only: on tensors the "
                       "rows outside it would have no value");
  return success();
}

//===----------------------------------------------------------------------===//
// Verification: regions
//===----------------------------------------------------------------------===//

/// One op inside a region: free of effects, on scalars (or the vectors of
/// #softmax.topk), and with one meaning.
static LogicalResult verifyRegionOp(Operation *inner) {
  if (!isMemoryEffectFree(inner))
    return inner->emitOpError(
        "has side effects, which a region of softmax.generic may not have");
  SmallVector<Type> types(inner->getOperandTypes());
  llvm::append_range(types, inner->getResultTypes());
  for (Type type : types)
    if (isa<TensorType, BaseMemRefType>(type))
      return inner->emitOpError("works on ")
             << type
             << ", but a region of softmax.generic computes one element from "
                "scalars; make it an input of the op";
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(inner)) {
    auto regroups =
        arith::FastMathFlags::reassoc | arith::FastMathFlags::contract;
    arith::FastMathFlagsAttr attr = fast.getFastMathFlagsAttr();
    arith::FastMathFlags flags =
        attr ? attr.getValue() : arith::FastMathFlags::none;
    if ((flags & regroups) != arith::FastMathFlags::none)
      return inner->emitOpError(
          "carries reassoc or contract, under which a result's bits depend on "
          "what is fused with it; drop the flags (C-DET-1)");
  }
  return success();
}

/// Arguments and terminator of one region.
static FailureOr<YieldOp> verifyRegion(GenericOp op, StringRef name,
                                       Region &region, TypeRange expected) {
  if (!region.hasOneBlock())
    return op.emitOpError(name) << " region must have exactly one block";
  Block &block = region.front();
  if (block.getNumArguments() != expected.size())
    return op.emitOpError(name)
           << " region takes " << expected.size() << " arguments, not "
           << block.getNumArguments();
  for (auto [i, arg, type] : llvm::enumerate(block.getArguments(), expected))
    if (arg.getType() != type)
      return op.emitOpError(name) << " region argument #" << i << " must be "
                                  << type << ", not " << arg.getType();
  if (block.empty() || !isa<YieldOp>(block.back()))
    return op.emitOpError(name) << " region must end with softmax.yield";
  WalkResult walk = block.walk([](Operation *inner) {
    return failed(verifyRegionOp(inner)) ? WalkResult::interrupt()
                                         : WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return failure();
  return cast<YieldOp>(block.back());
}

LogicalResult GenericOp::verifyRegions() {
  FloatType compute = getComputeType();
  SmallVector<StatisticAttrInterface> statistics = getStatisticList();
  unsigned elementwise = getNumElementwiseInits();
  unsigned perRow = getInits().size() - elementwise;
  if (hasLogit() == statistics.empty())
    return emitOpError(
        statistics.empty()
            ? "has no statistics, so it must have no logit region"
            : "has statistics, so it needs a logit region");
  if (perRow != 0 && !hasRow())
    return emitOpError("has per-row destinations, so it needs a row region");
  if (hasResult() == (elementwise == 0))
    return emitOpError(
        elementwise == 0
            ? "has no element-wise destination, so it must have no result "
              "region"
            : "has element-wise destinations, so it needs a result region");

  SmallVector<Type> elements, rowArgs, resultArgs;
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    Type type = getElementTypeOrSelf(input.getType());
    elements.push_back(type);
    if (isRowInvariant(getInputMap(i)))
      rowArgs.push_back(type);
  }
  resultArgs = elements;
  for (StatisticAttrInterface statistic : statistics) {
    llvm::append_range(rowArgs, statistic.getRowArgumentTypes(compute));
    llvm::append_range(resultArgs, statistic.getResultArgumentTypes(compute));
  }

  if (hasLogit()) {
    FailureOr<YieldOp> yield =
        verifyRegion(*this, "logit", getLogit(), elements);
    if (failed(yield))
      return failure();
    if (yield->getValues().size() != statistics.size())
      return emitOpError(
                 "logit region must yield one value per statistic: expected ")
             << statistics.size() << ", found " << yield->getValues().size();
    for (Value value : yield->getValues())
      if (value.getType() != compute)
        return emitOpError("logit region must yield the compute type ")
               << compute << ", not " << value.getType()
               << "; cast explicitly (C-TYPE-2)";
  }
  if (hasRow()) {
    FailureOr<YieldOp> yield = verifyRegion(*this, "row", getRow(), rowArgs);
    if (failed(yield))
      return failure();
    if (yield->getValues().size() < perRow)
      return emitOpError("row region must yield a value per per-row "
                         "destination: expected at least ")
             << perRow << ", found " << yield->getValues().size();
    for (unsigned i = 0; i < perRow; ++i) {
      Type value = yield->getValues()[i].getType();
      auto init = cast<ShapedType>(getInits()[elementwise + i].getType());
      auto vector = dyn_cast<VectorType>(value);
      Type element = vector ? vector.getElementType() : value;
      if (element != init.getElementType())
        return emitOpError("row region yields ")
               << value << " for destination #" << elementwise + i
               << ", which holds " << init.getElementType();
      if (vector && (vector.getRank() != 1 || vector.isScalable()))
        return emitOpError("row region yields ")
               << value << " for destination #" << elementwise + i
               << "; a trailing dimension comes from a fixed vector of rank 1";
      if (vector && init.getShape().back() != vector.getDimSize(0))
        return emitOpError("row region yields ")
               << value << " for destination #" << elementwise + i
               << ", whose trailing dimension has another size";
    }
    for (Value value : yield->getValues().drop_front(perRow)) {
      if (!value.getType().isIntOrIndexOrFloat())
        return emitOpError("row region hands on ")
               << value.getType()
               << "; only integers, indices and floats reach the result region";
      resultArgs.push_back(value.getType());
    }
  }
  if (hasResult()) {
    FailureOr<YieldOp> yield =
        verifyRegion(*this, "result", getResult(), resultArgs);
    if (failed(yield))
      return failure();
    if (yield->getValues().size() != elementwise)
      return emitOpError("result region must yield one value per element-wise "
                         "destination: expected ")
             << elementwise << ", found " << yield->getValues().size();
    for (unsigned i = 0; i < elementwise; ++i) {
      Type element = cast<ShapedType>(getInits()[i].getType()).getElementType();
      if (yield->getValues()[i].getType() != element)
        return emitOpError("result region yields ")
               << yield->getValues()[i].getType() << " for destination #" << i
               << ", which holds " << element;
    }
  }
  return success();
}
