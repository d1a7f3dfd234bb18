// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_DISPATCH_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_DISPATCH_H

#include "KernelBuilder.h"

namespace mlir::softmax {

/// Lowers one scheduled softmax.generic on memrefs and erases it; returns the
/// number of alternatives emitted.  Fails with a diagnostic, and then leaves
/// the op as it was.
FailureOr<unsigned> lowerGeneric(GenericOp op);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_DISPATCH_H
