// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Dialect/IR/RowNeeds.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

ValueRange mlir::softmax::getStatisticArguments(GenericOp op, unsigned s,
                                                bool row) {
  Region &region = row ? op.getRow() : op.getResult();
  unsigned begin = 0;
  for (unsigned i = 0; i < op.getInputs().size(); ++i)
    begin += !row || op.isRowInvariant(op.getInputMap(i));
  SmallVector<StatisticAttrInterface> statistics = op.getStatisticList();
  auto count = [&](unsigned i) {
    return row ? statistics[i].getNumRowArguments()
               : statistics[i].getNumResultArguments();
  };
  for (unsigned i = 0; i < s; ++i)
    begin += count(i);
  return ValueRange(region.getArguments()).slice(begin, count(s));
}

RowNeeds::RowNeeds(GenericOp op) {
  SmallVector<StatisticAttrInterface> statistics = op.getStatisticList();
  hasElementwise = op.hasResult();
  extent = RowExtent::find(op);
  for (auto [s, statistic] : llvm::enumerate(statistics)) {
    selects |= statistic.getSelectionSize() != 0;
    bool rowUsed =
        op.hasRow() && llvm::any_of(getStatisticArguments(op, s, /*row=*/true),
                                    [](Value v) { return !v.use_empty(); });
    bool resultUsed = false;
    if (op.hasResult()) {
      ValueRange args = getStatisticArguments(op, s, /*row=*/false);
      for (auto [i, arg] : llvm::enumerate(args)) {
        if (arg.use_empty())
          continue;
        resultUsed = true;
        if (statistic.resultArgumentUsesLifted(i)) {
          if (!staged)
            staged = s;
          else if (*staged != s)
            resultUsesLogits = true;
        } else if (statistic.resultArgumentUsesLogit(i)) {
          resultUsesLogits = true;
        }
      }
    }
    SmallVector<bool> needed;
    for (unsigned pass = 0; pass < statistic.getNumPasses(); ++pass) {
      bool run =
          statistic.isRowArgumentPass(pass) ? rowUsed : (rowUsed || resultUsed);
      needed.push_back(run);
      if (run)
        numPasses = std::max(numPasses, pass + 1);
    }
    passes.push_back(std::move(needed));
  }
  if (op.hasResult())
    for (unsigned i = 0; i < op.getInputs().size(); ++i)
      if (!op.isRowInvariant(op.getInputMap(i)) &&
          !op.getResult().getArgument(i).use_empty())
        resultUsesElements = true;
}

bool mlir::softmax::canStageInOutput(GenericOp op, NumericAttr numeric) {
  if (numeric.getAccuracy() == Accuracy::Strict && op.getComputeType().isF32())
    return false;
  RowNeeds needs(op);
  if (!needs.staged || needs.resultUsesLogits || needs.resultUsesElements)
    return false;
  return getElementTypeOrSelf(op.getInits()[0].getType()) ==
         op.getComputeType();
}

bool mlir::softmax::canPackPanels(GenericOp op) {
  RowNeeds needs(op);
  return op.getStatisticList().size() == 1 && needs.staged &&
         !needs.resultUsesLogits;
}
