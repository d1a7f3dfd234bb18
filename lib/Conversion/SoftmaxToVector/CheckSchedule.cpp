// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What a schedule may get wrong about the op that carries it.  What it gets
// wrong by itself its verifier says.

#include "CheckSchedule.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/Transforms/Schedule.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class Checker {
public:
  Checker(GenericOp op, ScheduleAttr schedule)
      : op(op), numeric(schedule.getNumeric()), needs(op),
        shape(describeShape(op, numeric)) {}

  LogicalResult check(AlternativeAttr alternative);

private:
  InFlightDiagnostic error(AlternativeAttr alternative) {
    return op.emitOpError("schedule: '")
           << stringifyStrategy(alternative.getStrategy()) << "' ";
  }
  LogicalResult checkLayout(AlternativeAttr alternative);
  LogicalResult checkNeeds(AlternativeAttr alternative);
  LogicalResult checkScratch(AlternativeAttr alternative);

  GenericOp op;
  NumericAttr numeric;
  RowNeeds needs;
  KernelShape shape;
};
} // namespace

LogicalResult Checker::checkLayout(AlternativeAttr a) {
  if (a.getLayout() == Layout::Row && !shape.rowPossible)
    return error(a) << "needs the softmax dimensions to be one contiguous run "
                       "of every operand, which the operands' types rule out; "
                       "use packed or lanes_inner";
  if (a.getLayout() == Layout::Inner && !shape.innerPossible)
    return error(a) << "needs the last dimension to be contiguous and not a "
                       "softmax dimension, which the op's dimensions and types "
                       "rule out; use packed or a strategy for rows";
  return success();
}

LogicalResult Checker::checkNeeds(AlternativeAttr a) {
  Strategy strategy = a.getStrategy();
  if ((strategy == Strategy::Pipe3 || strategy == Strategy::Pipe2) &&
      !shape.reduces)
    return error(a) << "overlaps reductions with results, but the op reduces "
                       "nothing; use three_pass or online";
  if (strategy == Strategy::Panels && !canPackPanels(op))
    return error(a) << "packs the exponentials of one statistic: that takes "
                       "results that need neither %logp nor a second "
                       "statistic; use lanes_inner";
  if (a.getStores() == StoreMode::Nontemporal && !shape.streamable)
    return error(a) << "stores past the caches one element-wise result, but "
                       "the op has "
                    << op.getNumElementwiseInits() << "; use stores = ordinary";
  if (shape.selects &&
      (strategy == Strategy::LanesRows || strategy == Strategy::LanesInner ||
       strategy == Strategy::Panels))
    return error(a) << "computes a row per lane, but the op selects elements "
                       "of single rows; use three_pass, pipe3 or packed";
  // Of as many vectors as make two groups the last may be complete or not,
  // which the sum must know.
  int64_t most = 2 * numeric.getGroup() - a.getLanes();
  if (strategy == Strategy::Registers && !shape.columns &&
      a.getMaxColumns() > most)
    return error(a) << "holds at most " << most
                    << " elements of a row whose length is not known at "
                       "compile time, but its alternative says max_columns = "
                    << a.getMaxColumns();
  if (a.getStaging() == Staging::Output && !canStageInOutput(op, numeric))
    return error(a)
           << "cannot stage exponentials in the destination: that takes a "
              "first destination of the compute type, a result region that "
              "uses nothing of the row but %p, and an accuracy other than "
              "strict; use staging = scratch or recompute";
  if (a.getLanes() > numeric.getGroup())
    return error(a) << "has more lanes than a group has elements";
  return success();
}

LogicalResult Checker::checkScratch(AlternativeAttr a) {
  if (a.getStaging() != Staging::Scratch || !needs.staged ||
      a.getStrategy() == Strategy::Packed)
    return success();
  int64_t perColumn = shape.computeBits / 8;
  if (numeric.getAccuracy() == Accuracy::Strict)
    perColumn *= 2;
  if (a.getStrategy() == Strategy::LanesInner ||
      a.getStrategy() == Strategy::Panels)
    perColumn *= a.getLanes() * a.getVectors();
  if (a.getStrategy() == Strategy::Panels)
    perColumn *= 2;
  // The longest vectors of any length have 2048 bits, the shortest 128.
  if (a.getScalable() && a.getStrategy() == Strategy::LanesInner)
    perColumn *= 16;
  std::optional<int64_t> bound = shape.columns;
  if (a.getMaxColumns() != 0)
    bound = std::min(bound.value_or(a.getMaxColumns()), a.getMaxColumns());
  int64_t most = kMostScratchBytes / perColumn;
  if (!bound)
    return error(a) << "keeps a row in scratch, of which it may take "
                    << kMostScratchBytes << " bytes: say max_columns = " << most
                    << " or less, or staging = recompute";
  if (*bound > most)
    return error(a) << "would take " << perColumn << " bytes of scratch for "
                    << "each of " << *bound
                    << " columns, more than the bound of " << kMostScratchBytes
                    << "; say max_columns = " << most
                    << " or less, or staging = recompute";
  return success();
}

LogicalResult Checker::check(AlternativeAttr alternative) {
  return success(succeeded(checkLayout(alternative)) &&
                 succeeded(checkNeeds(alternative)) &&
                 succeeded(checkScratch(alternative)));
}

LogicalResult mlir::softmax::checkSchedule(GenericOp op,
                                           ScheduleAttr schedule) {
  Checker checker(op, schedule);
  for (AlternativeAttr alternative : schedule.getAlternatives())
    if (failed(checker.check(alternative)))
      return failure();
  return success();
}
