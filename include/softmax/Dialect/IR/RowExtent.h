// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows of which only the first elements count: valid lengths, causal masks.

#ifndef SOFTMAX_DIALECT_IR_ROWEXTENT_H
#define SOFTMAX_DIALECT_IR_ROWEXTENT_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "softmax/Dialect/IR/Softmax.h"
#include <optional>

namespace mlir::softmax {

/// The predicate with which `b PREDICATE a` says what `a predicate b` says.
arith::CmpIPredicate swapOperands(arith::CmpIPredicate predicate);

/// A bound of the coordinate along the one softmax dimension, the same for all
/// of a row, from which on the logit of every statistic is -inf whatever the
/// elements are.  Such elements change no statistic, and their %p is that of
/// the logit -inf (C-INF-3, C-MASK-1): a lowering need not read them.
struct RowExtent {
  /// Of the logit region, an index, i32 or i64: it depends on row-invariant
  /// inputs and coordinates of the row alone.
  Value bound;
  /// Whether the element at the bound still counts.
  bool inclusive = false;
  /// Whether a negative bound is larger than all others.
  bool isUnsigned = false;
  /// The comparisons with the bound, and what they are for elements before it.
  SmallVector<std::pair<Operation *, bool>> comparisons;

  /// Whether the bounds are the same.
  bool operator==(const RowExtent &other) const {
    return bound == other.bound && inclusive == other.inclusive &&
           isUnsigned == other.isUnsigned;
  }

  /// That of `op`, if every statistic is #softmax.max_sumexp and all have the
  /// same; recognized where a logit is select(column < bound, x, -inf), also
  /// with further conditions or selections around.
  static std::optional<RowExtent> find(GenericOp op);

  /// Clones the logit region of `op`, which this extent is of, into `region` as
  /// it is for elements before the bound.
  void cloneForCounting(GenericOp op, Region &region) const;
};

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_IR_ROWEXTENT_H
