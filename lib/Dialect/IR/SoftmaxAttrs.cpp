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
  if (exp == ExpForm::Native)
    return emitError() << "numeric part: exp = native is the instruction of a "
                          "GPU; use exp = scaled";
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

/// Whether a strategy reads one contiguous run per row.
static bool readsRows(Strategy strategy) {
  return strategy != Strategy::Packed && strategy != Strategy::LanesInner &&
         strategy != Strategy::Panels;
}

/// Numbers that are out of range by themselves.
static LogicalResult verifyNumbers(EmitError emitError, int64_t minColumns,
                                   int64_t maxColumns, int64_t minRows,
                                   int64_t minBytes, int64_t lanes,
                                   int64_t vectors, int64_t rows,
                                   int64_t prefetch) {
  for (auto [name, value] :
       {std::pair<StringRef, int64_t>{"min_columns", minColumns},
        {"max_columns", maxColumns},
        {"min_rows", minRows},
        {"min_bytes", minBytes}})
    if (value < 0)
      return emitError() << "alternative: " << name
                         << " must not be negative, not " << value;
  if (maxColumns && minColumns > maxColumns)
    return emitError() << "alternative: min_columns = " << minColumns
                       << " is above max_columns = " << maxColumns
                       << ": no row has both";
  if (lanes < 1 || lanes > 64 || !llvm::isPowerOf2_64(lanes))
    return emitError()
           << "alternative: lanes must be a power of two from 1 to 64, not "
           << lanes;
  if (vectors < 1 || vectors > 64)
    return emitError() << "alternative: vectors must be from 1 to 64, not "
                       << vectors;
  if (rows < 0 || rows > 64 || (rows && !llvm::isPowerOf2_64(rows)))
    return emitError() << "alternative: rows must be a power of two from 1 to "
                          "64, not "
                       << rows;
  if (prefetch < 0 || prefetch > 64)
    return emitError() << "alternative: prefetch must be from 0 to 64, not "
                       << prefetch;
  return success();
}

/// What a strategy asks of its alternative.
static LogicalResult verifyStrategy(EmitError emitError, Layout layout,
                                    int64_t maxColumns, int64_t minRows,
                                    Strategy strategy, int64_t lanes,
                                    int64_t vectors, int64_t rows,
                                    Staging staging, TailMode tail,
                                    bool scalable) {
  auto error = [&]() {
    return emitError() << "alternative: strategy '"
                       << stringifyStrategy(strategy) << "' ";
  };
  if (readsRows(strategy) && layout != Layout::Row)
    return error() << "reads contiguous rows: its guard must say layout = row";
  if ((strategy == Strategy::LanesInner || strategy == Strategy::Panels) &&
      layout != Layout::Inner)
    return error() << "reads along a contiguous inner dimension: its guard "
                      "must say layout = inner";
  if ((strategy == Strategy::Pipe3) != (rows != 0))
    return error() << (rows ? "has one row in flight: drop `rows`; only pipe3 "
                              "takes it"
                            : "takes rows in batches: say `rows`, how many");
  if ((strategy == Strategy::Pipe3 || strategy == Strategy::Pipe2 ||
       strategy == Strategy::LanesRows) &&
      minRows < 1)
    return error() << "needs a row to begin with: its guard must say min_rows "
                      "= 1 or more";
  if ((strategy == Strategy::Pipe3 || strategy == Strategy::LanesRows ||
       strategy == Strategy::Registers) &&
      maxColumns == 0)
    return error() << "holds short rows: its guard must say max_columns";
  if (strategy == Strategy::Registers && maxColumns > lanes * vectors)
    return error() << "holds lanes x vectors = " << lanes * vectors
                   << " elements: max_columns must be between 1 and that";
  if (scalable && strategy != Strategy::Scalable &&
      strategy != Strategy::LanesInner)
    return error() << "has vectors of a fixed length: leave scalable out or "
                      "use scalable or lanes_inner";
  if (!scalable && strategy == Strategy::Scalable)
    return error() << "has vectors of any length: add scalable = true or use "
                      "three_pass";
  if (scalable && tail != TailMode::Masked)
    return emitError() << "alternative: tails of vectors of any length are "
                          "masked: write tail = masked";
  bool stagesNothing = strategy == Strategy::Registers ||
                       strategy == Strategy::LanesRows ||
                       strategy == Strategy::Online;
  if (stagesNothing && staging != Staging::Recompute)
    return error() << "stages nothing: staging must be recompute";
  if (strategy == Strategy::Panels && staging != Staging::Scratch)
    return error() << "packs panels: staging must be scratch";
  if (staging == Staging::Output && strategy != Strategy::ThreePass &&
      strategy != Strategy::LanesInner && strategy != Strategy::Scalable)
    return error() << "cannot stage in the destination; use staging = scratch "
                      "or recompute";
  return success();
}

