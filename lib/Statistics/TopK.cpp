// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.topk<k>: a selection. It is not reduced by passes: a lowering finds
// the k largest of a row by itself, or refuses the statistic.

#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

unsigned TopKAttr::getNumPasses() const { return 0; }
int64_t TopKAttr::getSelectionSize() const { return getK(); }
Combiner TopKAttr::getCombiner(unsigned) const { return Combiner::Max; }
bool TopKAttr::isRowArgumentPass(unsigned) const { return false; }
Value TopKAttr::buildPassCondition(StatisticBuilder &, unsigned,
                                   const RowValues &) const {
  return nullptr;
}
LiftedValue TopKAttr::buildLift(StatisticBuilder &, unsigned, Value,
                                const RowValues &) const {
  llvm_unreachable("topk has no passes");
}
void TopKAttr::buildPrepare(StatisticBuilder &, unsigned, const WideValue &,
                            RowValues &) const {
  llvm_unreachable("topk has no passes");
}
SmallVector<Value> TopKAttr::getPartial(const RowValues &) const {
  llvm_unreachable("topk has no passes");
}
SmallVector<Value> TopKAttr::buildEmptyPartial(StatisticBuilder &, bool) const {
  llvm_unreachable("topk has no passes");
}
RowValues TopKAttr::buildFromPartial(StatisticBuilder &, ValueRange) const {
  llvm_unreachable("topk has no passes");
}
RowValues TopKAttr::buildMerge(StatisticBuilder &, const RowValues &,
                               const RowValues &) const {
  llvm_unreachable("topk has no passes");
}
void TopKAttr::buildFinish(StatisticBuilder &, RowValues &) const {
  llvm_unreachable("topk has no passes");
}
RowValues TopKAttr::buildPartView(StatisticBuilder &, const RowValues &,
                                  const RowValues &) const {
  llvm_unreachable("topk has no passes");
}
unsigned TopKAttr::getNumRowArguments() const { return 2; }
SmallVector<Type> TopKAttr::getRowArgumentTypes(Type computeType) const {
  return {VectorType::get(getK(), computeType),
          VectorType::get(getK(), IntegerType::get(getContext(), 64))};
}
Value TopKAttr::buildRowArgument(StatisticBuilder &, unsigned,
                                 const RowValues &) const {
  llvm_unreachable("topk has no passes");
}
unsigned TopKAttr::getNumResultArguments() const { return 0; }
SmallVector<Type> TopKAttr::getResultArgumentTypes(Type) const { return {}; }
Value TopKAttr::buildResultArgument(StatisticBuilder &, unsigned, Value,
                                    const LiftedValue &,
                                    const RowValues &) const {
  llvm_unreachable("topk has no result arguments");
}
bool TopKAttr::resultArgumentUsesLifted(unsigned) const { return false; }
bool TopKAttr::resultArgumentUsesLogit(unsigned) const { return false; }
unsigned TopKAttr::getLiftedPass() const { return 0; }
