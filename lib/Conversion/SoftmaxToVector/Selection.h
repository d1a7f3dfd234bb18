// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The k largest logits of a row and where they stand (#softmax.topk).

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_SELECTION_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_SELECTION_H

#include "PassBody.h"

namespace mlir::softmax {

/// Sweeps over a row, whose logits `access` has, and returns the `count`
/// largest logits of statistic `s`, vector<count x compute type>, in descending
/// order, and their columns, vector<count x i64>.  NaN counts as larger than
/// all, of equal ones the lowest column comes first, and what a row has not is
/// -inf and -1.  -0 is returned as 0, a NaN as one without payload.
SmallVector<Value> emitSelection(KernelBuilder &k, PassAccess &access,
                                 unsigned s, int64_t count);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_SELECTION_H
