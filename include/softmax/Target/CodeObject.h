// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// AMD's device code: from assembly to a code object (hsaco) that
// hipModuleLoadData takes, and what that says of its kernels.
#ifndef SOFTMAX_TARGET_CODEOBJECT_H
#define SOFTMAX_TARGET_CODEOBJECT_H

#include "softmax/Schedule/GPUDescription.h"
#include "softmax/Schedule/WaveOccupancy.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

namespace mlir::softmax {

inline constexpr llvm::StringLiteral amdTriple = "amdgcn-amd-amdhsa";
/// Code object version 5, which ROCm loads since 5.3; LLVM 22 would write 6.
inline constexpr llvm::StringLiteral amdCodeObjectABI = "500";

/// Assembles `isa`, what LLVM writes for `chip`, and links it.  Emits a
/// diagnostic at `loc` where that fails, an undefined symbol among the reasons.
/// As linkSharedLibrary, uses lld as a library.
FailureOr<SmallVector<char, 0>>
makeCodeObject(StringRef isa, const GPUDescription &chip, Location loc);

/// What `codeObject` says of its kernels, by name.
FailureOr<SmallVector<KernelResources, 0>>
readKernelResources(ArrayRef<char> codeObject, Location loc);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_CODEOBJECT_H
