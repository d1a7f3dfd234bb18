// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TOOLS_SOFTMAX_RUN_RUN_H
#define SOFTMAX_TOOLS_SOFTMAX_RUN_RUN_H

#include "Options.h"

namespace mlir::softmax {

/// Compiles, runs, checks, times and writes as `options` say.  Returns the
/// process's exit status; the reason of a failure is on stderr.
int run(const RunOptions &options);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAX_RUN_RUN_H
