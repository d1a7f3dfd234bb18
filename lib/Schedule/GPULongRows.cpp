// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "GPULongRows.h"

#include "softmax/Schedule/GPUCostModel.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::softmax;
using Kind = GPUStrategyKind;

/// Clusters of more blocks need an attribute of their function, and are not
/// everywhere to be had.
static constexpr int64_t portableCluster = 8;
/// Threads of a thread block with several blocks in registers: a thread has 64
/// registers where a multiprocessor runs two of them.
static constexpr int64_t mostGroupThreads = 512;
/// What another kernel must gain to be worth being another one.
static constexpr double worthIt = 0.95;
/// And what one must gain that forms exponentials twice: instructions were
/// counted, latencies are modelled.
static constexpr double worthComputing = 0.85;
/// Blocks of rows up to which kernels for dynamic lengths are compared.
static constexpr int64_t comparedBlocks = 256;

namespace {
class LongRows {
public:
  LongRows(const GPUKernelShape &shape, const GPUDescription &chip,
           std::optional<Kind> force, const GPUCandidate &online)
      : shape(shape), chip(chip), force(force), online(online) {}

  llvm::Expected<llvm::SmallVector<GPUCandidate>> choose();

private:
  bool uses(Kind kind) const { return !force || *force == kind; }
  /// One that takes rows of up to `most` blocks; in registers where a thread
  /// block has `groups` groups of threads for them.
  GPUCandidate holder(Kind kind, int64_t most, int64_t cluster,
                      int64_t groups = 1) const {
    GPUCandidate c = online;
    c.strategy = kind;
    c.maxColumns = most * kGPUBlock;
    c.cluster = cluster;
    c.threads *= groups;
    return c;
  }
  /// Groups of threads of a thread block, each with a block in registers.
  int64_t mostGroups() const {
    return std::max<int64_t>(1, mostGroupThreads / online.threads);
  }
  /// Those that read once, by ever longer rows.
  void listHolders();
  /// The best for rows of `blocks` blocks, full or with one element in the
  /// last; many rows.
  const GPUCandidate &bestFor(int64_t blocks) const;
  double secondsOf(const GPUCandidate &c, int64_t blocks,
                   std::optional<int64_t> rows = std::nullopt) const {
    // Where the length is known it is the only one of its kernel.
    int64_t columns = shape.columns.value_or(blocks * kGPUBlock);
    return modelGPUCost(shape, c, chip, columns, rows).seconds;
  }
  /// The most rows for which a row of `blocks` blocks is better split.
  int64_t mostSplitRows(int64_t blocks) const;
  void addSplit(int64_t leastBlocks, int64_t mostBlocks);
  std::string refuse() const;

  const GPUKernelShape &shape;
  const GPUDescription &chip;
  std::optional<Kind> force;
  const GPUCandidate &online;
  llvm::SmallVector<GPUCandidate> holders, list;
};
} // namespace

void LongRows::listHolders() {
  // Without element-wise results online reads once, too.
  if (!shape.elementwiseResults && !force)
    return;
  int64_t most = getMostSharedBlocks(shape, chip, 1);
  int64_t two = getMostSharedBlocks(shape, chip, 2);
  // First those that hold a row in registers: they compute least.
  int64_t clusters = std::min<int64_t>(chip.clusterBlocks, portableCluster);
  if (uses(Kind::BlockPerRow))
    for (int64_t groups = 2; groups <= mostGroups(); groups *= 2)
      holders.push_back(holder(Kind::BlockPerRow, groups, 0, groups));
  if (uses(Kind::ClusterPerRow))
    for (int64_t cluster = 2; cluster <= clusters; cluster *= 2)
      for (int64_t groups = 1; groups <= mostGroups(); groups *= 2)
        holders.push_back(
            holder(Kind::ClusterPerRow, cluster * groups, cluster, groups));
  if (uses(Kind::BlockShared))
    for (int64_t blocks : {int64_t(2), two, most})
      if (blocks >= 1 && blocks <= most)
        holders.push_back(holder(Kind::BlockShared, blocks, 0));
  if (uses(Kind::ClusterPerRow))
    for (int64_t cluster = 2; cluster <= clusters; cluster *= 2)
      for (int64_t blocks : {two, most})
        if (blocks > mostGroups())
          holders.push_back(
              holder(Kind::ClusterPerRow, cluster * blocks, cluster));
  // One that is behind even with the longest of its rows is not offered.
  if (!force)
    llvm::erase_if(holders, [&](const GPUCandidate &c) {
      int64_t blocks = c.maxColumns / kGPUBlock;
      return secondsOf(online, blocks) < worthIt * secondsOf(c, blocks);
    });
}

const GPUCandidate &LongRows::bestFor(int64_t blocks) const {
  const GPUCandidate *best = nullptr;
  double bestSeconds = 0;
  auto consider = [&](const GPUCandidate &c) {
    double seconds = secondsOf(c, blocks);
    bool computesMore =
        best && getSharedBlocks(c) != 0 && getSharedBlocks(*best) == 0;
    if (best &&
        seconds >= bestSeconds * (computesMore ? worthComputing : worthIt))
      return;
    best = &c;
    bestSeconds = seconds;
  };
  for (const GPUCandidate &c : holders)
    if (c.maxColumns >= blocks * kGPUBlock)
      consider(c);
  // Rows that fit are read once.
  return best ? *best : online;
}

