// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How functions are launched as numbers: what Runtime/CudaLauncher.h reads.
#ifndef SOFTMAX_LIB_TARGET_DEVICEPLAN_H
#define SOFTMAX_LIB_TARGET_DEVICEPLAN_H

#include "softmax/Target/DeviceLauncher.h"

namespace mlir::softmax {

struct DevicePlan {
  /// Of the kernels, each with a 0 behind it.
  std::string names;
  int64_t nameCount = 0;
  llvm::SmallVector<int64_t, 0> numbers;
};

/// The layout is described beside softmax_cuda_image.
DevicePlan encodeDevicePlan(llvm::ArrayRef<DeviceFunction> functions);

/// 90 for "sm_90" and "sm_90a".
int64_t getCapability(const GPUDescription &chip);
/// Whether no other chip runs its code: "sm_90a".
bool isExact(const GPUDescription &chip);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_DEVICEPLAN_H
