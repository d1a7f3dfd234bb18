// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Schedule/GPUCostModel.h"

#include "gtest/gtest.h"

using namespace mlir::softmax;

namespace {

GPUDescription chip(llvm::StringRef name) {
  return llvm::cantFail(parseGPU(name));
}

llvm::SmallVector<GPUCandidate>
choose(const GPUKernelShape &shape, llvm::StringRef name = "sm_90",
       std::optional<GPUStrategyKind> force = std::nullopt) {
  auto list = chooseGPUKernels(shape, chip(name), force);
  if (list)
    return *list;
  ADD_FAILURE() << llvm::toString(list.takeError());
  return {};
}

std::string refusal(const GPUKernelShape &shape, GPUStrategyKind force) {
  auto list = chooseGPUKernels(shape, chip("sm_90"), force);
  return list ? "" : llvm::toString(list.takeError());
}

TEST(GPUSchedule, UnknownChip) {
  auto unknown = parseGPU("sm_42");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(llvm::toString(unknown.takeError()),
            "unknown chip 'sm_42'; use sm_75, sm_80, sm_90, sm_100, gfx90a, "
            "gfx942, gfx1100 or vulkan (later chips run the code of earlier "
            "ones)");
  auto other = parseGPU("gfx1101", GPUKind::AMD);
  ASSERT_FALSE(other);
  EXPECT_EQ(llvm::toString(other.takeError()),
            "unknown chip 'gfx1101'; use gfx90a, gfx942 or gfx1100 (code of "
            "one chip runs on no other; the nearest name is gfx1100)");
  auto vendor = parseGPU("gfx942", GPUKind::NVIDIA);
  EXPECT_FALSE(vendor);
  llvm::consumeError(vendor.takeError());
}

TEST(GPUSchedule, VulkanSubgroups) {
  GPUDescription whole = llvm::cantFail(parseGPU("vulkan"));
  EXPECT_EQ(whole.warpSize, 32u);
  GPUDescription wide = llvm::cantFail(parseGPU("vulkan:subgroup=64"));
  EXPECT_EQ(wide.name, "vulkan:subgroup=64");
  EXPECT_EQ(wide.warpSize, 64u);
  // 64 threads' integers do not fit 32 bits.
  EXPECT_TRUE(whole.reducesIntegers);
  EXPECT_FALSE(wide.reducesIntegers);
  for (llvm::StringRef name :
       {"vulkan:", "vulkan:64", "vulkan:subgroup=", "vulkan:subgroup=2",
        "vulkan:subgroup=48", "vulkan:subgroup=256", "vulkan2"})
    EXPECT_TRUE(llvm::errorToBool(parseGPU(name).takeError())) << name.str();
}

// Every length has exactly one kernel for many rows, which holds it.
TEST(GPUSchedule, RangesMeet) {
  for (llvm::StringRef name : {"sm_75", "sm_80", "sm_90", "sm_100"})
    for (unsigned bytes : {1, 2, 4, 8}) {
      GPUKernelShape shape;
      shape.largestBytes = shape.bytesRead = shape.bytesWritten = bytes;
      shape.heldBytes = std::max(4u, bytes);
      auto list = choose(shape, name);
      int64_t next = 0;
      for (const GPUCandidate &c : list) {
        int64_t rowThreads = c.rows ? c.threads / c.rows : c.threads;
        int64_t held = rowThreads * c.lanes * c.vectors;
        EXPECT_LE(c.lanes * bytes, chip(name).accessBytes);
        EXPECT_LE(c.lanes * c.vectors, 32);
        if (c.strategy == GPUStrategyKind::BlockOnline) {
          EXPECT_EQ(&c, &list.back());
          EXPECT_GE(held, kGPUBlock);
          continue;
        }
        // Taken before the others where rows are few.
        if (c.strategy == GPUStrategyKind::SplitRow) {
          EXPECT_GT(c.maxRows, 0);
          EXPECT_GT(c.minColumns, kGPUBlock);
          continue;
        }
        EXPECT_EQ(c.minColumns, next);
        next = c.maxColumns + 1;
        if (c.minColumns <= kGPUBlock) {
          EXPECT_LE(c.maxColumns, held);
          continue;
        }
        EXPECT_GE(held, kGPUBlock);
        int64_t blocks = getSharedBlocks(c);
        EXPECT_LT(getSharedBytes(shape, blocks) + 2048,
                  int64_t(chip(name).sharedBytes) -
                      chip(name).reservedSharedBytes + 1);
        // In shared memory, or a block per group of threads in registers.
        int64_t inRegisters = held / kGPUBlock;
        EXPECT_LE(c.maxColumns, (blocks ? blocks : inRegisters) *
                                    std::max<int64_t>(1, c.cluster) *
                                    kGPUBlock);
        EXPECT_LE(c.cluster, std::min(8u, chip(name).clusterBlocks));
      }
      EXPECT_GE(next, kGPUBlock + 1);
    }
}

// A known length has one kernel, with as many vectors as it takes.
TEST(GPUSchedule, KnownLength) {
  for (int64_t columns : {1, 100, 500, 1024, 1025, 5000, 8192}) {
    GPUKernelShape shape;
    shape.columns = columns;
    auto list = choose(shape);
    ASSERT_EQ(list.size(), 1u) << columns;
    const GPUCandidate &c = list.front();
    int64_t rowThreads = c.rows ? c.threads / c.rows : c.threads;
    EXPECT_GE(rowThreads * c.lanes * c.vectors, columns);
    EXPECT_LT(rowThreads * c.lanes * (c.vectors - 1), columns);
  }
  GPUKernelShape shape;
  // Beyond a block a group of threads for each.
  shape.columns = 8193;
  auto list = choose(shape);
  EXPECT_EQ(list.back().strategy, GPUStrategyKind::BlockPerRow);
  EXPECT_EQ(list.back().threads, 512);
  shape.columns = 131072;
  list = choose(shape);
  EXPECT_EQ(list.back().strategy, GPUStrategyKind::ClusterPerRow);
  EXPECT_EQ(list.back().cluster, 8);
  EXPECT_EQ(list.back().threads, 512);
  EXPECT_EQ(getSharedBlocks(list.back()), 0);
  // And as much shared memory as it takes.
  shape.columns = 262144;
  list = choose(shape);
  EXPECT_EQ(list.back().strategy, GPUStrategyKind::ClusterPerRow);
  EXPECT_EQ(list.back().cluster, 8);
  EXPECT_EQ(getSharedBlocks(list.back()), 4);
  EXPECT_EQ(choose(shape, "sm_80").back().strategy,
            GPUStrategyKind::BlockOnline);
  shape.columns = 10000000;
  list = choose(shape);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list.front().strategy, GPUStrategyKind::SplitRow);
  EXPECT_GT(list.front().maxRows, 0);
  EXPECT_EQ(list.back().strategy, GPUStrategyKind::BlockOnline);
}

