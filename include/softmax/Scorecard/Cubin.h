// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What a cubin says of its kernels besides their code.
#ifndef SOFTMAX_SCORECARD_CUBIN_H
#define SOFTMAX_SCORECARD_CUBIN_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace mlir::softmax::scorecard {

struct CubinKernel {
  /// Registers of a thread.
  unsigned registers = 0;
  /// Bytes of a thread's stack: spilled registers and arrays.
  unsigned stackBytes = 0;
  /// Static shared memory of a block, in bytes.
  unsigned sharedBytes = 0;
  /// Where parameters begin in constant bank 0, and the offset from there and
  /// the size of each.
  unsigned parameterBase = 0;
  struct Parameter {
    unsigned offset = 0, bytes = 0;
  };
  std::vector<Parameter> parameters;
};

/// The kernels of an ELF file for a GPU, by name.  Fails for any other file.
llvm::Expected<llvm::StringMap<CubinKernel>> readCubin(llvm::StringRef bytes);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_SCORECARD_CUBIN_H
