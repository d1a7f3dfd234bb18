// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// NVIDIA's programs, where they are installed: PTX to machine code.
#ifndef SOFTMAX_TARGET_CUDATOOLS_H
#define SOFTMAX_TARGET_CUDATOOLS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::softmax {

/// The path of `program` (ptxas, fatbinary, nvdisasm): in `toolkit` or its
/// bin/, if that is not empty and only there; else in the folders that
/// CUDA_PATH and CUDA_HOME name, on the PATH, and among the Python packages of
/// VIRTUAL_ENV.  An error says where it was
/// looked for.
llvm::Expected<std::string> findCudaTool(llvm::StringRef program,
                                         llvm::StringRef toolkit = "");

/// The machine code (a cubin) that ptxas makes of `ptx` for `chip`, as "sm_90".
llvm::Expected<std::string> assemblePTX(llvm::StringRef ptx,
                                        llvm::StringRef chip,
                                        llvm::StringRef toolkit = "");

/// Code for one chip.
struct FatbinImage {
  std::string chip, ptx, cubin;
};

/// What fatbinary makes of `images`: machine code of each, and the PTX of the
/// last, which later chips run.
llvm::Expected<std::string> makeFatbin(llvm::ArrayRef<FatbinImage> images,
                                       llvm::StringRef toolkit = "");

/// The code of `cubin` as text (nvdisasm -c, from `toolkit` if it is there).
llvm::Expected<std::string> disassembleCubin(llvm::StringRef cubin,
                                             llvm::StringRef toolkit = "");

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_CUDATOOLS_H
