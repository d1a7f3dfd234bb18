// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Dialect/IR/GenericRegions.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

bool mlir::softmax::hasFastMathFlags(Operation *op,
                                     arith::FastMathFlags flags) {
  auto fast = dyn_cast<arith::ArithFastMathInterface>(op);
  if (!fast || !fast.getFastMathFlagsAttr())
    return false;
  return bitEnumContainsAll(fast.getFastMathFlagsAttr().getValue(), flags);
}

YieldOp mlir::softmax::getYield(Region &region) {
  return cast<YieldOp>(region.front().getTerminator());
}

/// Number of row-invariant inputs before input `end`.
static unsigned countRowInvariant(GenericOp op, unsigned end) {
  unsigned count = 0;
  for (unsigned i = 0; i < end; ++i)
    count += op.isRowInvariant(op.getInputMap(i));
  return count;
}

BlockArgument mlir::softmax::getInputArgument(GenericOp op, unsigned i,
                                              Region &region) {
  if (region.empty())
    return BlockArgument();
  if (&region != &op.getRow())
    return region.getArgument(i);
  if (!op.isRowInvariant(op.getInputMap(i)))
    return BlockArgument();
  return region.getArgument(countRowInvariant(op, i));
}

SmallVector<BlockArgument> mlir::softmax::getInputArguments(GenericOp op,
                                                            unsigned i) {
  SmallVector<BlockArgument> arguments;
  for (Region &region : op->getRegions())
    if (BlockArgument argument = getInputArgument(op, i, region))
      arguments.push_back(argument);
  return arguments;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

std::optional<unsigned> mlir::softmax::getLabelsInput(GenericOp op) {
  auto labels = op->getAttrOfType<DictionaryAttr>(kLabelsAttrName);
  auto input = labels ? labels.getAs<IntegerAttr>("input") : IntegerAttr();
  if (!input || input.getValue().uge(op.getInputs().size()))
    return std::nullopt;
  return input.getInt();
}

void mlir::softmax::setLabelsInput(GenericOp op, std::optional<unsigned> i) {
  if (!i) {
    op->removeDiscardableAttr(kLabelsAttrName);
    return;
  }
  NamedAttrList entries(op->getAttrOfType<DictionaryAttr>(kLabelsAttrName));
  entries.set("input", Builder(op.getContext()).getI64IntegerAttr(*i));
  op->setDiscardableAttr(kLabelsAttrName,
                         entries.getDictionary(op.getContext()));
}

unsigned mlir::softmax::addInput(GenericOp op, Value value, AffineMap map) {
  unsigned count = op.getInputs().size();
  for (unsigned i = 0; i < count; ++i)
    if (op.getInputs()[i] == value && op.getInputMap(i) == map)
      return i;
  Type element = getElementTypeOrSelf(value.getType());
  for (Region &region : op->getRegions()) {
    bool row = &region == &op.getRow();
    if (region.empty() || (row && !op.isRowInvariant(map)))
      continue;
    region.front().insertArgument(row ? countRowInvariant(op, count) : count,
                                  element, op.getLoc());
  }
  SmallVector<Attribute> maps(op.getMaps().getValue());
  maps.insert(maps.begin() + count, AffineMapAttr::get(map));
  op.getInputsMutable().append(value);
  op.setMapsAttr(ArrayAttr::get(op.getContext(), maps));
  return count;
}

void mlir::softmax::eraseInput(GenericOp op, unsigned i,
                               std::optional<unsigned> twin) {
  if (std::optional<unsigned> labels = getLabelsInput(op); labels >= i)
    setLabelsInput(op, labels == i ? twin : *labels - 1);
  for (BlockArgument argument : getInputArguments(op, i))
    argument.getOwner()->eraseArgument(argument.getArgNumber());
  SmallVector<Attribute> maps(op.getMaps().getValue());
  maps.erase(maps.begin() + i);
  op.setMapsAttr(ArrayAttr::get(op.getContext(), maps));
  op.getInputsMutable().erase(i);
}

//===----------------------------------------------------------------------===//
// Regions and statistics
//===----------------------------------------------------------------------===//

static void createRegion(GenericOp op, Region &region, TypeRange types) {
  OpBuilder builder(op.getContext());
  SmallVector<Location> locs(types.size(), op.getLoc());
  builder.createBlock(&region, region.end(), types, locs);
  YieldOp::create(builder, op.getLoc());
}

static SmallVector<Type> getElementTypes(GenericOp op, bool onlyRowInvariant) {
  SmallVector<Type> types;
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    if (!onlyRowInvariant || op.isRowInvariant(op.getInputMap(i)))
      types.push_back(getElementTypeOrSelf(input.getType()));
  return types;
}

/// Arguments of the row (or result) region that belong to statistics.
static unsigned countStatisticArguments(GenericOp op, bool row) {
  unsigned count = 0;
  for (StatisticAttrInterface statistic : op.getStatisticList())
    count += row ? statistic.getNumRowArguments()
                 : statistic.getNumResultArguments();
  return count;
}

void mlir::softmax::ensureLogitRegion(GenericOp op) {
  if (!op.hasLogit())
    createRegion(op, op.getLogit(),
                 getElementTypes(op, /*onlyRowInvariant=*/false));
}

void mlir::softmax::ensureRowRegion(GenericOp op) {
  if (op.hasRow())
    return;
  SmallVector<Type> types = getElementTypes(op, /*onlyRowInvariant=*/true);
  for (StatisticAttrInterface statistic : op.getStatisticList())
    llvm::append_range(types,
                       statistic.getRowArgumentTypes(op.getComputeType()));
  createRegion(op, op.getRow(), types);
}

void mlir::softmax::ensureResultRegion(GenericOp op) {
  if (op.hasResult())
    return;
  SmallVector<Type> types = getElementTypes(op, /*onlyRowInvariant=*/false);
  for (StatisticAttrInterface statistic : op.getStatisticList())
    llvm::append_range(types,
                       statistic.getResultArgumentTypes(op.getComputeType()));
  if (op.hasRow())
    for (Value value :
         getYield(op.getRow())
             .getValues()
             .drop_front(op.getInits().size() - op.getNumElementwiseInits()))
      types.push_back(value.getType());
  createRegion(op, op.getResult(), types);
}

unsigned mlir::softmax::addStatistic(GenericOp op,
                                     StatisticAttrInterface statistic,
                                     Value logit) {
  FloatType compute = op.getComputeType();
  ensureLogitRegion(op);
  if (op.hasRow()) {
    // The arguments of statistics are the row region's last.
    Block &row = op.getRow().front();
    for (Type type : statistic.getRowArgumentTypes(compute))
      row.addArgument(type, op.getLoc());
  }
  if (op.hasResult()) {
    unsigned position =
        op.getInputs().size() + countStatisticArguments(op, /*row=*/false);
    for (Type type : statistic.getResultArgumentTypes(compute))
      op.getResult().front().insertArgument(position++, type, op.getLoc());
  }
  if (logit)
    getYield(op.getLogit()).getValuesMutable().append(logit);
  SmallVector<Attribute> statistics(op.getStatistics().getValue());
  statistics.push_back(statistic);
  op.setStatisticsAttr(ArrayAttr::get(op.getContext(), statistics));
  return statistics.size() - 1;
}

BlockArgument mlir::softmax::handOn(GenericOp op, Value value) {
  YieldOp yield = getYield(op.getRow());
  Block &result = op.getResult().front();
  unsigned perRow = op.getInits().size() - op.getNumElementwiseInits();
  unsigned first =
      op.getInputs().size() + countStatisticArguments(op, /*row=*/false);
  for (auto [i, other] : llvm::enumerate(yield.getValues().drop_front(perRow)))
    if (other == value)
      return result.getArgument(first + i);
  yield.getValuesMutable().append(value);
  return result.addArgument(value.getType(), op.getLoc());
}

//===----------------------------------------------------------------------===//
// Destinations
//===----------------------------------------------------------------------===//

GenericOp mlir::softmax::addDestinations(RewriterBase &rewriter, GenericOp op,
                                         ArrayRef<NewDestination> destinations,
                                         SmallVectorImpl<Value> &results) {
  unsigned numInputs = op.getInputs().size();
  unsigned elementwise = op.getNumElementwiseInits();
  unsigned perRow = op.getInits().size() - elementwise;
  SmallVector<Value> inits(op.getInits());
  SmallVector<Attribute> maps(op.getMaps().getValue());
  // Where each old and new destination stands.
  SmallVector<unsigned> positions;
  unsigned nextElementwise = elementwise, nextPerRow = perRow;
  for (const NewDestination &added : destinations) {
    bool row = op.isRowInvariant(added.map);
    // In the row region, values handed on follow those of the destinations.
    if (row)
      getYield(op.getRow())->insertOperands(nextPerRow, added.yielded);
    else
      getYield(op.getResult())->insertOperands(nextElementwise, added.yielded);
    unsigned position =
        row ? nextElementwise + nextPerRow++ : nextElementwise++;
    inits.insert(inits.begin() + position, added.init);
    maps.insert(maps.begin() + numInputs + position,
                AffineMapAttr::get(added.map));
    if (!row)
      for (unsigned &other : positions)
        other += other >= position;
    positions.push_back(position);
  }
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  auto larger =
      GenericOp::create(rewriter, op.getLoc(), ValueRange(inits).getTypes(),
                        op.getDimensionsAttr(), op.getStatisticsAttr(),
                        rewriter.getArrayAttr(maps), op.getInputs(), inits,
                        op.getRows(), op.getScheduleAttr());
  larger->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  for (auto [from, to] :
       llvm::zip_equal(op->getRegions(), larger->getRegions()))
    rewriter.inlineRegionBefore(from, to, to.begin());
  for (unsigned position : positions)
    results.push_back(larger->getResult(position));
  unsigned added = nextElementwise - elementwise;
  SmallVector<Value> replacements;
  for (unsigned i = 0; i < elementwise + perRow; ++i)
    replacements.push_back(larger->getResult(i < elementwise ? i : i + added));
  rewriter.replaceOp(op, replacements);
  return larger;
}
