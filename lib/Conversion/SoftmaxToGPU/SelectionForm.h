// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How #softmax.topk orders a row's elements, and who has those that it selects.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTIONFORM_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTIONFORM_H

#include "GPUBuilder.h"
#include "softmax/Math/MathBuilder.h"

namespace mlir::softmax {

/// An element as a selection sees it: an integer whose order is that of logits,
/// and where it stands, i32 in a segment and i64 in a row.
struct Ranked {
  Value key, column;
};

/// Of elements whose keys are equal the one in the lowest column comes first,
/// so the order is total: who holds an element, and when it is compared,
/// changes no result.
struct SelectionForm {
  SelectionForm(GPUBuilder &k, unsigned s, int64_t count);

  GPUBuilder &k;
  MathBuilder math;
  /// The statistic, and how many elements it selects.
  unsigned s;
  int64_t count;
  /// The type of keys: i32 for f32, i64 for f64.
  IntegerType keys;
  IntegerType i32, i64;

  /// The key of each element of `logit`: of NaN the largest there is, of both
  /// zeros the same.
  Value keyOf(Value logit);
  /// The key of what is not there, below all others.
  Value absent();
  /// Whether `x` is before `y` by its key alone.
  Value isAbove(Value x, Value y) {
    return math.compareInt(arith::CmpIPredicate::sgt, x, y);
  }
  Value isSame(Value x, Value y) {
    return math.compareInt(arith::CmpIPredicate::eq, x, y);
  }
  Value isBefore(const Ranked &x, const Ranked &y);
  Ranked first(const Ranked &x, const Ranked &y) {
    return choose(isBefore(y, x), y, x);
  }
  Ranked choose(Value condition, const Ranked &x, const Ranked &y) {
    return {k.select(condition, x.key, y.key),
            k.select(condition, x.column, y.column)};
  }
  /// i32, of an index that fits.
  Value narrow(Value index) {
    return k.b.createOrFold<arith::IndexCastOp>(k.loc, i32, index);
  }
  Value toIndex(Value number) {
    return k.b.createOrFold<arith::IndexCastOp>(k.loc, k.b.getIndexType(),
                                                number);
  }
  /// `element` of a segment that begins at `begin`, with its column in the row.
  Ranked inRow(const Ranked &element, Value begin);

  /// The threads that have selected elements: element j is in thread j %
  /// spread, there at place j / spread of `own`.
  int64_t spread, own;
  /// The number of this thread's element at `place`, i32.
  Value numberOf(int64_t place);
  /// The row region's arguments for this thread's elements, whose columns are
  /// those in the row; -inf and -1 for what is absent.
  SmallVector<Value> finish(ArrayRef<Ranked> elements);

private:
  Value fold(Value bits);
};

/// Whether each thread may compute its part of the row region's vectors: all of
/// them have `count` elements, and the region works on them one by one.
bool canSpreadRowRegion(GenericOp op, int64_t count);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTIONFORM_H
