// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Statistics and results of a segment in registers, whatever the schedule.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENTRUNNER_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENTRUNNER_H

#include "Exchange.h"
#include "RowLanes.h"
#include "Segment.h"
#include "Selection.h"

namespace mlir::softmax {

/// What a row offers to its row region: every thread computes it, the first one
/// of the row writes per-row results.
class GPURowScope : public RowScope {
public:
  GPURowScope(GPUBuilder &k, const RowPosition &row,
              const RowSelections *selections = nullptr)
      : k(k), row(row), selections(selections) {}
  Value rowInput(unsigned i) override { return row.invariants[i]; }
  Value rowCoordinate(int64_t dim) override {
    return k.lanesAreRows ? coordinateOfRows(k, row, dim)
                          : row.coordinates[dim];
  }
  int64_t rowLanes() const override { return k.lanesAreRows ? k.lanes : 0; }
  void storeRow(unsigned i, Value value) override;
  SmallVector<Value> select(unsigned s, int64_t /*count*/) override {
    return selections->getArguments(s);
  }
  /// Writes what `storeRow` has put off: with `later` everything, so that the
  /// thread that writes it does not go its own way through the results.
  void flush();
  bool later = false;

private:
  void store(unsigned i, Value value);
  /// Stores the elements of `value`, a vector per row.
  void storeElements(unsigned i, Value value);

  GPUBuilder &k;
  const RowPosition &row;
  const RowSelections *selections;
  SmallVector<std::pair<unsigned, Value>> pending;
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

  /// The part's own values of the statistic whose exponentials make results, as
  /// far as they depend on the first pass, which this runs.
  RowValues runReference();
  /// Whether results of a part depend on them.
  static bool needsPart(GPUBuilder &k, const RowNeeds &needs);
  /// The results of the segment, a part of a row, from finished `rows`.  `part`
  /// has its own values of the statistic whose exponentials make results (not
  /// needed where neither the passes ran nor `needsPart` holds).  After the
  /// passes their exponentials are used again where that gives the same bits;
  /// else the inputs are read again, so that not everything is in registers at
  /// a time.  `isKept` tells whether `getKept` is still there; null if it is.
  void writeResultsOfPart(ArrayRef<RowValues> rows, const RowValues &part,
                          ValueRange handedOn, Value isKept = nullptr);
  /// What of the segment serves `writeResultsOfPart`: exponentials and logits.
  SmallVector<Value *> getKept();

private:
  /// What a body leaves behind, and what stands for it where it is left out:
  /// 0 of integers.
  using Outputs = SmallVector<std::pair<Value *, double>>;
  /// `body`, which is left out where the thread's warp has nothing of the
  /// segment.
  void whereActive(function_ref<void(Outputs &)> body);
  void write(ArrayRef<RowValues> rows, ValueRange handedOn, bool keepsLifted);
  /// What `getKept` has, where `isKept` does not hold from the inputs:
  /// `makeAgain` makes what is not there when they are loaded.
  void restore(Value isKept, function_ref<void()> makeAgain);
  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows);
  /// What the slots contribute to `pass` of statistic `s`.
  SmallVector<LiftedValue> lift(unsigned s, unsigned pass,
                                const RowValues &row);
  /// The largest element of `values`, one per slot, or of each row's; NaN or
  /// +inf where there is a NaN (DeviceForm).
  Exchange::Maximum localMax(ArrayRef<Value> values);

  GPUBuilder &k;
  const RowNeeds &needs;
  Segment &segment;
  /// Per slot, of the statistic that is worth keeping.
  SmallVector<LiftedValue> lifted;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENTRUNNER_H
