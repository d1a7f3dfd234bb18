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

/// Keywords of C99 and C++17, main, the functions that kernels call, and the
/// names that generated headers use themselves.
bool isReservedCName(llvm::StringRef name);

/// `text` as an identifier: every other character becomes _.
std::string toCIdentifier(llvm::StringRef text);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_CNAMES_H
