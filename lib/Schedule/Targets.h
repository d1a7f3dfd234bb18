// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The parts of the target descriptions, one file per architecture.
#ifndef SOFTMAX_LIB_SCHEDULE_TARGETS_H
#define SOFTMAX_LIB_SCHEDULE_TARGETS_H

#include "softmax/Schedule/TargetDescription.h"

#include "llvm/ADT/ArrayRef.h"

namespace mlir::softmax::targets {

/// Features as the user names them, without repetition.
using Features = llvm::ArrayRef<llvm::StringRef>;

/// A level of the x86-64 psABI, 1 to 4.
TargetDescription describeX86Level(unsigned level);
/// The machine that runs this code.
llvm::Expected<TargetDescription> describeHost();

/// What "aarch64" and "riscv64" take, in the order in which they are named.
llvm::ArrayRef<llvm::StringLiteral> aarch64Features();
llvm::ArrayRef<llvm::StringLiteral> riscv64Features();
/// `features` are some of those above, in their order.
TargetDescription describeAArch64(Features features);
TargetDescription describeRISCV64(Features features);

/// An error that ends with what may be asked for instead.
llvm::Error refuse(const llvm::Twine &what);

} // namespace mlir::softmax::targets

#endif // SOFTMAX_LIB_SCHEDULE_TARGETS_H
