// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What happens to a row, whatever the strategy: the statistics' passes, the
// row region, the results.  A strategy supplies how it runs over the elements.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H

#include "KernelBuilder.h"
#include "softmax/Dialect/IR/RowNeeds.h"

namespace mlir::softmax {

/// How one strategy runs over the elements of a row (or of a vector of rows).
class RowRunner {
public:
  virtual ~RowRunner() = default;
  /// Reduces `pass` for the statistics numbered `active`.
  virtual SmallVector<WideValue> reduce(unsigned pass,
                                        ArrayRef<unsigned> active,
                                        ArrayRef<RowValues> rows) = 0;
  /// Writes the element-wise results.
  virtual void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn) = 0;
  /// Input `i`, which is row-invariant: a scalar, or a vector with a lane per
  /// row.
  virtual Value rowInput(unsigned i) = 0;
  /// Coordinate along the parallel dimension `dim`.
  virtual Value rowCoordinate(int64_t dim) = 0;
  /// Writes a per-row result to destination `i`.
  virtual void storeRow(unsigned i, Value value) = 0;
  /// Rows side by side; 0 for scalars.
  virtual int64_t rowLanes() const { return 0; }
};

/// Emits the passes, the row region and the results of one row.
void emitRowProgram(KernelBuilder &k, const RowNeeds &needs, RowRunner &runner);

/// The arguments of the result region for one element (or vector): `elements`
/// are the inputs, `logits` one per statistic (null if not needed), `lifted`
/// the staged value of `needs.staged` or null.
SmallVector<Value> buildResults(KernelBuilder &k, const RowNeeds &needs,
                                ValueRange elements, ArrayRef<Value> logits,
                                Value lifted, ArrayRef<RowValues> rows,
                                ValueRange handedOn, int64_t laneCount,
                                KernelBuilder::Coordinate coordinate);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H
