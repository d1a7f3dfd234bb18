// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// AMD's device code: from assembly to a code object (hsaco) that
// hipModuleLoadData takes, and what that says of its kernels.
#ifndef SOFTMAX_TARGET_CODEOBJECT_H
#define SOFTMAX_TARGET_CODEOBJECT_H

#include "softmax/Schedule/GPUDescription.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <string>

namespace mlir::softmax {

inline constexpr llvm::StringLiteral amdTriple = "amdgcn-amd-amdhsa";
/// Code object version 5, which ROCm loads since 5.3; LLVM 22 would write 6.
inline constexpr llvm::StringLiteral amdCodeObjectABI = "500";

/// Registers and memory of a kernel, from a code object's metadata
/// (llvm.org/docs/AMDGPUUsage.html, "Code Object V5 Metadata"), and what
/// follows of them.
struct KernelResources {
  std::string name;
  /// Threads of a wavefront.
  unsigned waveSize = 0;
  /// Registers per thread, accumulation registers (gfx90a and later of CDNA)
  /// included in the first; and per wavefront.
  unsigned vgprs = 0, agprs = 0, sgprs = 0;
  /// Of those, how many went to memory or to other registers: a wavefront's go
  /// to lanes of a VGPR, which costs no memory.
  unsigned vgprSpills = 0, sgprSpills = 0;
  /// Bytes of memory per thread, and of LDS (shared memory) per block.
  unsigned scratchBytes = 0, ldsBytes = 0;
  /// Threads of a block.
  unsigned threads = 0;
};

/// Assembles `isa`, what LLVM writes for `chip`, and links it.  Emits a
/// diagnostic at `loc` where that fails, an undefined symbol among the reasons.
/// As linkSharedLibrary, uses lld as a library.
FailureOr<SmallVector<char, 0>>
makeCodeObject(StringRef isa, const GPUDescription &chip, Location loc);

/// What `codeObject` says of its kernels, by name.
FailureOr<SmallVector<KernelResources, 0>>
readKernelResources(ArrayRef<char> codeObject, Location loc);

/// Wavefronts of `kernel` that a SIMD of `chip` holds at a time, if there are
/// blocks enough: registers, LDS and slots are the bounds.
unsigned getWavesPerSIMD(const KernelResources &kernel,
                         const GPUDescription &chip);
/// The most of any kernel.
unsigned getMostWavesPerSIMD(const GPUDescription &chip);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_CODEOBJECT_H
