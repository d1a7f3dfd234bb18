// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The strategies of the vector lowering, one file each.  All compute the rows
// [rowBegin, rowEnd) of a KernelBuilder's op.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STRATEGIES_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STRATEGIES_H

#include "KernelBuilder.h"
#include "RowProgram.h"

namespace mlir::softmax {

/// Contiguous rows of 1 to max_columns elements, each held in registers from
/// its one read to its one write.
void emitRegisters(KernelBuilder &k, const RowNeeds &needs,
                   AlternativeAttr alternative);

/// Contiguous rows of any length: a pass for the maximum, one for the sum, one
/// for the results, over a row that the caches hold.
void emitThreePass(KernelBuilder &k, const RowNeeds &needs,
                   AlternativeAttr alternative);

/// Rows side by side along a contiguous inner dimension, a lane per row.
void emitLanesInner(KernelBuilder &k, const RowNeeds &needs,
                    AlternativeAttr alternative);

/// Any strides: a row's logits are packed into scratch and its results
/// written element by element.
void emitPacked(KernelBuilder &k, const RowNeeds &needs,
                AlternativeAttr alternative);

/// Where a row stands: what the strategies over single rows share.
struct RowPosition {
  /// Of the row, row-major over the parallel dimensions.
  Value number;
  /// Per iteration dimension; null along softmax dimensions.
  SmallVector<Value> coordinates;
  /// Linear offset of the row's first element (or of its one element) per
  /// operand.
  SmallVector<Value> inputOffsets, initOffsets;
  /// Row-invariant inputs; null for the others.
  SmallVector<Value> invariants;
};

/// Where row `number` stands; without the invariants.
RowPosition positionOf(KernelBuilder &k, Value number);

/// A loop over the rows.
void forEachRow(KernelBuilder &k, function_ref<void(const RowPosition &)> body);

/// What `RowRunner` asks of a single row.
class SingleRowRunner : public RowRunner {
public:
  SingleRowRunner(KernelBuilder &k, const RowNeeds &needs,
                  const RowPosition &row)
      : k(k), needs(needs), row(row) {}
  Value rowInput(unsigned i) override { return row.invariants[i]; }
  Value rowCoordinate(int64_t dim) override { return row.coordinates[dim]; }
  void storeRow(unsigned i, Value value) override {
    k.storeScalar(value, k.inits[i], row.initOffsets[i]);
  }

protected:
  /// Inputs of the `lanes` contiguous elements from `i` on; row-invariant ones
  /// stay scalars.
  SmallVector<Value> loadElements(Value i, const Tail *tail);
  /// The logit region on `elements` at `i`.
  SmallVector<Value> buildLogits(ValueRange elements, Value i);
  /// softmax.index for the `lanes` elements from `i` on.
  Value elementCoordinate(int64_t dim, Value i);

  KernelBuilder &k;
  const RowNeeds &needs;
  const RowPosition &row;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_STRATEGIES_H
