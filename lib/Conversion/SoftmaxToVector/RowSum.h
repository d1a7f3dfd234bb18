// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The sum of a row, in the order that the numeric part fixes (C-SUM-1,
// C-DET-1).  Every strategy over contiguous or packed rows adds through these
// functions, so they all give the same bits:
//
//  - a row is cut into blocks, counted from its first element, and a block
//    into groups of 64;
//  - a group is folded in the compute type, or in f64 where values come with a
//    low part, by a tree at distances 32, 16, 8 (missing elements are -0.0),
//    leaving 8 values;
//  - these are added to 8 wide accumulators (f64, or f64 pairs by TwoSum,
//    Knuth, TAOCP vol. 2, 4.2.2, when the compute type is f64);
//  - after the block's last group the accumulators are folded at distances 4,
//    2, 1.  Blocks have statistics of their own, merged in index order.

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
  /// Eight values from the vectors that a group's tree ends in: one, or as many
  /// as hold eight values.
  Value foldGroup(ArrayRef<Value> vectors);
  /// The sum of a vector of lanes, as scalars.
  WideParts foldLanes(const WideParts &lanes);
  WideValue finish(const WideParts &total) {
    return {total[0], pairs ? total[1] : Value()};
  }

  static constexpr int64_t numPartials = 8;

  /// A value of the compute type as f64.
  Value widen(Value value);

private:
  KernelBuilder &k;
  bool pairs;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWSUM_H
