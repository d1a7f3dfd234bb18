// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_LOWERABLE_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_LOWERABLE_H

#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

/// Whether the GPU lowering takes `op` with `schedule`; emits a diagnostic if
/// not.
LogicalResult checkLowerableToGPU(GenericOp op, GPUScheduleAttr schedule);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_LOWERABLE_H
