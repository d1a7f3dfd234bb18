// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Comparisons of columns with labels, lengths and the like.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_COLUMNCOMPARISONS_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_COLUMNCOMPARISONS_H

#include "mlir/IR/Operation.h"

namespace mlir::softmax {

/// In the loops under `root`: comparisons of the coordinates of a vector's
/// elements with a scalar become comparisons of 32 bits.
void narrowColumnComparisons(Operation *root);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_COLUMNCOMPARISONS_H
