// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Statistics of the blocks of a row, from the threads that have them to all: in
// a thread block through its shared memory, in a cluster through those of all
// its thread blocks.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_BLOCKEXCHANGE_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_BLOCKEXCHANGE_H

#include "../Common/Partials.h"
#include "GPUBuilder.h"

namespace mlir::softmax {

/// Statistics of `count` parts of a row (an index, the same in all threads of
/// the thread block; `most` where known), merged from the first to the last, in
/// every thread.  `load` yields those of one part, flat; only threads of the
/// first warp call it.  `kept` live on behind it, unless a part is not simple
/// (Partials::isSimple): then they may be zeros, which saves the registers that
/// merging needs in that case, and `isKept`, an i1, is false.  The thread block
/// has one barrier in it, behind the merging.
SmallVector<RowValues>
mergeParts(GPUBuilder &k, const RowNeeds &needs, Value count,
           std::optional<int64_t> most,
           function_ref<SmallVector<Value>(Value part)> load,
           MutableArrayRef<Value> kept = {}, Value *isKept = nullptr);

/// Once per kernel: publish, gather, finish.
class BlockExchange {
public:
  /// Every thread block holds up to `most` blocks of the row, and a cluster has
  /// `cluster` of them; 1 for no cluster.
  BlockExchange(GPUBuilder &k, const RowNeeds &needs, int64_t most,
                int64_t cluster);

  /// The statistics of the block that is the `number`-th (an index) of those
  /// that this thread block holds; the same in all threads that computed it.
  void publish(Value number, ArrayRef<RowValues> block);
  /// The statistics of all `count` blocks of the row, merged from the first to
  /// the last; each thread block holds `perRank` of them, in the order of
  /// ranks.  `kept` as in mergeParts.
  SmallVector<RowValues> gather(Value count, Value perRank,
                                MutableArrayRef<Value> kept = {},
                                Value *isKept = nullptr);
  /// The statistics of this thread block's `number`-th block; after `gather`.
  SmallVector<RowValues> published(Value number);
  /// Waits until nobody reads this thread block's memory: it must not end
  /// before.
  void finish();

private:
  SmallVector<Value> loadOwn(Value number);

  GPUBuilder &k;
  const RowNeeds &needs;
  int64_t most, cluster;
  /// Per value of a block's statistics.
  SmallVector<Value> own;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_BLOCKEXCHANGE_H
