// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows that come from memory and go there: data asked for ahead of its use, and
// results that are stored past the caches.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STREAMING_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STREAMING_H

#include "ResultBody.h"

namespace mlir::softmax {

/// Asks for the inputs `distance` elements after those that the loop is at,
/// counted on through the following rows, which are taken to lie one behind the
/// other; never for what is behind the last row.
class PrefetchBody : public GroupBody {
public:
  PrefetchBody(KernelBuilder &k, const RowPosition &row, Value distance);
  void beginGroup(Value i) override { prefetch(i, k.numeric.getGroup()); }
  void load(Value, const Tail *) override {}
  SmallVector<Value> compute() override { return {}; }

  /// Asks for `count` elements, for those from `i` on.
  void prefetch(Value i, int64_t count);

private:
  KernelBuilder &k;
  const RowPosition &row;
  Value distance;
  /// Per input along the row: the last offset to ask for.
  SmallVector<Value> limits;
};

/// Whether results can go past the caches: there is one element-wise
/// destination, so that one peeled vector aligns all stores.
bool canStorePastCaches(KernelBuilder &k, AlternativeAttr alternative);

/// Elements before the first aligned vector of the row's destination; the same
/// for every block.
Value headOf(KernelBuilder &k, const RowPosition &row);

/// Stores past the caches are weakly ordered: whoever learns that the kernel is
/// done must see them.
void emitFence(KernelBuilder &k);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STREAMING_H
