// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The sum of a row, in the order that the numeric part fixes (C-SUM-1,
// C-DET-1).  Every strategy over contiguous or packed rows adds through these
// functions, so they all give the same bits:
//
//  - elements are taken in groups of 64, counted from the row's first element;
//    a group is folded in the compute type by a tree at distances 32, 16, 8
//    (missing elements are -0.0), leaving 8 values;
//  - these are added to 8 wide accumulators (f64, or f64 pairs by TwoSum,
//    Knuth, TAOCP vol. 2, 4.2.2, when the compute type is f64);
//  - after every block, and for the last incomplete group by itself, the
//    accumulators are folded at distances 4, 2, 1 and added to the row's total
//    in index order.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWSUM_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWSUM_H

#include "KernelBuilder.h"

namespace mlir::softmax {

/// A wide value under accumulation, scalar or vector: f64, and for compute
/// type f64 what it rounded away.
using WideParts = SmallVector<Value, 2>;

class RowSum {
public:
  explicit RowSum(KernelBuilder &k) : k(k), pairs(k.computeType.isF64()) {}

  /// Values per accumulator: 1, or 2 for pairs.
  unsigned parts() const { return pairs ? 2 : 1; }
  /// Nothing summed yet; `count` lanes, or a scalar for 0.
  WideParts identity(int64_t count);
  /// `total` + `value`, `value` of the compute type in `total`'s shape.
  WideParts addNarrow(const WideParts &total, Value value);
  /// `total` + `value`, both wide.
  WideParts addWide(const WideParts &total, const WideParts &value);
  /// Eight values from a group of 64 / lanes vectors; null stands for -0.0.
  /// Null if nothing is there.
  Value foldGroup(ArrayRef<Value> vectors);
  /// The sum of a vector of lanes, as scalars.
  WideParts foldLanes(const WideParts &lanes);
  WideValue finish(const WideParts &total) {
    return {total[0], pairs ? total[1] : Value()};
  }

  static constexpr int64_t numPartials = 8;

private:
  Value widen(Value value);
  KernelBuilder &k;
  bool pairs;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWSUM_H
