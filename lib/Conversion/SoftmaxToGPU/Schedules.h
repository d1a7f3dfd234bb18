// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The ways to run a row on a GPU, one file each.  Each begins its kernel where
// the builder stands and leaves the builder inside of it.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SCHEDULES_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SCHEDULES_H

#include "GPUBuilder.h"
#include "softmax/Dialect/IR/RowNeeds.h"

namespace mlir::softmax {

/// Several rows per warp, in registers: 4 or more threads each.
void emitRowsPerWarp(GPUBuilder &k, const RowNeeds &needs,
                     GPUAlternativeAttr alternative, StringRef name);
/// A row per warp, in registers; a block has several.
void emitWarpPerRow(GPUBuilder &k, const RowNeeds &needs,
                    GPUAlternativeAttr alternative, StringRef name);
/// A row per thread block, in registers.
void emitBlockPerRow(GPUBuilder &k, const RowNeeds &needs,
                     GPUAlternativeAttr alternative, StringRef name);
/// A row per thread block, of any length, in two sweeps: statistics block by
/// block of the numeric part, each relative to its own maximum; then the
/// exponentials once more, and the results.
void emitBlockOnline(GPUBuilder &k, const RowNeeds &needs,
                     GPUAlternativeAttr alternative, StringRef name);

/// A row per thread, for rows that are not contiguous: consecutive threads have
/// consecutive rows, whose elements lie side by side where the last dimension
/// is none of the softmax.  Longer rows as in emitBlockOnline.
void emitLanesInnerOnGPU(GPUBuilder &k, const RowNeeds &needs,
                         GPUAlternativeAttr alternative, StringRef name);

/// A row that its threads hold as a whole: passes, row region, results.
void emitRowInRegisters(GPUBuilder &k, const RowNeeds &needs, Value number);
/// A row of any length, in two sweeps over the blocks of the numeric part.
void emitRowOnline(GPUBuilder &k, const RowNeeds &needs, Value number);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SCHEDULES_H
