// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/GPUSchedule.h"

#include "GPULongRows.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::softmax;

/// Elements that a thread holds, at most: 32 f32 are 32 registers, and as many
/// for the exponentials.
static constexpr int64_t mostHeld = 32;
/// Threads per row where a warp has several.
static int64_t shortRowThreads(const GPUDescription &chip) {
  return std::min<int64_t>(8, chip.warpSize / 2);
}
/// Bytes of a thread's registers for a block of the rows that it has to itself:
/// half of them, what is kept per row takes as many.  For AMD's chips LLVM
/// unrolls the loop over a few blocks and keeps more: gradients would spill.
static int64_t mostInnerBytes(const GPUDescription &chip) {
  return chip.kind == GPUKind::AMD ? 256 : 512;
}
/// Rows that a thread has to itself, for short ones.
static constexpr int64_t mostInnerRows = 8;
/// Threads of a block of several warps with a row each, and of others whose
/// threads have rows of their own.
static int64_t warpBlock(const GPUDescription &chip) {
  return std::max<int64_t>(128, int64_t(4) * chip.warpSize);
}

llvm::StringRef mlir::softmax::toString(GPUStrategyKind kind) {
  switch (kind) {
  case GPUStrategyKind::RowsPerWarp:
    return "rows_per_warp";
  case GPUStrategyKind::WarpPerRow:
    return "warp_per_row";
  case GPUStrategyKind::BlockPerRow:
    return "block_per_row";
  case GPUStrategyKind::BlockOnline:
    return "block_online";
  case GPUStrategyKind::LanesInner:
    return "lanes_inner";
  case GPUStrategyKind::ClusterPerRow:
    return "cluster_per_row";
  case GPUStrategyKind::SplitRow:
    return "split_row";
  case GPUStrategyKind::BlockShared:
    return "block_shared";
  }
  llvm_unreachable("a strategy");
}

std::optional<GPUStrategyKind>
mlir::softmax::parseGPUStrategy(llvm::StringRef name) {
  for (GPUStrategyKind kind :
       {GPUStrategyKind::RowsPerWarp, GPUStrategyKind::WarpPerRow,
        GPUStrategyKind::BlockPerRow, GPUStrategyKind::BlockOnline,
        GPUStrategyKind::LanesInner, GPUStrategyKind::ClusterPerRow,
        GPUStrategyKind::SplitRow, GPUStrategyKind::BlockShared})
    if (toString(kind) == name)
      return kind;
  return std::nullopt;
}

std::string mlir::softmax::listGPUStrategies() {
  return "rows_per_warp, warp_per_row, block_per_row, block_shared, "
         "cluster_per_row, split_row, block_online or lanes_inner";
}

namespace {
class Lister {
public:
  Lister(const GPUKernelShape &shape, const GPUDescription &chip)
      : shape(shape) {
    lanes = std::max<int64_t>(1, chip.accessBytes / shape.largestBytes);
    // Wider elements, and several inputs, leave room for fewer.
    held = shape.heldBytes <= 4 ? mostHeld : mostHeld / 2;
    lanes = std::min({lanes, held, int64_t(chip.accessElements)});
    wide = kGPUBlock / held;
  }

  GPUCandidate make(GPUStrategyKind strategy, int64_t from, int64_t most,
                    int64_t threads, int64_t vectors, int64_t rows) {
    GPUCandidate c;
    c.strategy = strategy;
    c.minColumns = from;
    c.maxColumns = most;
    c.threads = threads;
    c.lanes = lanes;
    c.vectors = vectors;
    c.rows = rows;
    return c;
  }
  /// Of a strategy whose thread blocks work on whole blocks of rows.
  GPUCandidate makeOfBlocks(GPUStrategyKind strategy) {
    return make(strategy, 0, 0, wide, held / lanes, 0);
  }

