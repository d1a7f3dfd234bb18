// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Between softmax.generic and the cost model of lib/Schedule.

#ifndef SOFTMAX_DIALECT_TRANSFORMS_SCHEDULE_H
#define SOFTMAX_DIALECT_TRANSFORMS_SCHEDULE_H

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Schedule/CostModel.h"
#include "softmax/Schedule/GPUSchedule.h"

namespace mlir::softmax {

/// What the cost model needs to know of `op` (on memrefs), whose exponentials
/// `numeric` tells.
KernelShape describeShape(GenericOp op, NumericAttr numeric);

/// The numeric part of every schedule of `op` on `target`: what decides the
/// bits of its results.
NumericAttr getNumericPart(GenericOp op, const TargetDescription &target,
                           Accuracy accuracy);

/// An alternative as the cost model sees it.
Candidate toCandidate(AlternativeAttr attr);
ScheduleAttr toSchedule(NumericAttr numeric, ArrayRef<Candidate> candidates);

/// The schedule for `op` on `target`.  Fails with a diagnostic on `op` if
/// `force` cannot run it.
FailureOr<ScheduleAttr> chooseSchedule(GenericOp op,
                                       const TargetDescription &target,
                                       Accuracy accuracy,
                                       std::optional<StrategyKind> force);

/// Prints the schedule of `op`: one line per alternative that can be taken,
/// with its guard, movement and modelled cycles per element; then what the
/// cheapest form of every strategy would cost, in cache and from memory.
void explainSchedule(GenericOp op, const TargetDescription &target,
                     llvm::raw_ostream &os);

/// The attribute of an op that holds its GPU schedule.
inline constexpr llvm::StringLiteral gpuScheduleAttrName =
    "softmax.gpu_schedule";

/// What the choice of GPU kernels needs to know of `op` (on memrefs) in the
/// mode `accuracy`.
GPUKernelShape describeGPUShape(GenericOp op, Accuracy accuracy);
/// The part of a GPU schedule for `op` that decides bits; `native` says whether
/// exponentials may be formed by an instruction.
GPUNumericAttr getGPUNumeric(GenericOp op, Accuracy accuracy, bool native);
/// Whether the elements of every row are one run in all operands, by what their
/// types tell.
bool hasContiguousRows(GenericOp op);
GPUScheduleAttr toGPUSchedule(GPUNumericAttr numeric, int64_t warpSize,
                              ArrayRef<GPUCandidate> candidates);
/// The alternatives of `op`'s GPU schedule as the model sees them.
SmallVector<GPUCandidate> listGPUAlternatives(GenericOp op);
/// Prints the GPU schedule of `op`: per kernel its guard, its threads and
/// vectors, what it moves, and the share of the memory bound that is modelled.
void explainGPUSchedule(GenericOp op, const GPUDescription &chip,
                        llvm::raw_ostream &os);

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_TRANSFORMS_SCHEDULE_H
