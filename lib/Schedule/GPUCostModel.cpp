// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/GPUCostModel.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::softmax;

/// From a load to its value when memory is busy.  With Little's law: 20 KB in
/// flight per multiprocessor fill an H100's memory, 40 KB a B200's.
static constexpr double memorySeconds = 0.8e-6;
/// One exchange among the threads of a block (shuffles, a barrier, f64), and
/// among those of a warp.
static constexpr double blockExchangeSeconds = 0.25e-6;
static constexpr double warpExchangeSeconds = 0.1e-6;
/// A cluster's two barriers and the remote loads between them.
static constexpr double clusterExchangeSeconds = 1e-6;
/// Merging the statistics of one more block.
static constexpr double mergeSeconds = 0.06e-6;
/// A kernel behind another one on the same stream.
static constexpr double launchSeconds = 2.5e-6;
/// Of softmax, counted in SASS (docs/GPU.md), on sm_90 in the default accuracy;
/// and what computing an exponential once more takes, from shared memory.
static double instructionsPerElement(const GPUKernelShape &shape,
                                     bool recomputes) {
  if (shape.largestBytes > 4)
    return 37 + (recomputes ? 26 : 0);
  if (shape.largestBytes == 4)
    return 20 + (recomputes ? 13 : 0);
  return 11 + (recomputes ? 6 : 0);
}
/// How much faster than its share of the memory one multiprocessor can be fed.
static constexpr double aloneFactor = 4;
/// Registers of a thread beside its elements and their exponentials.
static constexpr int64_t otherRegisters = 48;
/// Shared memory of exchanges: 5 KB for a cluster and f64, by ptxas, and room
/// for a second statistic.
static constexpr int64_t staticSharedBytes = 8192;

/// Groups of threads that hold a block each.
static int64_t groupsOf(const GPUCandidate &c) {
  return c.threads * c.lanes * c.vectors / kGPUBlock;
}

int64_t mlir::softmax::getSharedBlocks(const GPUCandidate &candidate) {
  int64_t blocks = llvm::divideCeil(candidate.maxColumns, kGPUBlock);
  if (candidate.strategy == GPUStrategyKind::BlockShared)
    return blocks;
  if (candidate.strategy != GPUStrategyKind::ClusterPerRow)
    return 0;
  int64_t own = llvm::divideCeil(blocks, candidate.cluster);
  return own > groupsOf(candidate) ? own : 0;
}

int64_t mlir::softmax::getSharedBytes(const GPUKernelShape &shape,
                                      int64_t blocks) {
  return blocks * kGPUBlock * shape.bytesRead;
}

int64_t mlir::softmax::getMostSharedBlocks(const GPUKernelShape &shape,
                                           const GPUDescription &chip,
                                           int64_t residentBlocks) {
  int64_t bytes = chip.sharedBytes / residentBlocks - chip.reservedSharedBytes -
                  staticSharedBytes;
  return std::max<int64_t>(0, bytes) /
         (kGPUBlock * std::max(1u, shape.bytesRead));
}

static int64_t countResident(const GPUKernelShape &shape, const GPUCandidate &c,
                             const GPUDescription &chip) {
  int64_t held = c.lanes * c.vectors * std::max(4u, shape.heldBytes) / 4;
  int64_t registers = std::min<int64_t>(255, otherRegisters + 2 * held);
  bool inRegisters =
      c.strategy == GPUStrategyKind::ClusterPerRow && getSharedBlocks(c) == 0;
  if (inRegisters && groupsOf(c) == 1 && shape.keepsLittle &&
      c.lanes <= kGPUFewRegistersLanes)
    registers = kGPUFewRegisters;
  int64_t resident =
      std::min<int64_t>({chip.blocks, chip.threads / c.threads,
                         chip.registers / (registers * c.threads)});
  if (int64_t blocks = getSharedBlocks(c))
    resident = std::min<int64_t>(
        resident,
        chip.sharedBytes / (getSharedBytes(shape, blocks) +
                            chip.reservedSharedBytes + staticSharedBytes));
  return std::max<int64_t>(1, resident);
}