// H100: 20 KB in flight per multiprocessor, and more than nine tenths of the
// memory's rate for rows that are read once.
TEST(GPUSchedule, CostModel) {
  GPUKernelShape shape;
  for (int64_t columns : {1024, 4096, 8192, 16384, 24576, 65536, 196608}) {
    shape.columns = columns;
    GPUCost cost =
        modelGPUCost(shape, choose(shape).back(), chip("sm_90"), columns);
    EXPECT_GE(cost.bytesInFlight, 20 << 10) << columns;
    EXPECT_GE(cost.share, 0.9) << columns;
    EXPECT_LE(cost.share, 1.0 + 1e-9) << columns;
  }
  // Two sweeps cost a third; launches count where rows are few.
  shape.columns = 1000000;
  GPUCandidate online = choose(shape).back();
  EXPECT_NEAR(modelGPUCost(shape, online, chip("sm_90"), 1000000).share, 0.67,
              0.01);
  GPUCandidate split = choose(shape).front();
  auto seconds = [&](const GPUCandidate &c, int64_t rows) {
    return modelGPUCost(shape, c, chip("sm_90"), 1000000, rows).seconds;
  };
  EXPECT_LT(4 * seconds(split, 1), seconds(online, 1));
  EXPECT_LT(seconds(online, 1000), seconds(split, 1000) * 1.01);
}

