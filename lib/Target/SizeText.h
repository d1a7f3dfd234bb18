// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The computation of a size as a formula for people.
#ifndef SOFTMAX_LIB_TARGET_SIZETEXT_H
#define SOFTMAX_LIB_TARGET_SIZETEXT_H

#include "mlir/IR/Value.h"
#include "mlir/Support/LLVM.h"

#include <string>

namespace mlir::softmax {
struct KernelInfo;

/// `value`, an index computed from sizes of the kernel's operands, in terms of
/// the symbols of their shapes: "(s1 + 15)", sums in parentheses.  Arguments of
/// the function that computes it are the kernel's operands in order.  Empty if
/// it has a part with no short formula.
std::string describeSize(Value value, const KernelInfo &kernel);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_SIZETEXT_H
