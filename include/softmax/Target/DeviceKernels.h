// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How the kernels of a module of device code are launched: what the header and
// the manifest beside PTX say.
#ifndef SOFTMAX_TARGET_DEVICEKERNELS_H
#define SOFTMAX_TARGET_DEVICEKERNELS_H

#include "softmax/Schedule/GPUDescription.h"
#include "softmax/Target/CodeObject.h"
#include "softmax/Target/KernelInfo.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>

namespace mlir::softmax {

/// One parameter of a kernel.
struct DeviceArgument {
  enum class Kind {
    /// The address of an operand's first element.
    Pointer,
    /// The size of a dimension of an operand, i64.
    Size,
    /// A scalar operand.
    Scalar,
    /// The address of the workspace.
    Workspace
  };
  Kind kind = Kind::Pointer;
  /// Positions in DeviceFunction::info's operands and in their shape; unused
  /// for the workspace.
  unsigned operand = 0, dimension = 0;
  /// Where Vulkan passes it: a pointer's binding, of the others the offset in
  /// the push constants in bytes (softmax/Conversion/KernelsToSPIRV/Passes.h).
  unsigned place = 0;
};

/// Parameters of a kernel that the generated header has room for.
inline constexpr size_t mostDeviceArguments = 32;

/// Launches that an alternative takes, at most.
inline constexpr size_t mostDeviceLaunches = 2;

/// One launch of a kernel.
struct DeviceLaunch {
  std::string name;
  /// Threads per block, in one dimension; the grid has one dimension, too:
  /// ceil(rows / rowsPerBlock) * blocksPerRow blocks, where blocksPerRow is
  /// ceil(columns / columnsPerBlock) if columnsPerBlock is not 0.
  int64_t threads = 0, rowsPerBlock = 1, blocksPerRow = 1, columnsPerBlock = 0;
  /// Blocks of a cluster, 1 for no clusters.  The kernel has it compiled in
  /// (.reqnctapercluster); more than 8 must be allowed by an attribute of the
  /// function, CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED.
  int64_t cluster = 1;
  /// Bytes of dynamic shared memory; more than 48 KiB must be allowed by
  /// CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.
  int64_t sharedBytes = 0;
  llvm::SmallVector<DeviceArgument> arguments;
  /// What its machine code takes, where that is known.
  std::optional<KernelResources> resources;
  /// Of Vulkan.
  unsigned numBindings = 0, pushConstantBytes = 0;
};

/// What computes rows of some lengths.
struct DeviceKernel {
  std::string strategy;
  /// Row lengths that it takes, and how many rows at most; 0 where there is no
  /// bound.
  int64_t minColumns = 0, maxColumns = 0, maxRows = 0;
  /// The workspace, aligned to 8 bytes, has
  /// rows * ceil(columns / workspaceColumns) * workspaceBytes bytes.
  int64_t workspaceBytes = 0, workspaceColumns = 1;
  /// In order, on one stream.
  llvm::SmallVector<DeviceLaunch, 1> launches;
};

/// A function and the kernels that do its work, in row-major buffers.
struct DeviceFunction {
  KernelInfo info;
  /// What the number of rows and the length of a row are the products of.
  llvm::SmallVector<KernelDim> rows, columns;
  /// The first whose bounds hold is to be launched.
  llvm::SmallVector<DeviceKernel, 0> kernels;
};

/// The public functions of `module`, after softmax-to-gpu-binary.  Emits a
/// diagnostic where a function needs more of its host than to launch kernels.
FailureOr<llvm::SmallVector<DeviceFunction, 0>>
collectDeviceFunctions(ModuleOp module);

/// Notes in `functions` what `codeObject` says of their kernels.  Emits a
/// diagnostic at `loc` if it does not name them all.
LogicalResult
noteKernelResources(llvm::MutableArrayRef<DeviceFunction> functions,
                    llvm::ArrayRef<char> codeObject, Location loc);

/// The code that the module's gpu.binary holds: PTX, machine code or bitcode.
/// Emits a diagnostic if there is none.
FailureOr<llvm::StringRef> getDeviceCode(ModuleOp module);

/// A header for C99 and C++17: a structure, and for each function a function
/// that fills it with what cuLaunchKernel takes, launch by launch, or for
/// Vulkan vkCmdPushConstants and vkCmdDispatch.  `name` is the file's name.
std::string emitDeviceHeader(llvm::ArrayRef<DeviceFunction> functions,
                             const GPUDescription &chip, llvm::StringRef name);

/// The launch contract, a JSON object followed by a line break.  For Vulkan it
/// says what `code`, a SPIR-V module, asks of a device.
std::string emitDeviceManifest(llvm::ArrayRef<DeviceFunction> functions,
                               const GPUDescription &chip,
                               llvm::StringRef accuracy,
                               llvm::StringRef code = {});

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_DEVICEKERNELS_H
