// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Schedule/GPUSchedule.h"

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
            "gfx942 or gfx1100 (later chips run the code of earlier ones)");
  auto other = parseGPU("gfx1101", GPUKind::AMD);
  ASSERT_FALSE(other);
  EXPECT_EQ(llvm::toString(other.takeError()),
            "unknown chip 'gfx1101'; use gfx90a, gfx942 or gfx1100 (code of "
            "one chip runs on no other; the nearest name is gfx1100)");
  auto vendor = parseGPU("gfx942", GPUKind::NVIDIA);
  EXPECT_FALSE(vendor);
  llvm::consumeError(vendor.takeError());
}

// Every length has exactly one kernel, which holds it.
TEST(GPUSchedule, RangesMeet) {
  for (llvm::StringRef name : {"sm_75", "sm_100"})
    for (unsigned bytes : {1, 2, 4, 8}) {
      GPUKernelShape shape;
      shape.largestBytes = bytes;
      shape.heldBytes = std::max(4u, bytes);
      auto list = choose(shape, name);
      int64_t next = 0;
      for (const GPUCandidate &c : list) {
        if (c.strategy == GPUStrategyKind::BlockOnline) {
          EXPECT_EQ(&c, &list.back());
          EXPECT_GE(c.threads * c.lanes * c.vectors, kGPUBlock);
          continue;
        }
        EXPECT_EQ(c.minColumns, next);
        next = c.maxColumns + 1;
        int64_t rowThreads = c.rows ? c.threads / c.rows : c.threads;
        EXPECT_LE(c.maxColumns, rowThreads * c.lanes * c.vectors);
        EXPECT_LE(c.lanes * bytes, chip(name).accessBytes);
        EXPECT_LE(c.lanes * c.vectors, 32);
      }
      EXPECT_EQ(next, kGPUBlock + 1);
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
  shape.columns = 8193;
  EXPECT_EQ(choose(shape).front().strategy, GPUStrategyKind::BlockOnline);
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
      if (c.strategy == GPUStrategyKind::BlockOnline)
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

TEST(GPUSchedule, Force) {
  GPUKernelShape shape;
  EXPECT_EQ(refusal(shape, GPUStrategyKind::WarpPerRow),
            "strategy 'warp_per_row' holds rows of up to 1024 columns, and "
            "these have any number; use block_online, or no strategy to have "
            "it where it is needed");
  EXPECT_EQ(choose(shape, "sm_90", GPUStrategyKind::BlockOnline).size(), 1u);
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
