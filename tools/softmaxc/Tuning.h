// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// --tune: schedules by measurement.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_TUNING_H
#define SOFTMAX_TOOLS_SOFTMAXC_TUNING_H

#include "Options.h"

#include "softmax/Pipelines/Pipelines.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::softmax {

/// Measures every scheduled softmax.generic of the kernels in `module` and
/// writes the schedules that won into the ops.  Shows progress on a terminal;
/// adds what was measured to `explanation`.
LogicalResult tuneKernels(ModuleOp module, const Options &options,
                          const PipelineOptions &pipeline,
                          std::string &explanation);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_TUNING_H
