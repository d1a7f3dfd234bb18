// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The ways to run a row on a GPU, one file each.  Each begins its kernel where
// the builder stands and leaves the builder inside of it.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SCHEDULES_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SCHEDULES_H

#include "GPUBuilder.h"
#include "Segment.h"
#include "softmax/Dialect/IR/RowNeeds.h"

namespace mlir::softmax {

/// Several rows per warp, in registers: 4 or more threads each.
void emitRowsPerWarp(GPUBuilder &k, const RowNeeds &needs,
                     GPUAlternativeAttr alternative, StringRef name);
/// A row per warp, in registers; a block has several.
void emitWarpPerRow(GPUBuilder &k, const RowNeeds &needs,
                    GPUAlternativeAttr alternative, StringRef name);
/// A row per thread block, in registers: a row of one block by all threads, or
/// one of several by a group of them each.
void emitBlockPerRow(GPUBuilder &k, const RowNeeds &needs,
                     GPUAlternativeAttr alternative, StringRef name);
/// A row per cluster of thread blocks: each holds blocks of the numeric part in
/// its registers, one per group of threads, or more of them in its shared
/// memory, and they exchange the statistics of their blocks.
void emitClusterPerRow(GPUBuilder &k, const RowNeeds &needs,
                       GPUAlternativeAttr alternative, StringRef name);
/// A row per thread block, of any length, in two sweeps: statistics block by
/// block of the numeric part, each relative to its own maximum; then the
/// exponentials once more, and the results.
void emitBlockOnline(GPUBuilder &k, const RowNeeds &needs,
                     GPUAlternativeAttr alternative, StringRef name);

/// As emitBlockOnline, with the row in shared memory from the first sweep on,
/// so that it is read once.
void emitBlockShared(GPUBuilder &k, const RowNeeds &needs,
                     GPUAlternativeAttr alternative, StringRef name);
/// A row over many thread blocks, for few rows: a kernel computes the
/// statistics of each block of the numeric part into a workspace, another one
/// merges them in order and writes the results.
void emitSplitRow(GPUBuilder &k, const RowNeeds &needs,
                  GPUAlternativeAttr alternative, StringRef name);

/// Rows that are not contiguous: a thread has one, or several side by side
/// where the last dimension is none of the softmax (RowLanes.h).  Consecutive
/// threads have consecutive rows.  Longer rows as in emitBlockOnline.
void emitLanesInnerOnGPU(GPUBuilder &k, const RowNeeds &needs,
                         GPUAlternativeAttr alternative, StringRef name);

/// A row that its threads hold as a whole: passes, row region, results.  Where
/// lanes are rows, here and below, `number` is that of the first.
void emitRowInRegisters(GPUBuilder &k, const RowNeeds &needs, Value number);
/// Row `number`, with its row-invariant inputs.  Where what counts of it ends
/// before its end (RowExtent), and results do not need the elements behind,
/// k.rowEnd says so.
RowPosition beginRow(GPUBuilder &k, const RowNeeds &needs, Value number);
/// Block `number` (an index) of the numeric part; without elements behind the
/// row's end.
Segment blockOfRow(GPUBuilder &k, const RowPosition &row, Value number);
/// The values of the statistic whose exponentials make results; empty if none.
inline RowValues stagedOf(const RowNeeds &needs, ArrayRef<RowValues> rows) {
  return needs.staged ? rows[*needs.staged] : RowValues();
}
/// The blocks of a row that a thread block has: `count` of all `all` blocks,
/// from block `first` on; `perRank` where there are enough.  All are indices.
struct RowShare {
  Value first, count, perRank, all;
};
/// Thread block `rank` (an index) of `cluster` takes a share of a row, as
/// evenly as blocks go; the last ranks may have none.
RowShare shareOfRow(GPUBuilder &k, Value rank, int64_t cluster);
/// Groups of threads that hold a block each, of `alternative`; 0 if all threads
/// together do not.
int64_t countGroups(GPUBuilder &k, GPUAlternativeAttr alternative);
/// Divides the threads of the kernel into them.
void beginGroups(GPUBuilder &k, GPUAlternativeAttr alternative);
/// A row whose blocks are held in registers, each by a group of threads
/// (k.groups), over the thread blocks of a cluster, or by one.
void emitBlocksInRegisters(GPUBuilder &k, const RowNeeds &needs,
                           const RowPosition &row, const RowShare &share,
                           int64_t cluster);
/// The same with up to `most` blocks in the shared memory of each thread block.
void emitBlocksInSharedMemory(GPUBuilder &k, const RowNeeds &needs,
                              const RowPosition &row, const RowShare &share,
                              int64_t cluster, int64_t most);
/// LaunchForm::registers of kernels that go through blocks one after the other.
int64_t registersOfBlocks(GPUBuilder &k);
/// A row of any length, in two sweeps over the blocks of the numeric part.
void emitRowOnline(GPUBuilder &k, const RowNeeds &needs, Value number);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SCHEDULES_H