int64_t LongRows::mostSplitRows(int64_t blocks) const {
  const GPUCandidate &other = bestFor(blocks);
  GPUCandidate split = online;
  split.strategy = Kind::SplitRow;
  int64_t most = 0;
  for (int64_t rows = 1; rows <= 2 * int64_t(chip.multiprocessors); ++rows) {
    if (secondsOf(split, blocks, rows) >
        worthIt * secondsOf(other, blocks, rows))
      break;
    most = rows;
  }
  return most;
}

void LongRows::addSplit(int64_t leastBlocks, int64_t mostBlocks) {
  if (!uses(Kind::SplitRow))
    return;
  GPUCandidate split = online;
  split.strategy = Kind::SplitRow;
  if (force) {
    // A row without elements has no blocks.
    split.minColumns = shape.columns.value_or(0) > 0 ? 0 : 1;
    list.push_back(split);
    if (split.minColumns)
      list.push_back(online);
    return;
  }
  // From the first length on that gains for more than a handful of rows, as
  // many rows as every longer one does.
  int64_t from = 0, rows = 0;
  for (int64_t blocks = leastBlocks; blocks <= mostBlocks; ++blocks) {
    int64_t most = mostSplitRows(blocks);
    if (!shape.columns && most < int64_t(chip.multiprocessors) / 8)
      from = 0;
    else if (from == 0)
      from = blocks, rows = most;
    else
      rows = std::min(rows, most);
  }
  if (from == 0 || rows == 0)
    return;
  split.maxRows = rows;
  split.minColumns = shape.columns ? 0 : (from - 1) * kGPUBlock + 1;
  list.push_back(split);
}

std::string LongRows::refuse() const {
  int64_t most = 0;
  for (const GPUCandidate &c : holders)
    most = std::max(most, c.maxColumns);
  std::string name = toString(*force).str();
  if (*force == Kind::ClusterPerRow && chip.clusterBlocks < 2)
    return "strategy '" + name + "' needs clusters, which " + chip.name +
           " has not; use " +
           (shape.columns && *shape.columns <=
                                 kGPUBlock * getMostSharedBlocks(shape, chip, 1)
                ? "block_shared"
                : "block_online") +
           ", or a chip from sm_90 on";
  if (*force == Kind::BlockPerRow)
    most = std::max(most, kGPUBlock);
  if (most == 0)
    return "strategy '" + name +
           "' has no room for a block of rows in the shared memory of " +
           chip.name + "; use block_online";
  return "strategy '" + name + "' holds rows of up to " + std::to_string(most) +
         " columns, and these have " +
         (shape.columns ? std::to_string(*shape.columns) : "any number") +
         "; use block_online, or no strategy to have it where it is needed";
}

llvm::Expected<llvm::SmallVector<GPUCandidate>> LongRows::choose() {
  // What others launch, and how their blocks share memory, is not modelled.
  if (chip.kind != GPUKind::NVIDIA) {
    if (force && *force != Kind::BlockOnline)
      return llvm::createStringError(
          "strategy '" + toString(*force).str() +
          "' is of NVIDIA's GPUs; use block_online, or no strategy");
    list.push_back(online);
    list.back().minColumns = 0;
    return list;
  }
  listHolders();
  bool holds =
      force && (*force == Kind::BlockShared || *force == Kind::ClusterPerRow ||
                *force == Kind::BlockPerRow);
  int64_t known = llvm::divideCeil(shape.columns.value_or(0), kGPUBlock);
  if (shape.columns) {
    int64_t blocks = std::max<int64_t>(1, known);
    addSplit(blocks, blocks);
    if (force == Kind::SplitRow)
      return list;
    GPUCandidate best = bestFor(blocks);
    if (holds && best.strategy != *force)
      return llvm::createStringError(refuse());
    best.minColumns = 0;
    // What a known length needs, and no more.
    if (best.strategy != Kind::BlockOnline) {
      int64_t each =
          llvm::divideCeil(blocks, std::max<int64_t>(1, best.cluster));
      best.maxColumns = each * std::max<int64_t>(1, best.cluster) * kGPUBlock;
      if (getSharedBlocks(best) == 0)
        best.threads = online.threads * each;
    }
    list.push_back(best);
    return list;
  }
  if (holds)
    return llvm::createStringError(refuse());
  addSplit(2, comparedBlocks);
  if (force == Kind::SplitRow)
    return list;
  // Lengths with the same kernel are one range.
  int64_t most = 1;
  for (const GPUCandidate &c : holders)
    most = std::max(most, c.maxColumns / kGPUBlock);
  llvm::SmallVector<GPUCandidate> ranges;
  const GPUCandidate *last = nullptr;
  int64_t from = online.minColumns;
  for (int64_t blocks = 2; !force && blocks <= most; ++blocks) {
    const GPUCandidate *best = &bestFor(blocks);
    if (best != last) {
      ranges.push_back(*best);
      ranges.back().minColumns = from;
    }
    last = best;
    ranges.back().maxColumns = blocks * kGPUBlock;
    from = blocks * kGPUBlock + 1;
  }
  if (last == &online)
    ranges.pop_back();
  list.append(ranges);
  list.push_back(online);
  list.back().minColumns = 0;
  return list;
}

llvm::Expected<llvm::SmallVector<GPUCandidate>>
mlir::softmax::chooseForLongRows(const GPUKernelShape &shape,
                                 const GPUDescription &chip,
                                 std::optional<Kind> force,
                                 const GPUCandidate &online) {
  return LongRows(shape, chip, force, online).choose();
}
