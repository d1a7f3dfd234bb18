// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The regions of softmax.generic on scalars or on vectors.

#include "GenericBuilder.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "softmax/Dialect/IR/RowNeeds.h"

using namespace mlir;
using namespace mlir::softmax;

/// Integers of type index cannot leave a vector for memory, but may be
/// computed with; every other builtin scalar may be an element.
static bool isVectorizable(Operation &op) {
  if (isa<YieldOp, IndexOp, arith::ConstantOp>(op))
    return true;
  if (op.getNumRegions() != 0 || op.getNumResults() == 0)
    return false;
  return OpTrait::hasElementwiseMappableTraits(&op);
}

LogicalResult mlir::softmax::checkRegionsVectorizable(GenericOp op,
                                                      StringRef pass) {
  // The row region of a selection runs on scalars and on vectors of its own.
  bool selects = RowNeeds(op).selects;
  for (Region &region : op->getRegions())
    for (Operation &inner : region.getOps())
      if (!isVectorizable(inner) &&
          !(selects && &region == &op.getRow() && inner.getNumRegions() == 0))
        return inner.emitOpError("has no vector form, so ")
               << pass
               << " cannot lower the softmax.generic around it; use "
                  "element-wise arith and math operations";
  return success();
}

Value GenericBuilder::broadcast(Value value, int64_t laneCount) {
  if (isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      b, loc, vectorOf(value.getType(), laneCount), value);
}

/// Makes `op`, which works on the vectors of a selection element by element,
/// one on `laneCount` of their elements.
static void takeSelectionLanes(Operation *op, int64_t laneCount) {
  for (Value result : op->getResults())
    if (auto vector = dyn_cast<VectorType>(result.getType()))
      result.setType(VectorType::get(laneCount, vector.getElementType()));
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
      constant.setValueAttr(
          splat.resizeSplat(cast<ShapedType>(constant.getType())));
}

SmallVector<Value> GenericBuilder::inlineRegion(Region &region, ValueRange args,
                                                int64_t laneCount,
                                                Coordinate coordinate) {
  IRMapping mapping;
  mapping.map(region.getArguments(), args);
  for (Operation &inner : region.getOps()) {
    if (auto yield = dyn_cast<YieldOp>(inner))
      return llvm::map_to_vector(yield.getValues(), [&](Value value) {
        return mapping.lookup(value);
      });
    if (auto index = dyn_cast<IndexOp>(inner)) {
      mapping.map(index.getResult(), coordinate(index.getDim()));
      continue;
    }
    bool vectorized = llvm::any_of(inner.getOperands(), [&](Value operand) {
      return isa<VectorType>(mapping.lookup(operand).getType());
    });
    // On scalars vectors are the region's own: those of a selection.
    if (!vectorized || laneCount == 0) {
      Operation *clone = b.clone(inner, mapping);
      if (selectionLanes)
        takeSelectionLanes(clone, selectionLanes);
      continue;
    }
    SmallVector<Value> operands =
        llvm::map_to_vector(inner.getOperands(), [&](Value operand) {
          return broadcast(mapping.lookup(operand), laneCount);
        });
    SmallVector<Type> types =
        llvm::map_to_vector(inner.getResultTypes(), [&](Type type) -> Type {
          return vectorOf(type, laneCount);
        });
    OperationState state(inner.getLoc(), inner.getName());
    state.addOperands(operands);
    state.addTypes(types);
    state.addAttributes(llvm::to_vector(inner.getDiscardableAttrs()));
    state.propertiesAttr = inner.getPropertiesAsAttribute();
    Operation *created = b.create(state);
    mapping.map(inner.getResults(), created->getResults());
  }
  llvm_unreachable("verified: a region ends with softmax.yield");
}
