// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_CHECKSCHEDULE_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_CHECKSCHEDULE_H

#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

/// The scratch that a strategy may take beside a row that it must hold anyway
/// (`packed` copies one): 16 MiB.
inline constexpr int64_t kMostScratchBytes = int64_t(16) << 20;

/// Whether the alternatives of a schedule can run `op`, however the schedule
/// was written; emits a diagnostic on `op` that names the alternative, the
/// reason and a remedy if not.
LogicalResult checkSchedule(GenericOp op, ScheduleAttr schedule);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_CHECKSCHEDULE_H
