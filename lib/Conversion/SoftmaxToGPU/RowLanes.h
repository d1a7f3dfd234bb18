// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows side by side along the last dimension, which is none of the softmax: a
// thread has k.lanes of them, and a vector holds an element of each
// (GPUBuilder::lanesAreRows).

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_ROWLANES_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_ROWLANES_H

#include "../Common/RowPosition.h"
#include "GPUBuilder.h"
#include "softmax/Dialect/IR/RowExtent.h"

namespace mlir::softmax {

/// Whether rows can be taken `lanes` at a time, counted from the first: those
/// of a vector differ in their last coordinate alone, and all their vectors are
/// aligned.  An i1, the same for all threads; constant as far as types tell.
Value buildRowsFit(GPUBuilder &k, int64_t lanes);

/// What `view` has for the rows whose first one's element is at `offset`: a
/// vector, or a scalar where it is the same for all.
Value loadRows(GPUBuilder &k, const OperandView &view, Value offset);
/// The type of that.
Type typeOfRows(GPUBuilder &k, const OperandView &view);
/// Writes the elements of the vector `value` to the rows' places.
void storeRows(GPUBuilder &k, Value value, const OperandView &view,
               Value offset);

/// The coordinates along the parallel dimension `dim` of the rows from `first`
/// on: an index, or a vector where they differ.
Value coordinateOfRows(GPUBuilder &k, const RowPosition &first, int64_t dim);
/// Where the last of the rows ends (buildRowEnd), an index.
Value buildLastRowEnd(GPUBuilder &k, const RowExtent &extent,
                      const RowPosition &first);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_ROWLANES_H
