// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Single rows: a loop over them, and their elements as vectors.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWACCESS_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWACCESS_H

#include "../Common/RowPosition.h"
#include "KernelBuilder.h"

namespace mlir::softmax {

/// A loop over the rows.
void forEachRow(KernelBuilder &k, function_ref<void(const RowPosition &)> body);

/// Inputs of the `lanes` contiguous elements from `i` on; row-invariant ones
/// stay scalars.
SmallVector<Value> loadElements(KernelBuilder &k, const RowPosition &row,
                                Value i, const Tail *tail);
/// The logit region on `elements` at `i`.
SmallVector<Value> buildLogits(KernelBuilder &k, const RowPosition &row,
                               ValueRange elements, Value i);
/// softmax.index for the `lanes` elements from `i` on.
Value elementCoordinate(KernelBuilder &k, const RowPosition &row, int64_t dim,
                        Value i);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWACCESS_H