  /// Kernels for ever longer rows: with the vectors per thread that a known
  /// length takes, else with a few numbers of them.
  void addHolders(GPUStrategyKind strategy, int64_t threads, int64_t rowThreads,
                  int64_t rows, int64_t mostColumns, int64_t &from) {
    for (int64_t vectors = 1; vectors * lanes <= held; ++vectors) {
      // 1, 2, 3, 4, 6, 8, 12, 16, ...
      bool offered = llvm::isPowerOf2_64(vectors) ||
                     (vectors % 3 == 0 && llvm::isPowerOf2_64(vectors / 3));
      int64_t most = std::min(rowThreads * vectors * lanes, mostColumns);
      if (most < from || (!shape.columns && !offered))
        continue;
      bool last = most == mostColumns;
      if (!shape.columns || (*shape.columns >= from && *shape.columns <= most))
        list.push_back(make(strategy, from, most, threads, vectors, rows));
      if (shape.columns.value_or(most + 1) <= most)
        break;
      if (!shape.columns)
        from = most + 1;
      if (last)
        break;
    }
  }

  llvm::SmallVector<GPUCandidate> list;
  int64_t lanes, held, wide;

private:
  const GPUKernelShape &shape;
};
} // namespace

/// Of rows that are not contiguous a thread has one or more to itself, in
/// blocks of what its registers hold: as many as one access brings elements of,
/// were there rows enough.
static llvm::SmallVector<GPUCandidate>
listInner(const GPUKernelShape &shape, const GPUDescription &chip, bool force) {
  llvm::SmallVector<GPUCandidate> list;
  auto add = [&](int64_t vectors, bool whole) {
    GPUCandidate c;
    c.strategy = GPUStrategyKind::LanesInner;
    c.threads = warpBlock(chip);
    c.vectors = vectors;
    c.maxColumns = whole ? vectors : 0;
    c.lanes =
        std::min({mostInnerRows, shape.sideBySide, int64_t(chip.accessElements),
                  int64_t(chip.accessBytes / shape.largestBytes)});
    while (c.lanes > 1 &&
           c.lanes * vectors * int64_t(shape.keptBytes) > mostInnerBytes(chip))
      c.lanes /= 2;
    // Two blocks for every multiprocessor, or narrower vectors, and then
    // smaller blocks.
    auto leastRows = [&](int64_t lanes) {
      return int64_t(2) * chip.multiprocessors * c.threads * lanes;
    };
    if (shape.rows && !force) {
      while (c.lanes > 1 && *shape.rows < leastRows(c.lanes))
        c.lanes /= 2;
      while (c.threads > std::max(32u, chip.warpSize) &&
             *shape.rows < leastRows(1))
        c.threads /= 2;
    } else if (c.lanes > 1 && !force) {
      GPUCandidate few = c;
      few.lanes = 1;
      few.rows = few.threads;
      few.maxRows = leastRows(c.lanes) - 1;
      list.push_back(few);
    }
    c.rows = c.threads * c.lanes;
    list.push_back(c);
  };
  int64_t columns = shape.columns.value_or(kGPUInnerBlock);
  if (columns <= kGPUInnerBlock)
    add(std::max<int64_t>(1, columns), /*whole=*/true);
  if (!shape.columns || columns > kGPUInnerBlock)
    add(kGPUInnerBlock, /*whole=*/false);
  return list;
}

