// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The OpenMP runtime that kernels with threads call: LLVM's libomp.
#ifndef SOFTMAX_TARGET_OPENMPRUNTIME_H
#define SOFTMAX_TARGET_OPENMPRUNTIME_H

#include "softmax/Target/Link.h"

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace mlir::softmax {

/// The library's name as programs ask the loader for it.
inline constexpr llvm::StringLiteral openMPSoname = "libomp.so.5";

/// Whether `name` is a function of the runtime (__kmpc_*, omp_*).
bool isOpenMPSymbol(llvm::StringRef name);

/// The runtime as far as `object` (ELF) needs it.  A shared library linked
/// against it asks the loader for openMPSoname; no file of that name is needed
/// before.
llvm::Expected<SharedDependency>
makeOpenMPDependency(llvm::MemoryBufferRef object,
                     llvm::TargetMachine &machine);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_OPENMPRUNTIME_H
