// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Between softmax.generic and the cost model of lib/Schedule.

#ifndef SOFTMAX_DIALECT_TRANSFORMS_SCHEDULE_H
#define SOFTMAX_DIALECT_TRANSFORMS_SCHEDULE_H

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Schedule/CostModel.h"

namespace mlir::softmax {

/// What the cost model needs to know of `op` (on memrefs).
KernelShape describeShape(GenericOp op);

/// The numeric part of every schedule of `op` on `target`: what decides the
/// bits of its results.
NumericAttr getNumericPart(GenericOp op, const TargetDescription &target,
                           Accuracy accuracy);

/// The schedule for `op` on `target`.  Fails with a diagnostic on `op` if
/// `force` cannot run it.
FailureOr<ScheduleAttr> chooseSchedule(GenericOp op,
                                       const TargetDescription &target,
                                       Accuracy accuracy,
                                       std::optional<StrategyKind> force);

/// Prints the schedule of `op`: one line per alternative that can be taken,
/// with its guard, movement and modelled cycles per element.
void explainSchedule(GenericOp op, const TargetDescription &target,
                     llvm::raw_ostream &os);

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_TRANSFORMS_SCHEDULE_H
