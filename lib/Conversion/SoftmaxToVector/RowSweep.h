// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// One pass over the elements of a row whose logits can be had as vectors.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWSWEEP_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWSWEEP_H

#include "KernelBuilder.h"

namespace mlir::softmax {

/// The logits (one per statistic) of the `lanes` elements from `i` on.
using LogitSource = function_ref<SmallVector<Value>(Value i, const Tail *tail)>;
/// Sees the lifted values of the active statistics before they are combined.
using LiftedSink =
    function_ref<void(Value i, const Tail *tail, ArrayRef<Value> lifted)>;

/// Called once for every group of elements, before those from `i` on.
using GroupHook = function_ref<void(Value i)>;

/// Reduces `pass` over [0, columns) for the statistics numbered `active`.
SmallVector<WideValue> sweepRow(KernelBuilder &k, unsigned pass,
                                ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows, LogitSource source,
                                LiftedSink sink, GroupHook hook = {});

/// Calls `body(i, tail)` for every vector of [0, columns), `unroll` of them in
/// an iteration; the last, incomplete one with a tail.  With `head` (index, 0
/// to lanes - 1) so many elements go first, as an incomplete vector.
void forEachVector(KernelBuilder &k, int64_t unroll,
                   function_ref<void(Value, const Tail *)> body,
                   Value head = Value());

/// The largest lane of a vector that holds no NaN.
Value reduceMax(KernelBuilder &k, Value vector);
/// Lane-wise maximum of `value` and `acc`; NaN in `value` is passed over.
Value combineMax(KernelBuilder &k, Value value, Value acc);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWSWEEP_H