GPUCost mlir::softmax::modelGPUCost(const GPUKernelShape &shape,
                                    const GPUCandidate &c,
                                    const GPUDescription &chip, int64_t columns,
                                    std::optional<int64_t> rows) {
  using Kind = GPUStrategyKind;
  columns = std::max<int64_t>(1, columns);
  int64_t blocks = llvm::divideCeil(columns, shape.block());
  double perElement = modelTraffic(shape, c).bytesPerElement;
  double memoryShare = chip.bandwidth / chip.multiprocessors;
  bool inRow = c.strategy == Kind::RowsPerWarp ||
               c.strategy == Kind::WarpPerRow || c.strategy == Kind::LanesInner;
  bool split = c.strategy == Kind::SplitRow;

  // A unit is what works on its rows together: a block, a cluster, or the
  // blocks over which a row is split.
  double rowsOfUnit = std::max<int64_t>(1, c.rows);
  int64_t blocksOfUnit = std::max<int64_t>(1, split ? blocks : c.cluster);
  int64_t blocksEach = llvm::divideCeil(blocks, blocksOfUnit);
  // Of the thread block that has most.
  double elements =
      rowsOfUnit * std::min<int64_t>(columns, blocksEach * shape.block());

  GPUCost cost;
  cost.residentBlocks = countResident(shape, c, chip);
  double inFlight = std::min<double>(elements, c.threads * c.lanes * c.vectors);
  cost.bytesInFlight = cost.residentBlocks * inFlight * shape.bytesRead;

  // One unit by itself.
  bool sweepsAgain = perElement > shape.bytesRead + shape.bytesWritten;
  double loads = 1;
  if (c.strategy == Kind::BlockOnline || c.strategy == Kind::LanesInner)
    loads = sweepsAgain ? blocksEach + 1 : blocksEach;
  if (split)
    loads = 2;
  // Held in registers, the blocks of a thread block go side by side.
  bool held = c.strategy == Kind::BlockPerRow ||
              (c.strategy == Kind::ClusterPerRow && getSharedBlocks(c) == 0);
  int64_t inTurn = held ? 1 : blocksEach;
  bool recomputes = shape.elementwiseResults && blocks > 1 && !held;
  double perRowElement = instructionsPerElement(shape, recomputes);
  double alone =
      loads * memorySeconds +
      elements * perElement / (aloneFactor * memoryShare) +
      elements * perRowElement / chip.issueRate +
      2 * inTurn * (inRow ? warpExchangeSeconds : blockExchangeSeconds);
  if (blocks > 1)
    alone += blocks * mergeSeconds;
  if (c.strategy == Kind::ClusterPerRow)
    alone += clusterExchangeSeconds;

  // Many of them: the slowest of latency, memory and issue.
  double bytes = rowsOfUnit * columns * perElement;
  double unitsResident = double(cost.residentBlocks) / blocksOfUnit;
  double all = rowsOfUnit * columns * perRowElement;
  double secondsOfUnit = std::max(
      {alone / (unitsResident * chip.multiprocessors), bytes / chip.bandwidth,
       all / (chip.issueRate * chip.multiprocessors)});
  double bound =
      columns * double(shape.bytesRead + shape.bytesWritten) / chip.bandwidth;
  if (!rows) {
    cost.seconds = secondsOfUnit / rowsOfUnit;
    cost.share = bound / cost.seconds;
    return cost;
  }
  double units = llvm::divideCeil(*rows, static_cast<int64_t>(rowsOfUnit));
  cost.seconds =
      (split ? 2 : 1) * launchSeconds + std::max(alone, units * secondsOfUnit);
  cost.share = bound * double(*rows) / cost.seconds;
  return cost;
}
