// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The scaled exponential of softmax kernels.  docs/Numerics.md has the error
// analysis.

#ifndef SOFTMAX_MATH_EXPBUILDER_H
#define SOFTMAX_MATH_EXPBUILDER_H

#include "softmax/Math/MathBuilder.h"

namespace mlir::softmax {

/// What a row's maximum m makes of its exponentials, in the compute type (f32
/// or f64); scalars, or vectors where several rows are computed side by side.
///
/// With m0 = m, or 0 where m is -inf, and the threshold T (512 in f32, 4096 in
/// f64):
///
///   |m0| <  T: center = 0,  offset = m0, exponent = rint(m0 log2(e))
///   |m0| >= T: center = m0, offset = 0,  exponent = 0
///
/// so that no rounding error of x - m enters at all: below T nothing is
/// subtracted, and from T on x - m is exact (Sterbenz) wherever it matters.
struct ExpReference {
  Value center;   ///< subtracted from every logit
  Value magic;    ///< rounds to an integer and carries the exponent's bias
  Value low;      ///< x - center is raised to this
  Value exponent; ///< an integer
  Value offset;   ///< m0 - center, exact
};

/// The reference of a row, or of a vector of rows, with maximum `max` (f32 or
/// f64).  `max` is never NaN (MathBuilder::maxIgnoringNaN); it may be +-inf.
ExpReference buildExpReference(MathBuilder &math, Value max);

/// `reference` with every member broadcast to `type`.
ExpReference broadcastReference(MathBuilder &math,
                                const ExpReference &reference, VectorType type);

/// exp(x - center) * 2^(S - exponent) for x <= max, element by element, S =
/// FloatConstants::scaleExponent (64 in f32, 256 in f64): a positive normal
/// number, within 1 ULP with FMA (see docs/Numerics.md for the figures
/// without).
///
/// Multiplied by the reciprocal of their sum, such numbers are rounded once,
/// denormal results included.  -inf, and whatever lies so far below max that
/// its probability rounds to 0, gives a positive number that times that
/// reciprocal is exactly 0.  NaN gives NaN; a +inf (then max is +inf) gives
/// NaN.
///
/// In a row of nothing but -inf (max is -inf) every exponential is the same
/// positive number: the caller replaces the reciprocal there.
///
/// `x` has the reference's type, or is a vector while the reference is scalar.
Value buildScaledExp(MathBuilder &math, Value x, const ExpReference &reference);

/// log(sum over the row of exp(x - max)) in f64.
///
/// `sum` is the sum of scaled exponentials, f64 in the reference's shape;
/// `sumLow`, where not null, is its low part (|sumLow| <= ulp(sum)).  The
/// absolute error is below 2^-52 + 2^-53 log(N).  NaN where the sum is NaN: a
/// row with NaN or +inf.  A row of nothing but -inf gives a finite number: max
/// + this is -inf as it should be.
Value buildLogOfScaledSum(MathBuilder &math, Value sum, Value sumLow,
                          const ExpReference &reference);

/// sum over the row of exp(x - max) in f64: operands as above.  Meant for once
/// per row, where the statistic itself is a result.
Value buildSumRelativeToMax(MathBuilder &math, Value sum, Value sumLow,
                            const ExpReference &reference);

namespace detail {
/// scale * exp(f) for |f| <= ln2/2 and `scale` a power of two; exact at 0.
Value buildExpOfReduced(MathBuilder &math, Value f, Value scale);
/// x = n ln2 + f: returns f, and sets z = n + magic.  |n| < 2^10 (f32), 2^13
/// (f64).
Value buildExpReduction(MathBuilder &math, Value x, Value magic, Value &z);
} // namespace detail

} // namespace mlir::softmax

#endif // SOFTMAX_MATH_EXPBUILDER_H
