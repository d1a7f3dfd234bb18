// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Under which conditions an alternative is taken.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_GUARDS_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_GUARDS_H

#include "KernelBuilder.h"

namespace mlir::softmax {

/// A condition that may be known: `known` set, or the i1 `value`.
struct Guard {
  std::optional<bool> known = true;
  Value value;

  void require(KernelBuilder &k, Value condition);
  void never() {
    known = false;
    value = nullptr;
  }
};

/// The softmax dimensions are one contiguous run of every operand that they
/// reach.
void requireRowLayout(KernelBuilder &k, Guard &guard);

/// The guard of an alternative, as far as types do not decide it.
Guard buildGuard(KernelBuilder &k, AlternativeAttr alternative);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_GUARDS_H
