// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The choice of kernels for an op on a GPU: plain numbers in and out.
#ifndef SOFTMAX_SCHEDULE_GPUSCHEDULE_H
#define SOFTMAX_SCHEDULE_GPUSCHEDULE_H

#include "softmax/Schedule/GPUDescription.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace mlir::softmax {

/// Elements that have statistics of their own on GPUs: what the registers of a
/// thread block hold, or those of a thread where each has rows of its own.
inline constexpr int64_t kGPUBlock = 8192;
inline constexpr int64_t kGPUInnerBlock = 16;

enum class GPUStrategyKind {
  RowsPerWarp,
  WarpPerRow,
  BlockPerRow,
  BlockOnline,
  LanesInner,
  ClusterPerRow,
  SplitRow,
  BlockShared
};

/// Registers that kernels take which hold blocks of a row of which they keep
/// little, 256 threads to a block: three blocks share a multiprocessor.
inline constexpr int64_t kGPUFewRegisters = 80;
/// With vectors of up to this many elements; wider ones make longer edges.
inline constexpr int64_t kGPUFewRegistersLanes = 8;
/// And what 512 threads of a block can have: where the compiler is to spend
/// them, for it spills some to have more blocks.
inline constexpr int64_t kGPUManyRegisters = 128;

/// "warp_per_row", ...
llvm::StringRef toString(GPUStrategyKind kind);
/// Nullopt for an unknown name.
std::optional<GPUStrategyKind> parseGPUStrategy(llvm::StringRef name);
/// All names, for messages.
std::string listGPUStrategies();

/// What the choice depends on.
struct GPUKernelShape {
  /// Elements of a row, and rows; nullopt where dynamic.
  std::optional<int64_t> columns, rows;
  /// Bytes of the largest element of an operand along the row, and of a row's
  /// element in registers, over all inputs along the row.
  unsigned largestBytes = 4;
  unsigned heldBytes = 4;
  /// Bytes read and written per element of the row.
  unsigned bytesRead = 4, bytesWritten = 4;
  /// Whether results need the row again after its statistics.
  bool elementwiseResults = true;
  /// Whether the elements of a row are one run.
  bool contiguous = true;
  /// Whether it is little more than softmax of one input; and nothing else, of
  /// 16 bits and rows of a known length: a thread then keeps little beside a
  /// register per element.
  bool simple = false, keepsLittle = false;
  /// Rows that are not contiguous: how many, at most, may have their elements
  /// side by side in vectors.  A power of two, 1 for none.
  int64_t sideBySide = 1;
  /// Bytes in registers per element of a row, its inputs and what statistics
  /// make of it.
  unsigned keptBytes = 8;
  /// Whether a statistic selects elements of its row.
  bool selects = false;

  int64_t block() const { return contiguous ? kGPUBlock : kGPUInnerBlock; }
};

/// One kernel.
struct GPUCandidate {
  GPUStrategyKind strategy = GPUStrategyKind::BlockOnline;
  /// Least and largest row length and most rows of the guard; 0 if none.
  int64_t minColumns = 0, maxColumns = 0, maxRows = 0;
  int64_t threads = 256;
  /// Elements of a vector access, and vectors in a thread's registers.  Those
  /// of lanes_inner have one element of each of `lanes` rows.
  int64_t lanes = 4, vectors = 1;
  /// Rows per block; 0 for one.
  int64_t rows = 0;
  /// Blocks per cluster; 0 for none.
  int64_t cluster = 0;
};

/// The kernels for `shape` on `chip`, in the order of their guards.  `force`
/// leaves one strategy; fails, and says what works, where it cannot hold the
/// rows.
llvm::Expected<llvm::SmallVector<GPUCandidate>>
chooseGPUKernels(const GPUKernelShape &shape, const GPUDescription &chip,
                 std::optional<GPUStrategyKind> force);

/// What a kernel moves, were there rows enough to fill the chip.
struct GPUTraffic {
  /// Bytes read and written per element of a row.
  unsigned bytesPerElement = 0;
  /// What reading and writing everything once would move, over that.
  double shareOfBound = 1;
};
GPUTraffic modelTraffic(const GPUKernelShape &shape,
                        const GPUCandidate &candidate);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_GPUSCHEDULE_H
