// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_DISPATCH_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_DISPATCH_H

#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

/// Replaces `op` by launches of kernels whose names begin with `prefix`, and
/// which may add the integers of a warp by one instruction (`redux`), and
/// appends to `kernels` what gpuKernelsAttrName lists.
LogicalResult lowerGenericToGPU(GenericOp op, StringRef prefix, bool redux,
                                SmallVectorImpl<Attribute> &kernels);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_DISPATCH_H
