// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the files of #softmax.max_sumexp share.  Private to lib/Statistics.

#ifndef SOFTMAX_LIB_STATISTICS_MAXSUMEXP_H
#define SOFTMAX_LIB_STATISTICS_MAXSUMEXP_H

#include "StatisticUtils.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Math/ExpBuilder.h"

namespace mlir::softmax::maxsumexp {

/// The meaning of RowValues::slots.  Of a part of a row: up to Probe; the
/// others are for whole rows, finished.
enum Slot : unsigned {
  Max, // compute type; -inf for an empty or fully masked row
  // Scaled exponentials: the members of their ExpReference.
  Center,
  Magic,
  Clamp,
  Exponent,
  Offset,
  // Plain exponentials: what is subtracted (m, or 0 where m = -inf).
  PlainShift,
  Sum,    // of the exponentials, f64
  SumLow, // what Sum rounded away, f64; null for compute type f32
  Probe,  // 0, or NaN if there is a NaN; null if not asked
  Shift,  // the maximum, or 0 where it is -inf
  LogSum, // log(sum exp(x - m)), in the compute type
  RowSum, // sum exp(x - m), in the compute type, or f64 for wide_sum
  // What exponentials are multiplied by (a pair, or one number), or divided by.
  Factor,
  FactorLow,
  Prescale, // what they are multiplied by before; null for 1
  NumSlots
};

/// A `MathBuilder` with what special values need.
struct Ops : MathBuilder {
  StatisticBuilder &s;
  ExpCore core;
  explicit Ops(StatisticBuilder &s);

  Value inf(Value like, bool negative) {
    double inf = std::numeric_limits<double>::infinity();
    return constant(like.getType(), negative ? -inf : inf);
  }
  Value nan(Value like) {
    return constant(like.getType(), std::numeric_limits<double>::quiet_NaN());
  }
  Value equal(Value x, Value y) {
    return compare(arith::CmpFPredicate::OEQ, x, y);
  }
  Value isNaN(Value x) { return compare(arith::CmpFPredicate::UNO, x, x); }
  Value isPlusInf(Value x) { return equal(x, inf(x, /*negative=*/false)); }
  Value isMinusInf(Value x) { return equal(x, inf(x, /*negative=*/true)); }
  /// Whether nothing is subtracted from the logits; false where the maximum is
  /// not known to be finite or -inf.
  Value isUncentered(const RowValues &row) {
    return equal(row.slots[Center], constant(row.slots[Center].getType(), 0.0));
  }
  /// f64 (or the compute type) to the compute type.
  Value narrow(Value x);
  /// The compute type (or f64) to f64.
  Value widen(Value x);
};

ExpReference getReference(const RowValues &row);

/// What a sum of exponentials of `from` counts relative to the maximum of `to`,
/// which is not smaller: f64.
Value buildWeight(Ops &ops, const RowValues &from, const RowValues &to);
/// The same where both are uncentered.
Value buildSimpleWeight(Ops &ops, const RowValues &from, const RowValues &to);

/// The probability of an element with the exponential `e`.
Value buildProbability(Ops &ops, const LiftedValue &e, const RowValues &row);

} // namespace mlir::softmax::maxsumexp

#endif // SOFTMAX_LIB_STATISTICS_MAXSUMEXP_H
