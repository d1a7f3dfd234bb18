// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How many blocks of a kernel a multiprocessor holds at once.
#ifndef SOFTMAX_SCHEDULE_GPUOCCUPANCY_H
#define SOFTMAX_SCHEDULE_GPUOCCUPANCY_H

#include "softmax/Schedule/GPUDescription.h"

namespace mlir::softmax {

/// What a block takes.
struct GPUBlockResources {
  unsigned threads = 0;
  /// Per thread.
  unsigned registers = 0;
  /// Bytes that the kernel declares, static and dynamic.
  unsigned sharedBytes = 0;
};

struct GPUOccupancy {
  /// Per multiprocessor; 0 where not even one block fits.
  unsigned blocks = 0, warps = 0;
  /// "threads", "blocks", "registers" or "shared memory".
  llvm::StringRef limit;
};

/// By the rules of NVIDIA's occupancy calculator for compute capability 7.5 and
/// later: registers are given to warps by 256 in each of four parts of a
/// multiprocessor, shared memory by 256 bytes (7.5) or 128, of which the system
/// takes 1024 per block from 8.0 on.
GPUOccupancy computeOccupancy(const GPUBlockResources &block,
                              const GPUDescription &chip);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_GPUOCCUPANCY_H
