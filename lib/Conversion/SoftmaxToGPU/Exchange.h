// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Reductions over the threads of a row.  Maxima that keep NaN or ignore it, and
// sums of integers: exact, so every order gives the same bits, and every thread
// gets the result.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXCHANGE_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXCHANGE_H

#include "GPUBuilder.h"

namespace mlir::softmax {

/// Among the warps of a row: through shared memory, with one barrier.  A call
/// has shared memory of its own, so it may stand in a loop if there is another
/// barrier in the same iteration.
class Exchange {
public:
  explicit Exchange(GPUBuilder &k) : k(k) {}

  /// A thread's value for a maximum, f32 or f64.
  struct Maximum {
    Value value;
    /// Whether a NaN is the largest of all, or passed over.
    bool keepsNaN;
  };
  SmallVector<Value> reduceMax(ArrayRef<Maximum> maxima);
  /// The sum of each of `values`, as i64 (a lane per row where lanes are rows):
  /// i32 whose sum over 32 threads fits i32, or i64.
  SmallVector<Value> reduceSum(ValueRange values);
  /// Of two i32 whose sums over 32 threads fit i32, `high` in units 2^ratioBits
  /// times those of `low`: the sum in the latter, an i64.
  struct Pair {
    Value high, low;
    unsigned ratioBits;
  };
  SmallVector<Value> reducePairs(ArrayRef<Pair> pairs);

private:
  /// Of two values with the given number.
  using Combine = function_ref<Value(unsigned, Value, Value)>;
  /// Over `threads` threads of a warp, a power of two, of which groups of
  /// `groups` are reduced already.
  SmallVector<Value> reduceWarp(ValueRange values, int64_t threads,
                                int64_t groups, Combine combine);
  int64_t threadsOfWarp() const { return std::min(k.rowThreads, k.warpSize); }
  /// The sums over 32 threads of a warp, and from there over all of a row, in
  /// i64.
  SmallVector<Value> addNarrow(ValueRange values);
  SmallVector<Value> addWide(ValueRange values);
  SmallVector<Value> reduceWarps(ValueRange values, Combine combine);

  GPUBuilder &k;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXCHANGE_H
