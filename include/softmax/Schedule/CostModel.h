// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Which CPU strategy a softmax.generic runs, decided on plain numbers.

#ifndef SOFTMAX_SCHEDULE_COSTMODEL_H
#define SOFTMAX_SCHEDULE_COSTMODEL_H

#include "softmax/Schedule/TargetDescription.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace mlir::softmax {

/// What the model knows of an op.
struct KernelShape {
  /// Elements of a row and number of rows; nullopt where dynamic.
  std::optional<int64_t> columns, rows;
  /// Bits of the compute type (32 or 64) and of the narrowest and widest
  /// element of an operand along the row.
  unsigned computeBits = 32;
  unsigned narrowestBits = 32;
  /// Bytes read and written per element of the row, over all operands.
  unsigned bytesPerElement = 8;
  /// Statistics' passes over the logits, not counting conditional ones.
  unsigned passes = 2;
  /// Whether exponentials are formed, and wanted again by the results.
  bool exponentials = true;
  bool elementwiseResults = true;
  /// Whether exponentials can wait in the destination.
  bool stagesInOutput = true;
  /// Which layout classes the operands' types allow; where they promise the
  /// class, no run-time guard remains.
  bool rowPossible = true, rowCertain = false;
  bool innerPossible = false, innerCertain = false;
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

/// "registers", "three_pass", ...
llvm::StringRef toString(StrategyKind kind);
/// Nullopt for an unknown name.
std::optional<StrategyKind> parseStrategy(llvm::StringRef name);

/// One alternative of a schedule.
struct Candidate {
  LayoutKind layout = LayoutKind::Any;
  /// Largest row length of the guard; 0 if none.
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
  /// Rows ahead that data is asked for; 0 if not.
  int64_t prefetch = 0;
  /// Whether results go past the caches.
  bool nontemporal = false;
  /// Whether `lanes` is the least length of vectors of any length.
  bool scalable = false;
  /// Modelled cycles per element at `modelledColumns`.
  double cycles = 0;
  int64_t modelledColumns = 0;
};

/// Cycles per element of `candidate` on rows of `columns` elements: vector
/// operations at two per cycle, bytes moved at the speed of the cache level
/// that holds what a pass reads again, and a fixed cost per row.
double modelCycles(const Candidate &candidate, const KernelShape &shape,
                   const TargetDescription &target, int64_t columns);

/// The alternatives of a schedule, in order, the last unconditional.
/// `force` restricts them to one strategy (with `packed` behind it where the
/// types do not promise its guard); an error says why it cannot run.
llvm::Expected<llvm::SmallVector<Candidate>>
chooseAlternatives(const KernelShape &shape, const TargetDescription &target,
                   std::optional<StrategyKind> force);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_COSTMODEL_H