LogicalResult
AlternativeAttr::verify(EmitError emitError, Layout layout, int64_t minColumns,
                        int64_t maxColumns, int64_t minRows, int64_t minBytes,
                        Strategy strategy, int64_t lanes, int64_t vectors,
                        int64_t rows, Staging staging, TailMode tail,
                        int64_t prefetch, StoreMode stores, bool scalable) {
  if (failed(verifyNumbers(emitError, minColumns, maxColumns, minRows, minBytes,
                           lanes, vectors, rows, prefetch)))
    return failure();
  bool streams = strategy == Strategy::Pipe2 || strategy == Strategy::Online ||
                 strategy == Strategy::Panels;
  if ((prefetch != 0 || stores != StoreMode::Ordinary) && !streams)
    return emitError() << "alternative: strategy '"
                       << stringifyStrategy(strategy)
                       << "' takes neither prefetch nor nontemporal stores; "
                          "pipe2, online and panels do";
  return verifyStrategy(emitError, layout, maxColumns, minRows, strategy, lanes,
                        vectors, rows, staging, tail, scalable);
}

LogicalResult ScheduleAttr::verify(EmitError emitError, NumericAttr numeric,
                                   ArrayRef<AlternativeAttr> alternatives) {
  if (alternatives.empty())
    return emitError() << "schedule: at least one alternative is needed";
  int64_t group = numeric.getGroup(), block = numeric.getBlock();
  for (AlternativeAttr alternative : alternatives) {
    Strategy strategy = alternative.getStrategy();
    auto bound = [&](StringRef what, int64_t most) {
      return emitError() << "schedule: strategy '"
                         << stringifyStrategy(strategy) << "' holds rows of up "
                         << "to a " << what << " of " << most
                         << " elements, but its alternative says max_columns = "
                         << alternative.getMaxColumns();
    };
    if (alternative.getScalable() && (numeric.getExp() == ExpForm::Table8 ||
                                      numeric.getExp() == ExpForm::Table16))
      return emitError()
             << "schedule: strategy '" << stringifyStrategy(strategy)
             << "' has vectors of any length, but exp = "
             << stringifyExpForm(numeric.getExp())
             << " looks its table up in registers of a fixed one; use exp = "
                "scaled, or leave scalable out";
    if (strategy == Strategy::Pipe3 && alternative.getMaxColumns() > block)
      return bound("block", block);
    if (strategy == Strategy::LanesRows && alternative.getMaxColumns() > group)
      return bound("group", group);
    if (strategy == Strategy::Registers && alternative.getMaxColumns() > block)
      return bound("block", block);
  }
  // A sum along an inner dimension has an order of its own, which must not
  // depend on the number of rows or bytes (C-DET-1).
  for (size_t i = 0; i < alternatives.size(); ++i) {
    AlternativeAttr alternative = alternatives[i];
    if (alternative.getLayout() != Layout::Inner ||
        (!alternative.getMinRows() && !alternative.getMinBytes()))
      continue;
    auto takesTheRest = [&](AlternativeAttr other) {
      return other.getLayout() == Layout::Inner && !other.getMinRows() &&
             !other.getMinBytes() &&
             other.getMinColumns() <= alternative.getMinColumns() &&
             (!other.getMaxColumns() ||
              (alternative.getMaxColumns() &&
               alternative.getMaxColumns() <= other.getMaxColumns()));
    };
    if (llvm::none_of(alternatives.drop_front(i + 1), takesTheRest))
      return emitError()
             << "schedule: strategy '"
             << stringifyStrategy(alternative.getStrategy())
             << "' is guarded by min_rows or min_bytes, so an alternative with "
                "layout = inner and neither must follow for the same columns: "
                "a row's bits do not depend on how many there are";
  }
  AlternativeAttr last = alternatives.back();
  if (last.getLayout() != Layout::Any || last.getMinColumns() != 0 ||
      last.getMaxColumns() != 0 || last.getMinRows() != 0 ||
      last.getMinBytes() != 0)
    return emitError() << "schedule: the last alternative must be "
                          "unconditional (layout = any, and none of "
                          "min_columns, max_columns, min_rows and min_bytes)";
  return success();
}
