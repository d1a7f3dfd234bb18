// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What kernels return.
#ifndef SOFTMAX_TARGET_STATUS_H
#define SOFTMAX_TARGET_STATUS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace mlir::softmax {

/// Part of the kernels' interface: the numbers never change.
enum class KernelStatus : int32_t {
  Ok = 0,
  NullArgument = 1,
  WrongDevice = 2,
  WrongType = 3,
  WrongRank = 4,
  WrongShape = 5,
  UnsupportedStrides = 6,
  OutOfMemory = 7,
  LabelOutOfRange = 8,
  /// On a GPU: no version of the kernel for it.
  NoCpuVersion = 9,
  /// Kernels for GPUs alone: the driver is missing or refuses.
  LaunchFailed = 10,
};

struct KernelStatusText {
  KernelStatus status;
  /// The enumerator in C.
  llvm::StringLiteral name;
  llvm::StringLiteral meaning;
};

/// All statuses that kernels for CPUs return, in order.
llvm::ArrayRef<KernelStatusText> kernelStatuses();

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_STATUS_H
