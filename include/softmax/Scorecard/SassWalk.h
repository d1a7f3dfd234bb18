// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Follows the control flow of machine code and counts what warps execute:
// integers, addresses and predicates are computed, everything else is unknown.
// So loops are weighted by the trips that they make, branches that are not
// taken do not count, and each access has its addresses, whatever compiler the
// code comes from and without its data.
#ifndef SOFTMAX_SCORECARD_SASSWALK_H
#define SOFTMAX_SCORECARD_SASSWALK_H

#include "softmax/Scorecard/Sass.h"

#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <map>

namespace mlir::softmax::scorecard {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
};

struct WalkLaunch {
  Dim3 grid, block;
  /// Blocks of a cluster, along x.
  uint32_t cluster = 1;
  /// Words of constant bank 0, by their offsets: parameters, sizes of the
  /// launch.
  std::map<uint32_t, uint32_t> constants;
  /// Instructions of a warp, at most; a walk that takes more fails.
  uint64_t mostInstructions = 1u << 22;
};

/// What an instruction occupies besides its issue slot.
enum class Pipe : uint8_t {
  /// 32-bit multiplications and additions of floats.
  Float,
  /// Comparisons, selections, logic, shifts, integer additions, minima.
  Integer,
  /// 32-bit integer multiplications.
  Multiply,
  Double,
  /// ex2, lg2, rcp, rsqrt, ...
  Special,
  /// Between types, one of them of 64 bits or not.
  Conversion,
  WideConversion,
  /// Accesses to memory, of all kinds.
  Memory,
  /// Shuffles, and reductions of integers over a warp.
  Shuffle,
  Reduction,
  /// Branches, barriers, uniform registers, moves of constants.
  Other
};
inline constexpr size_t kPipes = static_cast<size_t>(Pipe::Other) + 1;
/// "float", ...
llvm::StringRef getPipeName(Pipe pipe);
Pipe getPipe(const SassInstruction &instruction);

struct AccessCounts {
  /// Executions by warps with at least one lane, and the lanes' bytes.
  uint64_t requests = 0, bytes = 0;
  /// 32-byte sectors, each request by itself.
  uint64_t sectors = 0;
  /// Sectors that a block touches at all.
  uint64_t distinctSectors = 0;
};

struct WalkCounts {
  uint64_t blocks = 0, warps = 0;
  /// Executed by warps, predicated ones included.
  uint64_t instructions = 0;
  std::array<uint64_t, kPipes> pipes = {};
  AccessCounts loads, stores;
  /// Local memory, which is where registers are spilled to.
  uint64_t localBytes = 0;
  /// Barriers of blocks and clusters, each counted once per block.
  uint64_t blockBarriers = 0, clusterBarriers = 0;
  /// Times that a warp waits for global memory (a part where later copies are
  /// under way meanwhile), and the most bytes that it has asked for then: sums
  /// over warps.
  double memoryWaits = 0;
  uint64_t bytesInFlight = 0;
  /// Branches on what is unknown, where the shorter way to the end was taken;
  /// accesses to unknown addresses, counted as contiguous; and under unknown
  /// predicates, counted as if those held.
  uint64_t unknownBranches = 0, unknownAddresses = 0, unknownGuards = 0;

  WalkCounts &operator+=(const WalkCounts &other);
};

/// Walks the warps of one block.  Fails for control flow that it does not
/// understand (indirect branches, places outside the function), naming the
/// instruction.
llvm::Expected<WalkCounts> walkBlock(const SassFunction &function,
                                     const WalkLaunch &launch, Dim3 block);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_SCORECARD_SASSWALK_H
