// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Schedules by measurement on the machine at hand.
#ifndef SOFTMAX_JIT_TUNE_H
#define SOFTMAX_JIT_TUNE_H

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Schedule/CostModel.h"

#include <functional>
#include <string>

namespace mlir::softmax {

struct TuneOptions {
  /// The target, which must be this machine, and the accuracy.
  PipelineOptions pipeline;
  /// Where sizes are not known: the rows and columns to choose for.  If empty,
  /// lengths up to a million in the second cache level and in memory.
  SmallVector<Work> works;
  /// Called before each point that is measured: how many are done, of about
  /// how many, and what comes.
  std::function<void(unsigned done, unsigned total, const std::string &what)>
      progress;
};

struct TuneResult {
  ScheduleAttr schedule;
  /// A table of what was measured: nanoseconds per element.
  std::string table;
  unsigned measurements = 0;
};

/// Measures the candidates of `op` (on memrefs, with a schedule) on random data
/// and chooses among them as the cost model does, by what was measured.  The
/// numeric part stays: tuning changes no bit (C-DET-1).  Strategies that the
/// model finds three times as costly as its best are not measured.  Fails with
/// a diagnostic where the op cannot be measured: it does not compile, memory
/// does not suffice, or the given sizes do not fit its static ones.
FailureOr<TuneResult> tuneSchedule(GenericOp op, const TuneOptions &options);

} // namespace mlir::softmax

#endif // SOFTMAX_JIT_TUNE_H
