// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What a CPU strategy costs, on plain numbers.

#ifndef SOFTMAX_SCHEDULE_COSTMODEL_H
#define SOFTMAX_SCHEDULE_COSTMODEL_H

#include "softmax/Schedule/Candidate.h"
#include "softmax/Schedule/TargetDescription.h"

namespace mlir::softmax {

/// The data that a cost is asked for.
struct Work {
  int64_t columns = 1;
  int64_t rows = 1;
};

/// Elements whose sum the fixed tree of C-SUM-1 takes together, and elements
/// that have statistics of their own.
inline constexpr int64_t kSumGroup = 64;
inline constexpr int64_t kSumBlock = 4096;

/// Bytes that `work` reads and writes.
double bytesOf(const KernelShape &shape, const Work &work);

/// Cycles per element of `candidate` on `work`, whose data is in the smallest
/// cache level that holds it: vector operations at the rate at which the
/// strategy keeps the core's units busy, a cost per row and per call, and the
/// bytes that come and go at the speed of their level, as far as they do not
/// overlap with the operations.
double modelCycles(const Candidate &candidate, const KernelShape &shape,
                   const TargetDescription &target, const Work &work);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_COSTMODEL_H
