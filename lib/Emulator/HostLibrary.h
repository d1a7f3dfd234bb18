// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Functions that the host's code generator may call.
#ifndef SOFTMAX_LIB_EMULATOR_HOSTLIBRARY_H
#define SOFTMAX_LIB_EMULATOR_HOSTLIBRARY_H

#include "Prepare.h"

namespace mlir::softmax::emulator {

/// The C library's mathematics, and conversions of f16 and bf16 for processors
/// that have none.
llvm::ArrayRef<RuntimeSymbol> getHostLibrary();

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_HOSTLIBRARY_H
