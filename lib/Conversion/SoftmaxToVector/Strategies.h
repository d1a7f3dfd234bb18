// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The strategies of the vector lowering, one file each.  All compute the rows
// [rowBegin, rowEnd) of a KernelBuilder's op.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STRATEGIES_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STRATEGIES_H

#include "KernelBuilder.h"
#include "softmax/Dialect/IR/RowNeeds.h"

namespace mlir::softmax {

/// Contiguous rows of 1 to max_columns elements, each held in registers from
/// its one read to its one write.
void emitRegisters(KernelBuilder &k, const RowNeeds &needs,
                   AlternativeAttr alternative);

/// Contiguous rows of any length: a pass for the maximum, one for the sum, one
/// for the results, over a row that the caches hold.
void emitThreePass(KernelBuilder &k, const RowNeeds &needs,
                   AlternativeAttr alternative);

/// The same in vectors of a length that only the running CPU knows.
void emitScalable(KernelBuilder &k, const RowNeeds &needs,
                  AlternativeAttr alternative);

/// Contiguous rows of up to a block, at least one: results of earlier rows,
/// sums of these and maxima of later ones in one loop, rows in batches.
void emitPipe3(KernelBuilder &k, const RowNeeds &needs,
               AlternativeAttr alternative);

/// Contiguous rows, at least one, that a scratch row holds: results of the row
/// before and the sum of this one in one loop, for rows that come from memory.
void emitPipe2(KernelBuilder &k, const RowNeeds &needs,
               AlternativeAttr alternative);

/// Contiguous rows of any length: statistics block by block, then exponentials
/// and results once more from the logits.
void emitOnline(KernelBuilder &k, const RowNeeds &needs,
                AlternativeAttr alternative);

/// Contiguous short rows, at most a group long: transposed in registers, a lane
/// per row.
void emitLanesRows(KernelBuilder &k, const RowNeeds &needs,
                   AlternativeAttr alternative);

/// Rows side by side along a contiguous inner dimension, a lane per row.
void emitLanesInner(KernelBuilder &k, const RowNeeds &needs,
                    AlternativeAttr alternative);

/// The same for tensors that come from memory: panels pipelined through
/// scratch.
void emitPipedPanels(KernelBuilder &k, const RowNeeds &needs,
                     AlternativeAttr alternative);

/// Any strides: a row's logits are packed into scratch and its results
/// written element by element.
void emitPacked(KernelBuilder &k, const RowNeeds &needs,
                AlternativeAttr alternative);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STRATEGIES_H