// Wavefronts of 64 threads and subgroups of 8 take the place of warps.
TEST(GPUSchedule, WarpSize) {
  for (unsigned warpSize : {8u, 64u}) {
    GPUDescription other = chip("sm_90");
    other.warpSize = warpSize;
    GPUKernelShape shape;
    auto list = chooseGPUKernels(shape, other, std::nullopt);
    ASSERT_TRUE(bool(list));
    int64_t next = 0;
    for (const GPUCandidate &c : *list) {
      // Those of longer rows know blocks alone.
      if (c.strategy == GPUStrategyKind::BlockOnline ||
          c.minColumns > kGPUBlock)
        continue;
      EXPECT_EQ(c.minColumns, next);
      next = c.maxColumns + 1;
      int64_t rowThreads = c.rows ? c.threads / c.rows : c.threads;
      EXPECT_LE(c.maxColumns, rowThreads * c.lanes * c.vectors);
      if (c.strategy == GPUStrategyKind::WarpPerRow) {
        EXPECT_EQ(rowThreads, warpSize);
      }
      if (c.strategy == GPUStrategyKind::RowsPerWarp) {
        EXPECT_LT(rowThreads, warpSize);
      }
    }
    EXPECT_EQ(next, kGPUBlock + 1);
  }
}

// Selections: threads that hold the row, then a list in one block's memory.
TEST(GPUSchedule, Selects) {
  for (llvm::StringRef chip :
       {"sm_75", "sm_90", "sm_100", "gfx942", "vulkan"}) {
    GPUKernelShape shape;
    shape.selects = true;
    llvm::SmallVector<GPUCandidate> kernels = choose(shape, chip);
    ASSERT_GT(kernels.size(), 1u);
    for (const GPUCandidate &c : llvm::ArrayRef(kernels).drop_back())
      EXPECT_LE(c.maxColumns, kGPUBlock) << toString(c.strategy).str();
    EXPECT_EQ(kernels.back().strategy, GPUStrategyKind::BlockOnline);
    EXPECT_EQ(kernels.back().minColumns, 0);
    EXPECT_EQ(kernels.back().maxColumns, 0);
    shape.columns = 20000;
    kernels = choose(shape, chip);
    ASSERT_EQ(kernels.size(), 1u);
    EXPECT_EQ(kernels[0].strategy, GPUStrategyKind::BlockOnline);
  }
  GPUKernelShape shape;
  shape.selects = true;
  for (GPUStrategyKind kind :
       {GPUStrategyKind::BlockShared, GPUStrategyKind::ClusterPerRow,
        GPUStrategyKind::SplitRow})
    EXPECT_EQ(refusal(shape, kind),
              ("strategy '" + toString(kind) +
               "' has no list of the largest elements, which the op selects; "
               "use block_online, or no strategy")
                  .str());
}

TEST(GPUSchedule, Force) {
  GPUKernelShape shape;
  EXPECT_EQ(refusal(shape, GPUStrategyKind::WarpPerRow),
            "strategy 'warp_per_row' holds rows of up to 1024 columns, and "
            "these have any number; use block_online, or no strategy to have "
            "it where it is needed");
  EXPECT_EQ(choose(shape, "sm_90", GPUStrategyKind::BlockOnline).size(), 1u);
  // Rows without elements have no blocks to split.
  EXPECT_EQ(choose(shape, "sm_90", GPUStrategyKind::SplitRow).size(), 2u);
  EXPECT_NE(refusal(shape, GPUStrategyKind::ClusterPerRow)
                .find("holds rows of up to 393216 columns, and these have any "
                      "number; use block_online"),
            std::string::npos);
  shape.columns = 1000;
  EXPECT_EQ(
      choose(shape, "sm_90", GPUStrategyKind::BlockPerRow).front().strategy,
      GPUStrategyKind::BlockPerRow);
  EXPECT_NE(
      refusal(shape, GPUStrategyKind::LanesInner).find("use block_online"),
      std::string::npos);
  shape.contiguous = false;
  EXPECT_NE(refusal(shape, GPUStrategyKind::WarpPerRow).find("use lanes_inner"),
            std::string::npos);
  EXPECT_EQ(choose(shape).front().strategy, GPUStrategyKind::LanesInner);
}

