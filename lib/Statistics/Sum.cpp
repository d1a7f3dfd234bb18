// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.sum: the sum of a row's logits.

#include "StatisticUtils.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

unsigned SumAttr::getNumPasses() const { return 1; }
Combiner SumAttr::getCombiner(unsigned) const { return Combiner::Sum; }
bool SumAttr::isRowArgumentPass(unsigned) const { return false; }
Value SumAttr::buildPassCondition(StatisticBuilder &, unsigned,
                                  const RowValues &) const {
  return nullptr;
}
Value SumAttr::buildLift(StatisticBuilder &, unsigned, Value logit,
                         const RowValues &) const {
  return logit;
}
void SumAttr::buildPrepare(StatisticBuilder &builder, unsigned,
                           const WideValue &reduced, RowValues &row) const {
  row.slots = {common::roundToCompute(builder, reduced)};
}
unsigned SumAttr::getNumRowArguments() const { return 1; }
SmallVector<Type> SumAttr::getRowArgumentTypes(Type computeType) const {
  return {computeType};
}
Value SumAttr::buildRowArgument(StatisticBuilder &, unsigned,
                                const RowValues &row) const {
  return row.slots[0];
}
unsigned SumAttr::getNumResultArguments() const { return 1; }
SmallVector<Type> SumAttr::getResultArgumentTypes(Type computeType) const {
  return {computeType};
}
Value SumAttr::buildResultArgument(StatisticBuilder &, unsigned, Value, Value,
                                   const RowValues &row) const {
  return row.slots[0];
}
bool SumAttr::resultArgumentUsesLifted(unsigned) const { return false; }
bool SumAttr::resultArgumentUsesLogit(unsigned) const { return false; }
unsigned SumAttr::getLiftedPass() const { return 0; }
