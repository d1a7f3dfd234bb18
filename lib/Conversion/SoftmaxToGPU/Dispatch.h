// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_DISPATCH_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_DISPATCH_H

#include "GPUBuilder.h"

namespace mlir::softmax {

/// Replaces `op` by launches of kernels whose names begin with `prefix`, and
/// appends to `kernels` what gpuKernelsAttrName lists.
LogicalResult lowerGenericToGPU(GenericOp op, StringRef prefix,
                                GPUCapabilities capabilities,
                                SmallVectorImpl<Attribute> &kernels);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_DISPATCH_H
