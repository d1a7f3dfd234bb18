// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.sum: the sum of a row's logits.

#include "StatisticUtils.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// The meaning of RowValues::slots.
enum Slot : unsigned {
  High,  // the sum, f64
  Low,   // what High rounded away, f64; null for compute type f32
  Total, // rounded to the compute type, once finished
  NumSlots
};
} // namespace

unsigned SumAttr::getNumPasses() const { return 1; }
Combiner SumAttr::getCombiner(unsigned) const { return Combiner::Sum; }
bool SumAttr::isRowArgumentPass(unsigned) const { return false; }
Value SumAttr::buildPassCondition(StatisticBuilder &, unsigned,
                                  const RowValues &) const {
  return nullptr;
}
LiftedValue SumAttr::buildLift(StatisticBuilder &, unsigned, Value logit,
                               const RowValues &) const {
  return {logit, Value()};
}
void SumAttr::buildPrepare(StatisticBuilder &, unsigned,
                           const WideValue &reduced, RowValues &row) const {
  row.slots.assign(NumSlots, Value());
  row.slots[High] = reduced.hi;
  row.slots[Low] = reduced.lo;
}

SmallVector<Value> SumAttr::getPartial(const RowValues &row) const {
  SmallVector<Value> values = {row.slots[High]};
  if (row.slots[Low])
    values.push_back(row.slots[Low]);
  return values;
}
SmallVector<Value> SumAttr::buildEmptyPartial(StatisticBuilder &builder,
                                              bool) const {
  Type f64 = builder.builder.getF64Type();
  return SmallVector<Value>(builder.computeType.isF64() ? 2 : 1,
                            common::floatConstant(builder, f64, -0.0));
}
RowValues SumAttr::buildFromPartial(StatisticBuilder &,
                                    ValueRange partial) const {
  RowValues row;
  row.slots.assign(NumSlots, Value());
  row.slots[High] = partial[0];
  if (partial.size() > 1)
    row.slots[Low] = partial[1];
  return row;
}
RowValues SumAttr::buildMerge(StatisticBuilder &builder, const RowValues &total,
                              const RowValues &part) const {
  WideValue sum =
      common::addWide(builder, {total.slots[High], total.slots[Low]},
                      {part.slots[High], part.slots[Low]});
  RowValues row;
  row.slots.assign(NumSlots, Value());
  row.slots[High] = sum.hi;
  row.slots[Low] = sum.lo;
  return row;
}
void SumAttr::buildFinish(StatisticBuilder &builder, RowValues &row) const {
  row.slots[Total] =
      common::roundToCompute(builder, {row.slots[High], row.slots[Low]});
}
RowValues SumAttr::buildPartView(StatisticBuilder &, const RowValues &row,
                                 const RowValues &) const {
  return row;
}

unsigned SumAttr::getNumRowArguments() const { return 1; }
SmallVector<Type> SumAttr::getRowArgumentTypes(Type computeType) const {
  return {computeType};
}
Value SumAttr::buildRowArgument(StatisticBuilder &, unsigned,
                                const RowValues &row) const {
  return row.slots[Total];
}
unsigned SumAttr::getNumResultArguments() const { return 1; }
SmallVector<Type> SumAttr::getResultArgumentTypes(Type computeType) const {
  return {computeType};
}
Value SumAttr::buildResultArgument(StatisticBuilder &, unsigned, Value,
                                   const LiftedValue &,
                                   const RowValues &row) const {
  return row.slots[Total];
}
bool SumAttr::resultArgumentUsesLifted(unsigned) const { return false; }
bool SumAttr::resultArgumentUsesLogit(unsigned) const { return false; }
unsigned SumAttr::getLiftedPass() const { return 0; }