llvm::Expected<llvm::SmallVector<GPUCandidate>>
mlir::softmax::chooseGPUKernels(const GPUKernelShape &shape,
                                const GPUDescription &chip,
                                std::optional<GPUStrategyKind> force) {
  if (!shape.contiguous || force == GPUStrategyKind::LanesInner) {
    if (shape.contiguous || (force && *force != GPUStrategyKind::LanesInner))
      return llvm::createStringError(
          "strategy '" + toString(*force).str() + "' runs rows that are " +
          (shape.contiguous
               ? "not contiguous, and these are; use block_online"
               : "contiguous, and these are not; use lanes_inner") +
          ", or no strategy");
    return listInner(shape, chip, force.has_value());
  }
  Lister lister(shape, chip);
  auto uses = [&](GPUStrategyKind kind) { return !force || *force == kind; };
  int64_t from = 0;
  int64_t most = 0;
  if (uses(GPUStrategyKind::RowsPerWarp)) {
    // Fewer threads compute what is computed per row; more would leave some
    // without elements.
    int64_t threads = shortRowThreads(chip);
    most = threads * std::min<int64_t>(lister.held, 4 * lister.lanes);
    lister.addHolders(GPUStrategyKind::RowsPerWarp, warpBlock(chip), threads,
                      warpBlock(chip) / threads, most, from);
  }
  if (uses(GPUStrategyKind::WarpPerRow) &&
      (!shape.columns || lister.list.empty())) {
    most = chip.warpSize * lister.held;
    lister.addHolders(GPUStrategyKind::WarpPerRow, warpBlock(chip),
                      chip.warpSize, warpBlock(chip) / chip.warpSize, most,
                      from);
  }
  if (uses(GPUStrategyKind::BlockPerRow)) {
    // As few threads as hold a row: each computes what is computed per row.
    for (int64_t threads =
             std::min<int64_t>(int64_t(2) * chip.warpSize, lister.wide);
         threads <= lister.wide; threads *= 2) {
      most = threads * lister.held;
      if (!shape.columns || lister.list.empty())
        lister.addHolders(GPUStrategyKind::BlockPerRow, threads, threads, 0,
                          most, from);
    }
  }
  if (!lister.list.empty() && shape.columns)
    return lister.list;
  bool longRows = uses(GPUStrategyKind::BlockOnline) ||
                  (uses(GPUStrategyKind::BlockPerRow) &&
                   chip.kind == GPUKind::NVIDIA && !shape.selects) ||
                  uses(GPUStrategyKind::BlockShared) ||
                  uses(GPUStrategyKind::ClusterPerRow) ||
                  uses(GPUStrategyKind::SplitRow);
  if (force && !longRows)
    return llvm::createStringError(
        "strategy '" + toString(*force).str() + "' holds rows of up to " +
        std::to_string(most) + " columns, and these have " +
        (shape.columns ? std::to_string(*shape.columns) : "any number") +
        "; use block_online, or no strategy to have it where it is needed");
  GPUCandidate c = lister.makeOfBlocks(GPUStrategyKind::BlockOnline);
  if (shape.selects) {
    // The others have no list of the largest elements.
    if (force && *force != GPUStrategyKind::BlockOnline)
      return llvm::createStringError(
          "strategy '" + toString(*force).str() +
          "' has no list of the largest elements, which the op selects; use "
          "block_online, or no strategy");
    lister.list.push_back(c);
    return lister.list;
  }
  c.minColumns = force ? 0 : kGPUBlock + 1;
  llvm::Expected<llvm::SmallVector<GPUCandidate>> rest =
      chooseForLongRows(shape, chip, force, c);
  if (!rest)
    return rest;
  lister.list.append(*rest);
  return lister.list;
}

GPUTraffic mlir::softmax::modelTraffic(const GPUKernelShape &shape,
                                       const GPUCandidate &candidate) {
  unsigned once = shape.bytesRead + shape.bytesWritten;
  GPUTraffic traffic;
  traffic.bytesPerElement = once;
  bool twice = candidate.strategy == GPUStrategyKind::BlockOnline ||
               candidate.strategy == GPUStrategyKind::SplitRow ||
               (candidate.strategy == GPUStrategyKind::LanesInner &&
                candidate.maxColumns == 0);
  if (twice && shape.elementwiseResults)
    traffic.bytesPerElement += shape.bytesRead;
  traffic.shareOfBound = double(once) / traffic.bytesPerElement;
  return traffic;
}
