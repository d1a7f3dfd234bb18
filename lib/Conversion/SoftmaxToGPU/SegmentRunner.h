// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Statistics and results of a segment in registers, whatever the schedule.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENTRUNNER_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENTRUNNER_H

#include "Exchange.h"
#include "Segment.h"

namespace mlir::softmax {

/// What a row offers to its row region: every thread computes it, the first one
/// of the row writes per-row results.
class GPURowScope : public RowScope {
public:
  GPURowScope(GPUBuilder &k, const RowPosition &row) : k(k), row(row) {}
  Value rowInput(unsigned i) override { return row.invariants[i]; }
  Value rowCoordinate(int64_t dim) override { return row.coordinates[dim]; }
  void storeRow(unsigned i, Value value) override;

private:
  GPUBuilder &k;
  const RowPosition &row;
};

class SegmentRunner {
public:
  /// `segment` is loaded.
  SegmentRunner(GPUBuilder &k, const RowNeeds &needs, Segment &segment)
      : k(k), needs(needs), segment(segment) {}

  /// All passes over the segment: every thread gets the prepared values.
  SmallVector<RowValues> runPasses();
  /// The results of the segment from finished rows.  With `keepsLifted` the
  /// exponentials of the passes are used again: `rows` are then those of the
  /// segment alone.
  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    bool keepsLifted);

private:
  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows);
  /// What the slots contribute to `pass` of statistic `s`.
  SmallVector<LiftedValue> lift(unsigned s, unsigned pass,
                                const RowValues &row);
  /// The largest element of `values`, one per slot; NaN or +inf where there is
  /// a NaN (DeviceForm).
  Exchange::Maximum localMax(ArrayRef<Value> values);

  GPUBuilder &k;
  const RowNeeds &needs;
  Segment &segment;
  /// Per slot, of the statistic that is worth keeping.
  SmallVector<LiftedValue> lifted;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENTRUNNER_H
