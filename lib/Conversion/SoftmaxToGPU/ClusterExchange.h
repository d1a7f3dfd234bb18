// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Statistics of blocks of a row that are held by the thread blocks of a
// cluster, exchanged through distributed shared memory.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_CLUSTEREXCHANGE_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_CLUSTEREXCHANGE_H

#include "../Common/Partials.h"
#include "GPUBuilder.h"

namespace mlir::softmax {

/// Blocks of a row over a cluster, at most: each has a thread that fetches its
/// statistics.
inline constexpr int64_t mostClusterRowBlocks = 128;

/// Once per kernel: publish, gather, finish.
class ClusterExchange {
public:
  /// Every thread block holds up to `most` blocks of the row, of which there
  /// are up to mostClusterRowBlocks.
  ClusterExchange(GPUBuilder &k, Partials &partials, int64_t most);

  /// The statistics of the block that is the `number`-th (an index) of those
  /// that this thread block holds; the same in all threads.
  void publish(Value number, ArrayRef<RowValues> block);
  /// The statistics of all `count` blocks of the row, merged from the first to
  /// the last; each thread block holds `perRank` of them, in the order of
  /// ranks.
  SmallVector<RowValues> gather(Value count, Value perRank);
  /// Waits until nobody reads this thread block's memory: it must not end
  /// before.
  void finish();

private:
  GPUBuilder &k;
  Partials &partials;
  /// Per value of a block's statistics.
  SmallVector<Value> own;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_CLUSTEREXCHANGE_H
