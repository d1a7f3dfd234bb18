// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Constants were fitted to `tools/dev bench` and to every strategy forced on
// rows of 4 to 1M elements in each cache level, on a Zen 5 core (AVX-512); the
// ratios between strategies, which are what a choice needs, held on Zen 4.

#include "softmax/Schedule/CostModel.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir::softmax;

// Vector operations per vector, counted in the assembly of the generated loops.
// An exponential with its share of the sum: from a table, from a polynomial in
// f32, in f64, and as a pair.
static constexpr double kTableExpOps = 11, kExpOps = 14, kExpOps64 = 24;
static constexpr double kPairOps = 9;
// Loading and folding a maximum; a sum without exponentials; a result.
static constexpr double kMaxOps = 2, kSumOps = 3, kResultOps = 2;
// Conversions of a vector of 16-bit floats, with instructions for it and
// without.
static constexpr double kConvertOps = 2, kEmulatedConvertOps = 12;
// Vector operations that a busy core issues per cycle.
static constexpr double kOpsPerCycle = 2;
// What rows of several blocks cost pipe2 more: statistics are stored and merged
// block by block.
static constexpr double kBlockwiseRowCycles = 190;
// Of rows with ends of their own, the part that is expected to count.
static constexpr double kCountingPart = 0.5;
// An element moved by itself: address, load, store, a vector's lane.
static constexpr double kScalarCycles = 6;

namespace {
/// How a strategy keeps the core busy.
struct Traits {
  /// Cycles over those that the operations need at full rate.
  double factor;
  /// Cycles per row: horizontal reductions, references, reciprocals, loops.
  double rowCycles;
  /// Cycles per call: pipelines that fill and drain.
  double callCycles;
  /// Part of the shorter of operations and memory that the longer does not
  /// hide.
  double exposed;
};
} // namespace

static Traits traitsOf(StrategyKind kind) {
  switch (kind) {
  case StrategyKind::Registers:
    return {1.0, 105, 0, 0.5};
  case StrategyKind::ThreePass:
  case StrategyKind::Scalable:
    return {1.2, 190, 0, 0.3};
  case StrategyKind::Pipe3:
    return {1.0, 15, 200, 0.3};
  case StrategyKind::Pipe2:
    return {1.1, 150, 300, 0.1};
  case StrategyKind::Online:
    return {1.2, 250, 0, 0.1};
  case StrategyKind::LanesRows:
    return {1.0, 2.5, 60, 0.5};
  case StrategyKind::LanesInner:
    return {1.2, 10, 0, 1.0};
  case StrategyKind::Panels:
    return {1.1, 12, 300, 0.2};
  case StrategyKind::Packed:
    return {1.2, 190, 0, 1.0};
  }
  llvm_unreachable("all strategies handled");
}

/// Bytes per cycle of a copy in the level that holds `bytes`.  Of the third
/// level, which cores share, half counts.
static double bandwidth(double bytes, const TargetDescription &target) {
  if (bytes <= target.l1Bytes)
    return 110;
  if (bytes <= target.l2Bytes)
    return 55;
  if (bytes <= target.l3Bytes / 2.0)
    return 25;
  return 13;
}

/// Whether the candidate's code is for rows that a block holds.
static bool isSingleBlock(const Candidate &candidate,
                          const KernelShape &shape) {
  if (shape.columns)
    return *shape.columns <= kSumBlock;
  return candidate.maxColumns && candidate.maxColumns <= kSumBlock;
}

double mlir::softmax::bytesOf(const KernelShape &shape, const Work &work) {
  return double(work.columns) * work.rows * shape.bytesPerElement();
}

