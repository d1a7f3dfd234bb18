// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Square blocks of vectors transposed in registers.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_TRANSPOSE_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_TRANSPOSE_H

#include "KernelBuilder.h"

namespace mlir::softmax {

/// As many vectors as they have lanes (a power of two): element j of vector i
/// becomes element i of vector j.  By interleavings inside of 128 bits first
/// and moves of 128 bits then, for which vector instruction sets have
/// instructions.
SmallVector<Value> transposeSquare(KernelBuilder &k, ArrayRef<Value> rows);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_TRANSPOSE_H
