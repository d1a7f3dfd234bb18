// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax.generic, softmax.index: accessors and verification.

#include "StructuredOpCommon.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Accessors
//===----------------------------------------------------------------------===//

SmallVector<StatisticAttrInterface> GenericOp::getStatisticList() {
  return llvm::map_to_vector(getStatistics(), [](Attribute attr) {
    return cast<StatisticAttrInterface>(attr);
  });
}

SmallVector<AffineMap> GenericOp::getMapList() {
  return llvm::to_vector(getMaps().getAsValueRange<AffineMapAttr>());
}

AffineMap GenericOp::getInputMap(unsigned i) {
  return cast<AffineMapAttr>(getMaps()[i]).getValue();
}

AffineMap GenericOp::getInitMap(unsigned i) {
  return cast<AffineMapAttr>(getMaps()[getInputs().size() + i]).getValue();
}

AffineMap GenericOp::getOperandMap(OpOperand &operand) {
  // Row ranges follow the inputs and destinations and have no map.
  unsigned i = operand.getOperandNumber();
  return i < getMaps().size() ? cast<AffineMapAttr>(getMaps()[i]).getValue()
                              : AffineMap();
}

int64_t GenericOp::getIterationRank() {
  return getMaps().empty()
             ? 0
             : cast<AffineMapAttr>(getMaps()[0]).getValue().getNumDims();
}

FloatType GenericOp::getComputeType() {
  bool isWide = llvm::any_of(getStatisticList(), [](auto statistic) {
    auto maxSumExp = dyn_cast<MaxSumExpAttr>(statistic);
    return maxSumExp && maxSumExp.getWideSum();
  });
  if (!isWide)
    return common::inferComputeType(getOperands(), getContext());
  // A per-row destination of f64 may be for the sum before it is rounded.
  SmallVector<Value> deciding(getInputs());
  llvm::append_range(deciding, getInits().take_front(getNumElementwiseInits()));
  return common::inferComputeType(deciding, getContext());
}

bool GenericOp::isReduced(int64_t dim) {
  return llvm::is_contained(getDimensions(), dim);
}

bool GenericOp::isRowInvariant(AffineMap map) {
  return llvm::none_of(map.getResults(), [&](AffineExpr expr) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return dim && isReduced(dim.getPosition());
  });
}

unsigned GenericOp::getNumElementwiseInits() {
  unsigned n = 0;
  while (n < getInits().size() && !isRowInvariant(getInitMap(n)))
    ++n;
  return n;
}

SmallVector<int64_t> GenericOp::getParallelDims() {
  SmallVector<int64_t> dims;
  for (int64_t dim = 0, rank = getIterationRank(); dim < rank; ++dim)
    if (!isReduced(dim))
      dims.push_back(dim);
  return dims;
}

int64_t GenericOp::getStaticSize(int64_t dim) {
  for (auto [map, operand] : llvm::zip(getMapList(), getOperands())) {
    auto shaped = dyn_cast<ShapedType>(operand.getType());
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (auto d = dyn_cast<AffineDimExpr>(expr))
        if (d.getPosition() == dim && !shaped.isDynamicDim(i))
          return shaped.getDimSize(i);
  }
  return ShapedType::kDynamic;
}

LogicalResult
GenericOp::reifyResultShapes(OpBuilder &b,
                             ReifiedRankedShapedTypeDims &shapes) {
  return common::reifyFromInits(b, *this, getInits(), shapes);
}

void GenericOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  common::getStructuredEffects(
      cast<DestinationStyleOpInterface>(getOperation()), effects);
}

Speculation::Speculatability GenericOp::getSpeculatability() {
  if (!hasPureTensorSemantics())
    return Speculation::NotSpeculatable;
  // A region may hold a division of integers, for instance.
  return Speculation::RecursivelySpeculatable;
}

//===----------------------------------------------------------------------===//
// softmax.index
//===----------------------------------------------------------------------===//

LogicalResult IndexOp::verify() {
  auto generic = (*this)->getParentOfType<GenericOp>();
  if (!generic)
    return emitOpError("must stand in a region of softmax.generic");
  int64_t rank = generic.getIterationRank();
  int64_t dim = getDim();
  if (dim < 0 || dim >= rank)
    return emitOpError("dimension ")
           << dim << " is out of range for rank " << rank;
  if (generic.getRow().isAncestor((*this)->getParentRegion()) &&
      generic.isReduced(dim))
    return emitOpError(
               "in the row region knows no coordinate along softmax dimension ")
           << dim;
  return success();
}