// Rows that are not contiguous: a thread has as many as an access brings
// elements of and registers hold, fewer where rows are few.
TEST(GPUSchedule, InnerRows) {
  auto choices = [](unsigned bytes, std::optional<int64_t> columns,
                    std::optional<int64_t> rows, int64_t sideBySide,
                    std::optional<GPUStrategyKind> force = std::nullopt) {
    GPUKernelShape shape;
    shape.contiguous = false;
    shape.largestBytes = bytes;
    shape.heldBytes = std::max(4u, bytes);
    shape.keptBytes = bytes + shape.heldBytes;
    shape.columns = columns;
    shape.rows = rows;
    shape.sideBySide = sideBySide;
    auto list = choose(shape, "sm_90", force);
    EXPECT_FALSE(list.empty());
    for (const GPUCandidate &c : list) {
      EXPECT_EQ(c.strategy, GPUStrategyKind::LanesInner);
      EXPECT_EQ(c.rows, c.threads * c.lanes);
      EXPECT_LE(c.lanes, sideBySide);
      EXPECT_LE(c.lanes * bytes, 16u);
      EXPECT_LE(c.lanes * c.vectors * shape.keptBytes, 512);
    }
    return list;
  };
  int64_t many = 1 << 20;
  auto lanesOf = [&](unsigned bytes, int64_t columns, int64_t rows,
                     int64_t sideBySide) {
    auto list = choices(bytes, columns, rows, sideBySide);
    EXPECT_EQ(list.size(), 1u);
    return list.back().lanes;
  };
  EXPECT_EQ(lanesOf(4, 100, many, 16), 4);
  EXPECT_EQ(lanesOf(4, 100, many, 2), 2);
  EXPECT_EQ(lanesOf(4, 100, many, 1), 1);
  EXPECT_EQ(lanesOf(2, 100, many, 16), 4);
  EXPECT_EQ(lanesOf(2, 8, many, 16), 8);
  EXPECT_EQ(lanesOf(8, 100, many, 16), 2);
  // Two blocks of 128 threads for each of 132 multiprocessors.
  constexpr int64_t full = 33792;
  EXPECT_EQ(lanesOf(4, 100, 4 * full, 4), 4);
  EXPECT_EQ(lanesOf(4, 100, 4 * full - 1, 4), 2);
  EXPECT_EQ(lanesOf(4, 100, 2 * full - 1, 4), 1);
  // Then smaller blocks, down to a warp.
  EXPECT_EQ(choices(4, 100, full, 1).back().threads, 128);
  EXPECT_EQ(choices(4, 100, full - 1, 1).back().threads, 64);
  EXPECT_EQ(choices(4, 100, 1, 1).back().threads, 32);
  // Where rows are not known guards decide, the last for any number.
  auto list = choices(4, std::nullopt, std::nullopt, 16);
  ASSERT_EQ(list.size(), 4u);
  for (int i : {0, 2}) {
    EXPECT_EQ(list[i].maxColumns, i == 0 ? 16 : 0);
    EXPECT_EQ(list[i + 1].maxColumns, i == 0 ? 16 : 0);
    EXPECT_EQ(list[i].maxRows, 4 * full - 1);
    EXPECT_EQ(list[i].lanes, 1);
    EXPECT_EQ(list[i + 1].maxRows, 0);
    EXPECT_EQ(list[i + 1].lanes, 4);
  }
  EXPECT_EQ(choices(4, std::nullopt, std::nullopt, 1).size(), 2u);
  // AMD's chips, with registers for half of it, have 256 threads per block.
  GPUKernelShape shape;
  shape.contiguous = false;
  shape.columns = 100;
  shape.rows = many;
  shape.sideBySide = 16;
  auto amd = choose(shape, "gfx942");
  EXPECT_EQ(amd.back().lanes, 2);
  EXPECT_EQ(amd.back().rows, 512);
  // The widest where the strategy is asked for by name.
  EXPECT_EQ(choices(4, 100, 3, 16, GPUStrategyKind::LanesInner).back().lanes,
            4);
}

TEST(GPUSchedule, Traffic) {
  GPUKernelShape shape;
  GPUCandidate candidate;
  candidate.strategy = GPUStrategyKind::BlockPerRow;
  EXPECT_EQ(modelTraffic(shape, candidate).bytesPerElement, 8u);
  candidate.strategy = GPUStrategyKind::BlockOnline;
  EXPECT_EQ(modelTraffic(shape, candidate).bytesPerElement, 12u);
  shape.elementwiseResults = false;
  EXPECT_EQ(modelTraffic(shape, candidate).bytesPerElement, 8u);
}

} // namespace
