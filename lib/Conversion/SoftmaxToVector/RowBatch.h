// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Row-level values of several rows: computed as vectors with a lane per row,
// used by the loops over each row's elements as scalars.  In between they lie
// in small buffers on the stack.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWBATCH_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWBATCH_H

#include "RowProgram.h"

namespace mlir::softmax {

/// Arrays of `lanes` elements on the stack, `copies` of them, for a fixed list
/// of values, which is that of the first `store` or `declare`.
class LaneBuffers {
public:
  LaneBuffers(KernelBuilder &k, StringRef name, int64_t lanes, int64_t copies)
      : k(k), name(name), lanes(lanes), copies(copies) {}

  /// Keeps vectors of `lanes` elements, or scalars in lane `lane`, in copy
  /// `copy` (index values).
  void store(ValueRange values, Value copy);
  void storeLane(ValueRange values, Value copy, Value lane);
  /// The values of copy `copy`: vectors, or the scalars of lane `lane`.
  SmallVector<Value> load(Value copy);
  SmallVector<Value> loadLane(Value copy, Value lane);
  /// Makes arrays for values like these, vectors or scalars.
  void declare(ValueRange values);
  /// Zeros in every lane of every copy.
  void zero();

private:
  Value at(Value copy, Value lane = Value());

  KernelBuilder &k;
  std::string name;
  int64_t lanes, copies;
  SmallVector<Value> buffers;
  /// Per buffer whether it holds i1, as bytes.
  SmallVector<bool> booleans;
};

/// The non-null slots of rows as a flat list, and rows with such slots from a
/// list; the shape (which slots are there) is that of the rows flattened last.
class RowList {
public:
  SmallVector<Value> flatten(ArrayRef<RowValues> rows);
  SmallVector<RowValues> unflatten(ValueRange values) const;

private:
  SmallVector<SmallVector<bool>> shape;
};

/// What rows [first, first + count) offer to their row region: lane j is row
/// first + j.
class BatchScope : public RowScope {
public:
  BatchScope(KernelBuilder &k, Value first, Value count, int64_t lanes)
      : k(k), first(first), count(count), lanes(lanes) {}
  Value rowInput(unsigned i) override;
  Value rowCoordinate(int64_t dim) override;
  void storeRow(unsigned i, Value value) override;
  int64_t rowLanes() const override { return lanes; }

private:
  /// A vector with a lane per row, from scalars; lanes beyond the last row
  /// repeat it.
  Value gather(Type element, function_ref<Value(const RowPosition &)> scalar);

  KernelBuilder &k;
  Value first, count;
  int64_t lanes;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWBATCH_H
