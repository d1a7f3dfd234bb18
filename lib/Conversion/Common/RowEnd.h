// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Where the elements of a row end that count.

#ifndef SOFTMAX_LIB_CONVERSION_COMMON_ROWEND_H
#define SOFTMAX_LIB_CONVERSION_COMMON_ROWEND_H

#include "RowPosition.h"
#include "softmax/Dialect/IR/RowExtent.h"

namespace mlir::softmax {

/// The number of elements of `row`, from its first on, whose logits may be
/// other than -inf: an index from 0 to the row's length.  `row` has its
/// invariants.
Value buildRowEnd(GenericBuilder &k, const RowExtent &extent,
                  const RowPosition &row);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_COMMON_ROWEND_H
