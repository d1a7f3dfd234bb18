// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "GenericForm.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/Transforms/Generalize.h"

using namespace mlir;
using namespace mlir::softmax;

GenericForm::GenericForm(RewriterBase &rewriter, Operation *op,
                         ArrayRef<int64_t> dimensions, int64_t rank,
                         FloatType compute)
    : MathBuilder(rewriter, op->getLoc()), rewriter(rewriter), compute(compute),
      op(op), dimensions(dimensions), rank(rank) {}

AffineMap GenericForm::identity() const {
  return rewriter.getMultiDimIdentityMap(rank);
}

AffineMap GenericForm::rowMap() const {
  SmallVector<AffineExpr> results;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(dimensions, dim))
      results.push_back(rewriter.getAffineDimExpr(dim));
  return AffineMap::get(rank, /*symbolCount=*/0, results,
                        rewriter.getContext());
}

unsigned GenericForm::addInput(Value value, AffineMap map) {
  inputs.push_back(value);
  inputMaps.push_back(map);
  return inputs.size() - 1;
}

unsigned GenericForm::addScalar(Value value) {
  return addInput(
      value, AffineMap::get(rank, /*symbolCount=*/0, rewriter.getContext()));
}

void GenericForm::addElementwiseInit(Value init) {
  inits.push_back(init);
  initMaps.push_back(identity());
}

void GenericForm::addPerRowInit(Value init) {
  inits.push_back(init);
  initMaps.push_back(rowMap());
  ++numPerRow;
}

void GenericForm::create(ArrayRef<StatisticAttrInterface> list) {
  statistics.assign(list.begin(), list.end());
  SmallVector<AffineMap> maps = inputMaps;
  llvm::append_range(maps, initMaps);
  SmallVector<Attribute> attributes(list.begin(), list.end());
  SmallVector<Type> types;
  for (Value init : inits)
    if (isa<TensorType>(init.getType()))
      types.push_back(init.getType());
  generic = GenericOp::create(
      rewriter, loc, types, rewriter.getDenseI64ArrayAttr(dimensions),
      rewriter.getArrayAttr(attributes), rewriter.getAffineMapArrayAttr(maps),
      inputs, inits, /*rows=*/ValueRange{}, /*schedule=*/ScheduleAttr());
  generic->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  generic->setDiscardableAttr(
      kNamedAttrName, rewriter.getStringAttr(op->getName().stripDialect()));
}

void GenericForm::begin(Region &region, ArrayRef<Type> types) {
  SmallVector<Location> locs(types.size(), loc);
  block = rewriter.createBlock(&region, region.end(), types, locs);
}

static SmallVector<Type> getElementTypes(ValueRange values) {
  return llvm::map_to_vector(
      values, [](Value value) { return getElementTypeOrSelf(value); });
}

void GenericForm::beginLogit() {
  positions.clear();
  for (unsigned i = 0; i < inputs.size(); ++i)
    positions.push_back(i);
  begin(generic.getLogit(), getElementTypes(inputs));
}

void GenericForm::beginRow() {
  positions.clear();
  SmallVector<Type> types;
  for (auto [input, map] : llvm::zip_equal(inputs, inputMaps)) {
    if (!generic.isRowInvariant(map)) {
      positions.push_back(std::nullopt);
      continue;
    }
    positions.push_back(types.size());
    types.push_back(getElementTypeOrSelf(input));
  }
  for (StatisticAttrInterface statistic : statistics)
    llvm::append_range(types, statistic.getRowArgumentTypes(compute));
  begin(generic.getRow(), types);
}

void GenericForm::beginResult() {
  positions.clear();
  for (unsigned i = 0; i < inputs.size(); ++i)
    positions.push_back(i);
  SmallVector<Type> types = getElementTypes(inputs);
  for (StatisticAttrInterface statistic : statistics)
    llvm::append_range(types, statistic.getResultArgumentTypes(compute));
  if (generic.hasRow())
    for (Value value :
         generic.getRow().front().getTerminator()->getOperands().drop_front(
             numPerRow))
      types.push_back(value.getType());
  begin(generic.getResult(), types);
}

Value GenericForm::argument(unsigned i) {
  return block->getArgument(*positions[i]);
}

Value GenericForm::element(unsigned i) {
  return castFloat(argument(i), compute);
}

Value GenericForm::statistic(unsigned s, unsigned i) {
  bool row = block->getParent() == &generic.getRow();
  return getStatisticArguments(generic, s, row)[i];
}

Value GenericForm::handedOn(unsigned i) {
  unsigned count =
      generic.getRow().front().getTerminator()->getNumOperands() - numPerRow;
  return block->getArgument(block->getNumArguments() - count + i);
}

void GenericForm::yield(ValueRange values) {
  YieldOp::create(rewriter, loc, values);
}

void GenericForm::yieldResult(Value value) {
  yield(castFloat(value, getElementTypeOrSelf(inits.front())));
}

Value GenericForm::log(Value value) {
  return math::LogOp::create(rewriter, loc, value);
}

Value GenericForm::exp(Value value) {
  return math::ExpOp::create(rewriter, loc, value);
}

Value GenericForm::castFloat(Value value, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from < to)
    return arith::ExtFOp::create(rewriter, loc, type, value);
  if (from > to)
    return arith::TruncFOp::create(rewriter, loc, type, value);
  return value;
}

GenericOp GenericForm::finish() {
  rewriter.replaceOp(op, generic->getResults());
  return generic;
}
