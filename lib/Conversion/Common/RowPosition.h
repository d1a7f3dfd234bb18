// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Where single rows stand.

#ifndef SOFTMAX_LIB_CONVERSION_COMMON_ROWPOSITION_H
#define SOFTMAX_LIB_CONVERSION_COMMON_ROWPOSITION_H

#include "GenericBuilder.h"

namespace mlir::softmax {

/// Where a row stands.
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
RowPosition positionOf(GenericBuilder &k, Value number);
/// Reads the row-invariant inputs.
void loadInvariants(GenericBuilder &k, RowPosition &row);

/// The coordinate along the softmax dimension `dim` of the elements that stand
/// at `position` in their row: an index or a vector of them.
Value coordinateInRow(GenericBuilder &k, int64_t dim, Value position);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_COMMON_ROWPOSITION_H
