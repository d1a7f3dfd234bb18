// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TOOLS_SOFTMAX_RUN_THREADS_H
#define SOFTMAX_TOOLS_SOFTMAX_RUN_THREADS_H

#include "llvm/Support/Error.h"

namespace mlir::softmax {

/// Loads the OpenMP runtime into this process, where compiled code finds it,
/// and has it run parallel regions on `threads` threads.  Fails with one line
/// where there is no runtime.
llvm::Error startThreads(unsigned threads);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAX_RUN_THREADS_H
