// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Schedule/GPUOccupancy.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::softmax;

GPUOccupancy mlir::softmax::computeOccupancy(const GPUBlockResources &block,
                                             const GPUDescription &chip) {
  unsigned warpSize = chip.warpSize, parts = chip.simds;
  unsigned registerUnit = chip.registerGranule * warpSize;
  unsigned sharedUnit = chip.name == "sm_75" ? 256 : 128;

  GPUOccupancy result;
  unsigned warps = std::max(1u, (block.threads + warpSize - 1) / warpSize);
  auto limitTo = [&](unsigned blocks, llvm::StringRef name) {
    if (result.limit.empty() || blocks < result.blocks) {
      result.blocks = blocks;
      result.limit = name;
    }
  };
  limitTo(chip.threads / warpSize / warps, "threads");
  limitTo(chip.blocks, "blocks");
  if (block.registers > 0) {
    auto perWarp = static_cast<unsigned>(
        llvm::alignTo(uint64_t(block.registers) * warpSize, registerUnit));
    // A block must fit as if all parts had as many of its warps.
    auto even = static_cast<unsigned>(llvm::alignTo(warps, parts));
    unsigned perPart = chip.registers / parts / perWarp;
    limitTo(uint64_t(perWarp) * even > chip.registers || block.registers > 255
                ? 0
                : perPart * parts / warps,
            "registers");
  }
  auto shared = static_cast<unsigned>(llvm::alignTo(
      uint64_t(block.sharedBytes) + chip.reservedSharedBytes, sharedUnit));
  if (shared > 0)
    limitTo(chip.sharedBytes / shared, "shared memory");
  result.warps = result.blocks * warps;
  return result;
}
