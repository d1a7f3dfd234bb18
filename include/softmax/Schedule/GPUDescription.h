// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What schedules and the code generator need to know about a GPU.
#ifndef SOFTMAX_SCHEDULE_GPUDESCRIPTION_H
#define SOFTMAX_SCHEDULE_GPUDESCRIPTION_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mlir::softmax {

/// Whose it is, which decides the way down.
enum class GPUKind { NVIDIA, AMD, Vulkan };

/// One chip, with figures of the largest one that runs its code.  NVIDIA's by
/// compute capability (CUDA C++ Programming Guide, Technical Specifications per
/// Compute Capability; whitepapers for the rates); AMD's by LLVM's processor
/// (CDNA 2, CDNA 3 and RDNA 3 white papers and instruction set guides), whose
/// compute units are multiprocessors here, wavefronts warps and LDS shared
/// memory.
struct GPUDescription {
  /// "sm_90", "gfx942".
  std::string name;
  /// LLVM's features: the least PTX version for the chip that LLVM 22 compiles
  /// for and that drivers since have.
  std::string features;
  unsigned multiprocessors = 0;
  /// Per multiprocessor.
  unsigned registers = 65536;
  unsigned sharedBytes = 0;
  unsigned threads = 0;
  /// Most threads of a block that schedules use.
  unsigned threadsPerBlock = 512;
  /// Bytes of one access of a thread to global memory, at most.
  unsigned accessBytes = 16;
  /// Blocks of a cluster, at most; 1 for chips without clusters.
  unsigned clusterBlocks = 1;
  /// Bytes per second of its memory.
  double bandwidth = 0;
  /// Whether it has instructions that add an integer over a warp (redux.sync)
  /// and that convert f32 to bf16 (cvt.rn.bf16.f32).
  bool reducesIntegers = false, convertsBF16 = false;
  GPUKind kind = GPUKind::NVIDIA;
  /// Threads that run in step: of a warp, wavefront or subgroup.
  unsigned warpSize = 32;
  /// Parts of a multiprocessor with warps and registers of their own, and how
  /// many registers a thread gets at a time.
  unsigned simds = 4, registerGranule = 8;
  /// "nvptx:sm_90", "amdgcn:gfx942".
  std::string targetName() const;
  /// Elements of one access of a thread, at most.
  unsigned accessElements = 32;
  /// Whether it multiplies and adds with one rounding, and converts between f16
  /// and f32 to nearest even, as far as its specification tells.
  bool fusesMultiplyAdd = true, convertsF16 = true;
  /// Whether one dimension of a grid has room for any number of blocks.
  bool hasLongGrid = true;
  /// Instructions of threads per second and multiprocessor: lanes for f32 times
  /// clock; 0 where it is not known.
  double issueRate = 0;
  /// Shared memory that the system takes of every block, and blocks of a
  /// multiprocessor.
  unsigned reservedSharedBytes = 1024, blocks = 32;
};

/// The chip called `name`, of those of `kind` if that is given; an error that
/// lists the chips if there is none.  Any Vulkan device is "vulkan", with
/// subgroups of 32, or "vulkan:subgroup=N".
llvm::Expected<GPUDescription>
parseGPU(llvm::StringRef name, std::optional<GPUKind> kind = std::nullopt);
/// "sm_75, sm_80, sm_90 or sm_100".
std::string listGPUs(std::optional<GPUKind> kind = std::nullopt);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_GPUDESCRIPTION_H
