// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What C calls the operands of device kernels and the sizes that are only known
// when they run.
#ifndef SOFTMAX_LIB_TARGET_DEVICENAMES_H
#define SOFTMAX_LIB_TARGET_DEVICENAMES_H

#include "softmax/Target/DeviceKernels.h"

#include "llvm/ADT/StringMap.h"

namespace mlir::softmax {

/// Names are distinct and none is reserved in C or C++.
struct DeviceNames {
  explicit DeviceNames(const KernelInfo &info);

  /// The C name of a symbol, or a number.
  std::string text(const KernelDim &dim) const;
  /// Declarations of the operands, "const void *x" or "float scale", and then
  /// of the sizes.
  llvm::SmallVector<std::string> parameters(const KernelInfo &info) const;

  /// Of the operands; symbols of the shapes in order.
  llvm::SmallVector<std::string> operands, symbols;
  /// C names of symbols.
  llvm::StringMap<std::string> sizes;
};

/// The C type of a scalar operand and the member of softmax_device_launch's
/// values that holds it.
std::pair<llvm::StringRef, llvm::StringRef>
getDeviceScalarType(const KernelOperand &operand);

/// "/* NAME, in row-major device memory: ...", a line per operand, without the
/// end of the comment.
std::string describeDeviceOperands(const KernelInfo &info,
                                   const DeviceNames &names);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_DEVICENAMES_H
