// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The host's side of kernels for GPUs: device code with what launches it, as a
// header in C or as a shared library.
#ifndef SOFTMAX_TARGET_DEVICELAUNCHER_H
#define SOFTMAX_TARGET_DEVICELAUNCHER_H

#include "softmax/Target/DeviceKernels.h"

#include "mlir/IR/OwningOpRef.h"

namespace mlir::softmax {

/// The functions as compiled for one chip.
struct DeviceVersion {
  GPUDescription chip;
  /// PTX.
  std::string code;
  llvm::SmallVector<DeviceFunction, 0> functions;
};

/// A header for C99 and C++17 that declares BASE_cuda_load, BASE_cuda_free and
/// NAME_cuda_run for each function, and holds their definitions and the code of
/// all `versions` where SOFTMAX_CUDA_IMPLEMENTATION is defined.  Versions are
/// of different chips and have the same functions.  `fileName` is the header's.
std::string emitDeviceLauncher(llvm::ArrayRef<DeviceVersion> versions,
                               llvm::StringRef base, llvm::StringRef fileName);

/// The same definitions as a module in the LLVM dialect, and entry points for
/// tensors on a device: NAME and __tvm_ffi_NAME, with the checks of kernels for
/// CPUs.  Leaves undefined what getCudaRuntimeObject defines.  Emits a
/// diagnostic where a name is taken.
FailureOr<OwningOpRef<ModuleOp>>
buildDeviceLibrary(MLIRContext *context, llvm::ArrayRef<DeviceVersion> versions,
                   llvm::StringRef base);

/// The launcher as a relocatable object for the machine that this runs on.  It
/// needs the C library alone.
llvm::StringRef getCudaRuntimeObject();

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_DEVICELAUNCHER_H
