// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What a kernel costs on a GPU, by a model: bytes, blocks that share a
// multiprocessor, instructions, exchanges, waves and launches.  No figure of it
// was measured on a GPU.
#ifndef SOFTMAX_SCHEDULE_GPUCOSTMODEL_H
#define SOFTMAX_SCHEDULE_GPUCOSTMODEL_H

#include "softmax/Schedule/GPUSchedule.h"

namespace mlir::softmax {

struct GPUCost {
  /// Thread blocks that a multiprocessor runs at a time.
  int64_t residentBlocks = 0;
  /// Bytes that they ask for before the first of them is used.
  double bytesInFlight = 0;
  /// Of all rows, launches included.
  double seconds = 0;
  /// Reading and writing everything once at the memory's full rate takes this
  /// share of it.
  double share = 0;
};

/// `rows` rows of `columns` elements by `candidate`, which takes them.  Without
/// `rows` there are so many that launches and the last wave do not count, and
/// `seconds` is per row.
GPUCost modelGPUCost(const GPUKernelShape &shape, const GPUCandidate &candidate,
                     const GPUDescription &chip, int64_t columns,
                     std::optional<int64_t> rows = std::nullopt);

/// Blocks of the numeric part that a thread block of `candidate` keeps in
/// shared memory; 0 for strategies that keep none there.
int64_t getSharedBlocks(const GPUCandidate &candidate);
/// Bytes of dynamic shared memory for `blocks` blocks of a row.
int64_t getSharedBytes(const GPUKernelShape &shape, int64_t blocks);
/// The most blocks of a row that fit, with `residentBlocks` thread blocks in a
/// multiprocessor.
int64_t getMostSharedBlocks(const GPUKernelShape &shape,
                            const GPUDescription &chip, int64_t residentBlocks);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_GPUCOSTMODEL_H