double mlir::softmax::modelCycles(const Candidate &candidate,
                                  const KernelShape &shape,
                                  const TargetDescription &target,
                                  const Work &work) {
  // Strategies that take rows one by one stop where they end, and write what is
  // left.
  StrategyKind strategy = candidate.strategy;
  if (shape.endsEarly &&
      (strategy == StrategyKind::ThreePass || strategy == StrategyKind::Pipe2 ||
       strategy == StrategyKind::Online)) {
    KernelShape whole = shape;
    whole.endsEarly = false;
    Work counting = {std::max<int64_t>(
                         static_cast<int64_t>(work.columns * kCountingPart), 1),
                     work.rows};
    double rest = shape.bytesWritten / bandwidth(bytesOf(shape, work), target);
    return kCountingPart * modelCycles(candidate, whole, target, counting) +
           (1 - kCountingPart) * rest;
  }
  double n = std::max<int64_t>(work.columns, 1);
  double rows = std::max<int64_t>(work.rows, 1);
  StrategyKind kind = candidate.strategy;
  Traits traits = traitsOf(kind);
  if (kind == StrategyKind::Pipe2 && !isSingleBlock(candidate, shape))
    traits.rowCycles += kBlockwiseRowCycles;
  bool inner = kind == StrategyKind::LanesInner || kind == StrategyKind::Panels;

  // Without asking for data ahead nothing hides it better than in three passes.
  // In memory that holds for pipe2, too, and where nothing is written pipe3
  // waits for all that it reads.
  double data = bytesOf(shape, work);
  bool far = data > target.l3Bytes / 2.0;
  if (candidate.prefetch == 0 &&
      (kind == StrategyKind::Online || (far && kind == StrategyKind::Pipe2)))
    traits.exposed = traitsOf(StrategyKind::ThreePass).exposed;
  if (far && kind == StrategyKind::Pipe3 && shape.bytesWritten == 0)
    traits.exposed = 1;

  // Operations.
  double expOps = shape.computeBits == 64 ? kExpOps64
                  : shape.tableEntries    ? kTableExpOps
                                          : kExpOps;
  if (shape.strict)
    expOps += kPairOps;
  double liftOps = shape.exponentials ? expOps : kSumOps;
  bool waits = shape.elementwiseResults &&
               (candidate.staging != StagingKind::Recompute ||
                kind == StrategyKind::Registers);
  double ops = shape.passes > 0 ? kMaxOps * (shape.passes - 1) + liftOps : 0;
  if (shape.elementwiseResults)
    ops += kResultOps + (waits || !shape.exponentials ? 0 : liftOps);
  if (shape.narrowestBits == 16) {
    double accesses = shape.bytesWritten ? shape.passes + 1 : shape.passes;
    if (kind == StrategyKind::Registers || inner)
      accesses = 2;
    ops += accesses * (target.f16c ? kConvertOps : kEmulatedConvertOps);
  }
  // Rows in lanes are transposed on their way in and out.
  if (kind == StrategyKind::LanesRows)
    ops += 3.0 * llvm::Log2_64(candidate.lanes);
  double lanes = candidate.lanes;
  double vectors = kind == StrategyKind::LanesRows || inner
                       ? n / lanes
                       : double(llvm::divideCeil(work.columns, lanes));
  double busy = vectors / n * ops / kOpsPerCycle * traits.factor;
  if (kind == StrategyKind::Packed)
    busy += 2 * kScalarCycles;

  // Memory: all data once, and what later passes read again.
  double speed = bandwidth(data, target);
  double memory = shape.bytesRead / speed;
  if (candidate.nontemporal)
    memory += shape.bytesWritten / bandwidth(1e18, target);
  else // A line is read before it is written.
    memory += shape.bytesWritten * (far ? 2 : 1) / speed;
  double rowBytes = n * shape.bytesPerElement() *
                    (inner ? double(candidate.lanes * candidate.vectors) : 1.0);
  bool rereads = kind == StrategyKind::ThreePass ||
                 kind == StrategyKind::Scalable ||
                 kind == StrategyKind::Pipe2 || kind == StrategyKind::Online ||
                 kind == StrategyKind::LanesInner ||
                 (kind == StrategyKind::Pipe3 && data > target.l2Bytes);
  if (rereads && rowBytes > target.l1Bytes) {
    // online and pipe2 take a block's maximum and sum while it is in cache.
    bool blockwise =
        kind == StrategyKind::Online || kind == StrategyKind::Pipe2;
    double again = shape.passes > 1 && !blockwise ? shape.passes - 1 : 0;
    if (shape.elementwiseResults)
      again += 1;
    memory += again * shape.bytesRead / bandwidth(rowBytes, target);
  }
  if (kind == StrategyKind::Packed)
    memory *= 2;

  double longer = std::max(busy, memory), shorter = std::min(busy, memory);
  return longer + traits.exposed * shorter + traits.rowCycles / n +
         traits.callCycles / (n * rows);
}
