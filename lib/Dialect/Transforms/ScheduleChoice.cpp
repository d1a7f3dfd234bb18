// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Between the cost model's candidates and the schedule attribute.

#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Schedule/ChooseAlternatives.h"

using namespace mlir;
using namespace mlir::softmax;

static AlternativeAttr toAttr(MLIRContext *context, const Candidate &c) {
  auto layout = c.layout == LayoutKind::Row     ? Layout::Row
                : c.layout == LayoutKind::Inner ? Layout::Inner
                                                : Layout::Any;
  auto staging = c.staging == StagingKind::Output    ? Staging::Output
                 : c.staging == StagingKind::Scratch ? Staging::Scratch
                                                     : Staging::Recompute;
  auto tail = c.tail == TailKind::Masked        ? TailMode::Masked
              : c.tail == TailKind::MaskedLoads ? TailMode::MaskedLoads
                                                : TailMode::Pieces;
  return AlternativeAttr::get(
      context, layout, c.minColumns, c.maxColumns, c.minRows, c.minBytes,
      *symbolizeStrategy(toString(c.strategy)), c.lanes, c.vectors, c.rows,
      staging, tail, c.prefetch,
      c.nontemporal ? StoreMode::Nontemporal : StoreMode::Ordinary, c.scalable);
}

Candidate mlir::softmax::toCandidate(AlternativeAttr attr) {
  Candidate c;
  c.layout = attr.getLayout() == Layout::Row     ? LayoutKind::Row
             : attr.getLayout() == Layout::Inner ? LayoutKind::Inner
                                                 : LayoutKind::Any;
  c.minColumns = attr.getMinColumns();
  c.maxColumns = attr.getMaxColumns();
  c.minRows = attr.getMinRows();
  c.minBytes = attr.getMinBytes();
  c.strategy = *parseStrategy(stringifyStrategy(attr.getStrategy()));
  c.lanes = attr.getLanes();
  c.vectors = attr.getVectors();
  c.rows = attr.getRows();
  c.staging = attr.getStaging() == Staging::Output    ? StagingKind::Output
              : attr.getStaging() == Staging::Scratch ? StagingKind::Scratch
                                                      : StagingKind::Recompute;
  c.tail = attr.getTail() == TailMode::Masked        ? TailKind::Masked
           : attr.getTail() == TailMode::MaskedLoads ? TailKind::MaskedLoads
                                                     : TailKind::Pieces;
  c.prefetch = attr.getPrefetch();
  c.nontemporal = attr.getStores() == StoreMode::Nontemporal;
  c.scalable = attr.getScalable();
  return c;
}

NumericAttr mlir::softmax::getNumericPart(GenericOp op,
                                          const TargetDescription &target,
                                          Accuracy accuracy) {
  // Strict has the same bits on every target, and so no tables.
  ExpForm exp = ExpForm::Scaled;
  if (accuracy != Accuracy::Strict && target.fma && op.getComputeType().isF32())
    exp = target.tableEntries == 16  ? ExpForm::Table16
          : target.tableEntries == 8 ? ExpForm::Table8
                                     : ExpForm::Scaled;
  return NumericAttr::get(op.getContext(), exp, target.fma, kSumGroup,
                          kSumBlock, accuracy);
}

ScheduleAttr mlir::softmax::toSchedule(NumericAttr numeric,
                                       ArrayRef<Candidate> candidates) {
  MLIRContext *context = numeric.getContext();
  return ScheduleAttr::get(
      context, numeric,
      llvm::map_to_vector(
          candidates, [&](const Candidate &c) { return toAttr(context, c); }));
}

FailureOr<ScheduleAttr>
mlir::softmax::chooseSchedule(GenericOp op, const TargetDescription &target,
                              Accuracy accuracy,
                              std::optional<StrategyKind> force) {
  NumericAttr numeric = getNumericPart(op, target, accuracy);
  llvm::Expected<SmallVector<Candidate>> candidates =
      chooseAlternatives(describeShape(op, numeric), target, force);
  if (!candidates)
    return op.emitOpError(llvm::toString(candidates.takeError()));
  return toSchedule(numeric, *candidates);
}
