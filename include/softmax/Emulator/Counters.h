// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What an emulated launch did.  Counts of the device code as it stands, before
// the vendor's assembler: no figure here is a measurement of a GPU.
#ifndef SOFTMAX_EMULATOR_COUNTERS_H
#define SOFTMAX_EMULATOR_COUNTERS_H

#include "llvm/Support/JSON.h"

#include <cstdint>

namespace mlir::softmax::emulator {

/// Accesses to one memory space, over all threads.
struct MemoryCounters {
  /// Accesses of single threads, vectors count once.
  uint64_t loads = 0, stores = 0, atomics = 0;
  uint64_t bytesLoaded = 0, bytesStored = 0;
};

/// Accesses of warps to global memory: what the lanes of a warp touch with one
/// execution of one instruction.  The k-th executions since the warp's lanes
/// last met count as one.
struct CoalescingCounters {
  uint64_t requests = 0;
  /// Distinct 32-byte sectors, and the least number that could hold the bytes.
  uint64_t sectors = 0, idealSectors = 0;
};

/// Instructions executed, over all threads, by class of the LLVM instruction; a
/// vector operation counts once per element.
struct InstructionCounters {
  uint64_t floatAdd = 0, floatMul = 0, floatFma = 0, floatDiv = 0;
  /// ex2, lg2, rcp, rsqrt, sqrt.
  uint64_t special = 0;
  /// Comparisons, selects, minima and maxima.
  uint64_t compare = 0;
  uint64_t conversion = 0;
  /// Integers, and addresses (one per getelementptr with a variable index).
  uint64_t integer = 0;
  /// Loads, stores, atomics: vectors count once.
  uint64_t memory = 0;
  uint64_t branch = 0;
  /// Barriers, shuffles, votes.
  uint64_t synchronization = 0;
  uint64_t other = 0;
};

struct Counters {
  uint64_t blocks = 0, threads = 0;
  MemoryCounters global, shared, local, constant;
  CoalescingCounters globalLoads, globalStores;
  /// Barriers of blocks and of clusters that completed.
  uint64_t blockBarriers = 0, clusterBarriers = 0;
  /// Collectives of warps that completed.
  uint64_t warpBarriers = 0, shuffles = 0, votes = 0, reductions = 0;
  /// Bytes of a block's shared memory, static and dynamic.
  uint64_t sharedBytes = 0;
  InstructionCounters instructions;

  llvm::json::Value toJSON() const;
};

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_EMULATOR_COUNTERS_H
