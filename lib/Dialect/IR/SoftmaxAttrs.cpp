// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Verification of the attributes of schedules and statistics.

#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::softmax;

using EmitError = function_ref<InFlightDiagnostic()>;

LogicalResult TopKAttr::verify(EmitError emitError, int64_t k) {
  if (k < 1 || k > 64)
    return emitError() << "#softmax.topk takes k from 1 to 64, not " << k;
  return success();
}

LogicalResult NumericAttr::verify(EmitError emitError, ExpForm exp, bool fma,
                                  int64_t group, int64_t block,
                                  Accuracy accuracy) {
  bool table = exp == ExpForm::Table8 || exp == ExpForm::Table16;
  if (table && !fma)
    return emitError() << "numeric part: exp = " << stringifyExpForm(exp)
                       << " needs fused multiply-add; use exp = scaled";
  if (accuracy == Accuracy::Strict && exp != ExpForm::Scaled)
    return emitError() << "numeric part: accuracy = strict has the same bits "
                          "on every target, so exp must be scaled, not "
                       << stringifyExpForm(exp);
  if (accuracy == Accuracy::Fast && exp == ExpForm::Plain)
    return emitError() << "numeric part: accuracy = fast has no plain "
                          "exponential; use exp = scaled or a table";
  if (group != 64)
    return emitError() << "numeric part: group must be 64 (the fixed tree of "
                          "C-SUM-1), not "
                       << group;
  if (block < group || block % group != 0)
    return emitError()
           << "numeric part: block must be a positive multiple of group ("
           << group << "), not " << block;
  return success();
}

LogicalResult AlternativeAttr::verify(EmitError emitError, Layout layout,
                                      int64_t maxColumns, int64_t minRows,
                                      int64_t minBytes, Strategy strategy,
                                      int64_t lanes, int64_t vectors,
                                      int64_t rows, Staging staging,
                                      TailMode tail, int64_t prefetch,
                                      StoreMode stores, bool scalable) {
  if (maxColumns < 0)
    return emitError() << "alternative: max_columns must not be negative, not "
                       << maxColumns;
  if (minRows < 0)
    return emitError() << "alternative: min_rows must not be negative, not "
                       << minRows;
  if (minBytes < 0)
    return emitError() << "alternative: min_bytes must not be negative, not "
                       << minBytes;
  if (lanes < 1 || lanes > 64 || !llvm::isPowerOf2_64(lanes))
    return emitError()
           << "alternative: lanes must be a power of two from 1 to 64, not "
           << lanes;
  if (vectors < 1)
    return emitError() << "alternative: vectors must be positive, not "
                       << vectors;
  StringRef name = stringifyStrategy(strategy);
  if (prefetch < 0 || prefetch > 64)
    return emitError()
           << "alternative: prefetch must be from 0 to 64 rows, not "
           << prefetch;
  if ((prefetch != 0 || stores != StoreMode::Ordinary) &&
      strategy != Strategy::Pipe2 && strategy != Strategy::Online &&
      strategy != Strategy::Panels)
    return emitError() << "alternative: strategy '" << name
                       << "' takes neither prefetch nor nontemporal stores; "
                          "pipe2, online and panels do";
  if (stores == StoreMode::Nontemporal && staging == Staging::Output)
    return emitError() << "alternative: results stored past the caches cannot "
                          "wait there as exponentials; use staging = scratch "
                          "or recompute";
  if (scalable && strategy != Strategy::Scalable &&
      strategy != Strategy::LanesInner)
    return emitError() << "alternative: strategy '" << name
                       << "' has vectors of a fixed length: leave scalable out "
                          "or use scalable or lanes_inner";
  if (!scalable && strategy == Strategy::Scalable)
    return emitError() << "alternative: strategy 'scalable' has vectors of any "
                          "length: add scalable = true or use three_pass";
  if (scalable && tail != TailMode::Masked)
    return emitError() << "alternative: tails of vectors of any length are "
                          "masked: write tail = masked";
  bool isRows = strategy != Strategy::Packed &&
                strategy != Strategy::LanesInner &&
                strategy != Strategy::Panels;
  if (isRows) {
    if (layout != Layout::Row)
      return emitError()
             << "alternative: strategy '" << name
             << "' reads contiguous rows: its guard must say layout = row";
  }
  if (strategy == Strategy::LanesInner && layout != Layout::Inner)
    return emitError() << "alternative: strategy 'lanes_inner' reads along a "
                          "contiguous inner "
                          "dimension: its guard must say layout = inner";
  if (strategy == Strategy::Registers) {
    if (maxColumns == 0 || maxColumns > lanes * vectors)
      return emitError()
             << "alternative: strategy 'registers' holds lanes x vectors = "
             << lanes * vectors
             << " elements: max_columns must be between 1 and that";
    if (staging != Staging::Recompute)
      return emitError() << "alternative: strategy 'registers' stages nothing: "
                            "staging must be "
                            "recompute";
  }
  return success();
}

LogicalResult ScheduleAttr::verify(EmitError emitError, NumericAttr,
                                   ArrayRef<AlternativeAttr> alternatives) {
  if (alternatives.empty())
    return emitError() << "schedule: at least one alternative is needed";
  AlternativeAttr last = alternatives.back();
  if (last.getLayout() != Layout::Any || last.getMaxColumns() != 0 ||
      last.getMinBytes() != 0)
    return emitError() << "schedule: the last alternative must be "
                          "unconditional (layout = any, "
                          "neither max_columns nor min_bytes)";
  return success();
}
