// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// NVIDIA's disassembler as a program.
#ifndef SOFTMAX_SCORECARD_NVIDIATOOLS_H
#define SOFTMAX_SCORECARD_NVIDIATOOLS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::softmax::scorecard {

/// The path of `program` ("ptxas", "nvdisasm"): on the PATH, then below
/// $CUDA_HOME and $CUDA_PATH, then among the Python packages of $VIRTUAL_ENV.
/// Fails with one line that says what to install.
llvm::Expected<std::string> findNvidiaTool(llvm::StringRef program);

/// The code of a cubin as text (nvdisasm -c).
llvm::Expected<std::string> disassembleCubin(llvm::StringRef cubin);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_SCORECARD_NVIDIATOOLS_H
