// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Sums that do not depend on their order (Demmel and Nguyen, Fast Reproducible
// Floating-Point Summation, ARITH 2013, with integers to add in).
//
// With |v| < 2^E every v is rounded to a multiple h of u = 2^(E - L), and what
// that rounded away to a multiple of u2 = u 2^-L'.  Adding M = 1.5 2^p u, p the
// mantissa's bits, rounds so, and leaves h / u in the low bits of the number:
// M + v lies between 2^p u and 2^(p + 1) u, where numbers are u apart.  With M2
// = 1.5 2^p u2 three additions do both:
//
//   a = v + M            rounded: M + h;  the bits of a count multiples of u
//   g = a - (M + M2)     exact: h - M2, a multiple of u below 2^p u
//   b = v - g            rounded once: M2 + (v - h);  its bits count those of
//   u2
//
// M2 is 6 u (f32) or 12 u (f64), so that M + M2 is a number of the type.  The
// bits are added as integers, which is exact.  Of N elements the sum is within
// N u2 / 2 of the true one:
//
//              L   L'   u2
//   f32       20   21   2^(E - 41)    warps add their integers as i32
//   f64       49   49   2^(E - 98)    i64
//
// and a block of 8192 elements within 2^-28 or 2^-85 of 2^E.  |h / u| <= 2^20
// and |b - M2| <= 2^20 u2 in f32: 2047 elements of a warp fit i32, and threads
// hold 33 at most.  Multiples of both kinds together are an i64, in units of
// u2.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXACTSUM_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXACTSUM_H

#include "GPUBuilder.h"
#include "softmax/Math/MathBuilder.h"

namespace mlir::softmax {

class ExactSum {
public:
  /// Of numbers below 2^exponent in size.
  ExactSum(GPUBuilder &k, int64_t exponent);
  /// Of numbers that are not larger in size than `largest`: a scalar, or a
  /// vector with a lane per row.  Where it is not finite the sum is not to be
  /// used.
  ExactSum(GPUBuilder &k, Value largest);

  /// Adds a scalar or the elements of a vector, of the compute type; each to
  /// the sum of its row where lanes are rows, and all integers and sums are
  /// then vectors.
  void add(Value value);
  /// What a thread hands to the reduction over all: the multiples of u and of
  /// u2, i32 or i64.
  std::pair<Value, Value> integers();
  /// u = 2^ratioBits u2.
  unsigned ratioBits() const { return lowBits; }
  /// The sum, from the integers of all threads together (i64): of f32 the
  /// multiples of u2, of f64 both.
  WideValue finish(ValueRange totals);
  unsigned numTotals() const { return k.computeType.isF64() ? 2 : 1; }

private:
  /// What vectors and scalars have come to so far; null for nothing.
  struct Total {
    Value vector, scalar;
  };
  ExactSum(GPUBuilder &k, int64_t exponent, Value scale);
  /// Adds the bits of `value`.
  void count(Total &total, Value value);
  /// The multiples taken, as one integer.
  Value fold(const Total &total, double magic);
  Value unscaled(Value value);
  /// An f64 as a pair of f32.
  WideValue split(Value sum);

  GPUBuilder &k;
  MathBuilder math;
  Value scale;
  /// i32, its value is that of 1 / scale.
  Value scaleExponent;
  unsigned lowBits;
  double highUnit, lowUnit, highMagic, lowMagic;
  Total high, low;
  int64_t numAdded = 0;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXACTSUM_H
