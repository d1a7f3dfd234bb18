// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From what softmax kernels take to what Vulkan passes, in the gpu dialect.

#ifndef SOFTMAX_LIB_CONVERSION_KERNELSTOSPIRV_KERNELINTERFACE_H
#define SOFTMAX_LIB_CONVERSION_KERNELSTOSPIRV_KERNELINTERFACE_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::softmax {

/// Replaces `kernel` by one whose arguments are storage buffers and push
/// constants (memrefs in those storage classes, with their places), whose
/// shared memory is in the Workgroup storage class, and that uses thread
/// numbers of subgroups of `subgroupSize`.  Emits a diagnostic if that cannot
/// be.
LogicalResult rewriteForVulkan(gpu::GPUFuncOp kernel, int64_t subgroupSize);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_KERNELSTOSPIRV_KERNELINTERFACE_H
