// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_LIB_SCHEDULE_GPULONGROWS_H
#define SOFTMAX_LIB_SCHEDULE_GPULONGROWS_H

#include "softmax/Schedule/GPUSchedule.h"

namespace mlir::softmax {

/// The kernels for rows of several blocks of the numeric part, from
/// `online.minColumns` columns on: `online` is the one for any length.  `force`
/// leaves one strategy.
llvm::Expected<llvm::SmallVector<GPUCandidate>>
chooseForLongRows(const GPUKernelShape &shape, const GPUDescription &chip,
                  std::optional<GPUStrategyKind> force,
                  const GPUCandidate &online);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_SCHEDULE_GPULONGROWS_H
