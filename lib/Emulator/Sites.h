// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Places in the device code that the runtime speaks of.
#ifndef SOFTMAX_LIB_EMULATOR_SITES_H
#define SOFTMAX_LIB_EMULATOR_SITES_H

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::softmax::emulator {

enum class MemorySpace : uint8_t {
  Generic,
  Global,
  Shared,
  /// Shared memory of the blocks of a cluster.
  Cluster,
  Constant,
  Local
};

/// One instruction of the device code.
struct Site {
  /// "file:line:column", or the function.
  std::string place;
  /// The instruction as LLVM prints it.
  std::string text;
  std::string function;
  /// Of a memory access; size 0 where the access has a variable size.
  MemorySpace space = MemorySpace::Generic;
  uint32_t size = 0;
  uint32_t alignment = 1;
  bool reads = false, writes = false, atomic = false;
  /// A load of memory that nobody writes during the launch (ld.global.nc).
  bool invariant = false;
  /// Of a barrier: all threads of a warp must execute this very instruction.
  bool aligned = false;
};

using SiteTable = std::vector<Site>;

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_SITES_H
