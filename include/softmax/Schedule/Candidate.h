// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the CPU cost model and the choice of strategies talk about: an op as
// plain numbers, and one way to run it.

#ifndef SOFTMAX_SCHEDULE_CANDIDATE_H
#define SOFTMAX_SCHEDULE_CANDIDATE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

namespace mlir::softmax {

/// What the model knows of an op.
struct KernelShape {
  /// Elements of a row and number of rows; nullopt where dynamic.
  std::optional<int64_t> columns, rows;
  /// Bits of the compute type (32 or 64) and of the narrowest element of an
  /// operand along the row.
  unsigned computeBits = 32;
  unsigned narrowestBits = 32;
  /// Bytes read and written per element of the row, over all operands.
  unsigned bytesRead = 4;
  unsigned bytesWritten = 4;
  /// Of those read, what the statistics read; the results may read more.
  unsigned bytesReduced = 4;
  /// Statistics' passes over the logits, not counting conditional ones.
  unsigned passes = 2;
  /// Whether exponentials are formed, and wanted again by the results.
  bool exponentials = true;
  bool elementwiseResults = true;
  /// Whether there is anything to reduce, conditional passes included.
  bool reduces = true;
  /// Whether exponentials can wait in the destination.
  bool stagesInOutput = true;
  /// Whether results may go past the caches: there is one of them.
  bool streamable = true;
  /// Whether an element needs no more than one statistic's exponentials, so
  /// that panels can be packed.
  bool packsPanels = true;
  /// Whether elements are selected from single rows, which rules out strategies
  /// with a row per lane.
  bool selects = false;
  /// Whether rows end before their last element, each at a bound of its own.
  bool endsEarly = false;
  /// Entries of the exponentials' table; 0 without one.
  unsigned tableEntries = 0;
  /// Exponentials as pairs (accuracy = strict).
  bool strict = false;
  /// Which layout classes the operands' types allow; where they promise the
  /// class, no run-time guard remains.
  bool rowPossible = true, rowCertain = false;
  bool innerPossible = false, innerCertain = false;

  unsigned bytesPerElement() const { return bytesRead + bytesWritten; }
};

enum class StrategyKind {
  Registers,
  ThreePass,
  LanesInner,
  Packed,
  Pipe3,
  Pipe2,
  Online,
  LanesRows,
  Panels,
  Scalable
};
enum class StagingKind { Recompute, Output, Scratch };
enum class TailKind { Masked, MaskedLoads, Pieces };
enum class LayoutKind { Any, Row, Inner };

/// All strategies, those for rows first.
llvm::ArrayRef<StrategyKind> allStrategies();
/// "registers", "three_pass", ...
llvm::StringRef toString(StrategyKind kind);
/// Nullopt for an unknown name.
std::optional<StrategyKind> parseStrategy(llvm::StringRef name);
/// All names, for messages: "lanes_rows, registers, ... or packed".
std::string listStrategies();

/// One alternative of a schedule.
struct Candidate {
  LayoutKind layout = LayoutKind::Any;
  /// Least and largest row length of the guard; 0 if none.
  int64_t minColumns = 0;
  int64_t maxColumns = 0;
  /// Least number of rows of the guard; 0 if none.
  int64_t minRows = 0;
  /// Least bytes that all rows read and write of the guard; 0 if none.
  int64_t minBytes = 0;
  StrategyKind strategy = StrategyKind::Packed;
  StagingKind staging = StagingKind::Recompute;
  int64_t lanes = 1;
  int64_t vectors = 1;
  /// Rows in flight; 0 for one.
  int64_t rows = 0;
  TailKind tail = TailKind::Pieces;
  /// Rows (or elements of a panel) ahead that data is asked for; 0 if not.
  int64_t prefetch = 0;
  /// Whether results go past the caches.
  bool nontemporal = false;
  /// Whether `lanes` is the least length of vectors of any length.
  bool scalable = false;

  bool operator==(const Candidate &other) const {
    auto all = [](const Candidate &c) {
      return std::make_tuple(c.layout, c.minColumns, c.maxColumns, c.minRows,
                             c.minBytes, c.strategy, c.staging, c.lanes,
                             c.vectors, c.rows, c.tail, c.prefetch,
                             c.nontemporal, c.scalable);
    };
    return all(*this) == all(other);
  }
};

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_CANDIDATE_H
