// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What of softmax.generic linalg can say.

#include "softmax/Conversion/SoftmaxToLinalg/Decompose.h"

using namespace mlir;
using namespace mlir::softmax;

std::string mlir::softmax::whyNotDecomposable(GenericOp op) {
  for (StatisticAttrInterface statistic : op.getStatisticList())
    if (statistic.getNumPasses() == 0)
      return "one of its statistics is not evaluated by passes over the row; "
             "take it out of the op, or compute it by a sort";
  if (!op.getRows().empty())
    return "it covers a range of rows; decompose before a row range is added";
  if (!op.hasRow())
    return {};
  auto yield = cast<YieldOp>(op.getRow().front().getTerminator());
  unsigned perRow = op.getInits().size() - op.getNumElementwiseInits();
  for (auto [i, value] : llvm::enumerate(yield.getValues())) {
    if (i < perRow && isa<VectorType>(value.getType()))
      return "its row region yields a vector for a destination; yield scalars "
             "to one destination each";
  }
  return {};
}
