// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Schedule/GPUOccupancy.h"

#include <gtest/gtest.h>

using namespace mlir::softmax;

static GPUOccupancy compute(const char *chip, GPUBlockResources block) {
  return computeOccupancy(block, llvm::cantFail(parseGPU(chip)));
}

// CUDA C++ Best Practices Guide, "Calculating Occupancy": with 37 registers per
// thread 12 blocks of 128 threads (75%), but only 4 of 320 (63%).  The limits
// of compute capability 8.0 are those of the example.
TEST(Occupancy, ExampleOfTheGuide) {
  GPUOccupancy small = compute("sm_80", {128, 37, 0});
  EXPECT_EQ(small.blocks, 12u);
  EXPECT_EQ(small.warps, 48u);
  EXPECT_EQ(small.limit, "registers");
  GPUOccupancy large = compute("sm_80", {320, 37, 0});
  EXPECT_EQ(large.blocks, 4u);
  EXPECT_EQ(large.warps, 40u);
}

TEST(Occupancy, EachLimit) {
  EXPECT_EQ(compute("sm_90", {256, 32, 0}).limit, "threads");
  EXPECT_EQ(compute("sm_90", {256, 32, 0}).blocks, 8u);
  EXPECT_EQ(compute("sm_90", {32, 16, 0}).limit, "blocks");
  EXPECT_EQ(compute("sm_90", {32, 16, 0}).blocks, 32u);
  EXPECT_EQ(compute("sm_75", {32, 16, 0}).blocks, 16u);
  // The system takes 1 KB of each block's shared memory.
  EXPECT_EQ(compute("sm_90", {128, 32, 48 * 1024}).blocks, 4u);
  EXPECT_EQ(compute("sm_90", {128, 32, 48 * 1024}).limit, "shared memory");
  EXPECT_EQ(compute("sm_75", {128, 32, 16 * 1024}).blocks, 4u);
  // 1024 threads of 65 registers do not fit.
  EXPECT_EQ(compute("sm_90", {1024, 65, 0}).blocks, 0u);
  EXPECT_EQ(compute("sm_90", {1024, 64, 0}).blocks, 1u);
}
