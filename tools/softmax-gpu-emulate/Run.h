// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_RUN_H
#define SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_RUN_H

#include "Options.h"

namespace mlir::softmax {

/// Loads, launches and writes as `options` say.  Returns the process's exit
/// status; the reason of a failure is on stderr.
int emulate(EmulateOptions options);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_RUN_H
