// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How many wavefronts of a kernel a SIMD of AMD's holds at once.
#ifndef SOFTMAX_SCHEDULE_WAVEOCCUPANCY_H
#define SOFTMAX_SCHEDULE_WAVEOCCUPANCY_H

#include "softmax/Schedule/GPUDescription.h"

#include "llvm/Support/JSON.h"

#include <string>

namespace mlir::softmax {

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

/// Wavefronts of `kernel` that a SIMD of `chip` holds at a time, if there are
/// blocks enough: registers, LDS and slots are the bounds.
unsigned getWavesPerSIMD(const KernelResources &kernel,
                         const GPUDescription &chip);
/// `kernel` and its wavefronts, as the manifest and the scorecard have them.
llvm::json::Object toJSON(const KernelResources &kernel,
                          const GPUDescription &chip);
/// The most of any kernel.
unsigned getMostWavesPerSIMD(const GPUDescription &chip);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_WAVEOCCUPANCY_H
