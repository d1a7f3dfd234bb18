// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Which names C and C++ leave to a header.
#ifndef SOFTMAX_TARGET_CNAMES_H
#define SOFTMAX_TARGET_CNAMES_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace mlir::softmax {

/// Letters, digits and _, not starting with a digit.
bool isCIdentifier(llvm::StringRef name);

/// What a kernel cannot be called: keywords from C99 to C23 and of C++20, main,
/// names that generated headers, <stddef.h>, <stdint.h> and compilers define,
/// and functions of the C library, whose types compilers check.  Errs on the
/// side of refusing: names with the suffix of types (_t) and the prefixes of
/// the project, DLPack and TVM-FFI are reserved as a whole.
bool isReservedCName(llvm::StringRef name);

/// `text` as an identifier: every other character becomes _.
std::string toCIdentifier(llvm::StringRef text);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_CNAMES_H
