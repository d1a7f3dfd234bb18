// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Sums that do not depend on their order (Demmel and Nguyen, Fast Reproducible
// Floating-Point Summation, ARITH 2013, with integers to add in).
//
// With |v| < 2^E every v is rounded to a multiple q of u = 2^(E - L), and what
// that rounded away to a multiple of u2 = u 2^-L'.  Adding 1.5 2^p u, p the
// mantissa's bits, rounds so, and leaves q / u in the low bits of the number.
// These integers are added, which is exact.  Of N elements the sum is within
// N u2 / 2 of the true one:
//
//              L   L'   u2
//   f32       20   21   2^(E - 41)    warps add their integers as i32
//   f64       49   49   2^(E - 98)    i64
//
// and a block of 8192 elements within 2^-28 or 2^-85 of 2^E.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXACTSUM_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXACTSUM_H

#include "GPUBuilder.h"
#include "softmax/Math/MathBuilder.h"

namespace mlir::softmax {

class ExactSum {
public:
  /// Of numbers below 2^exponent in size, or NaN.
  ExactSum(GPUBuilder &k, int64_t exponent);
  /// Of numbers that are not larger in size than the scalar `largest`.  Where
  /// it is not finite the sum is not to be used.
  ExactSum(GPUBuilder &k, Value largest);

  /// Adds a scalar or the elements of a vector, of the compute type.
  void add(Value value);
  /// What a thread hands to the reduction over all: integers.  With a given
  /// exponent the last of them counts the threads that met a NaN.
  SmallVector<Value> integers();
  /// The sum, from the integers of all threads together (i64).
  WideValue finish(ValueRange totals);
  unsigned numIntegers() const { return scale ? 2 : 3; }

private:
  /// What vectors and scalars have come to so far; null for nothing.
  struct Total {
    Value vector, scalar;
  };
  ExactSum(GPUBuilder &k, int64_t exponent, Value scale);
  /// Adds `value` by `add`.
  void accumulate(Total &total, Value value,
                  function_ref<Value(Value, Value)> add);
  /// Takes the multiple of a level's unit out of `value` and returns the rest.
  Value take(Total &total, Value value, double magic);
  /// The multiples taken, as one integer.
  Value fold(const Total &total, double magic);
  Value unscaled(Value value);

  GPUBuilder &k;
  MathBuilder math;
  Value scale;
  /// i32, its value is that of 1 / scale.
  Value scaleExponent;
  double highUnit, lowUnit, highMagic, lowMagic;
  Total high, low, rests;
  int64_t count = 0;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_EXACTSUM_H
