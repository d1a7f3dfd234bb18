// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The scaled exponential of softmax kernels.  docs/Numerics.md has the error
// analysis.

#ifndef SOFTMAX_MATH_EXPBUILDER_H
#define SOFTMAX_MATH_EXPBUILDER_H

#include "softmax/Math/MathBuilder.h"
#include <functional>

namespace mlir::softmax {

/// How the exponentials of a row are computed.
struct ExpCore {
  /// Entries of the table of 2^(j / entries) that an exponential is put
  /// together from: 16 or 8, f32 on vectors with FMA, where an instruction
  /// looks up that many at once (AVX-512, AVX2).  1: no table, a polynomial on
  /// [-ln2/2, ln2/2]; f32 and f64, with and without FMA.
  unsigned entries = 1;
  enum class Precision {
    /// f32 within 2^-17 relative: fewer terms, one constant for ln2.  f64 as
    /// `Single`.
    Fast,
    /// Within 1 ULP.
    Single,
    /// With what the last rounding cut off, as a second value: the pair is
    /// within 0.7 half ULP (2^-24 in f32) relative, 0.8 without FMA.  For
    /// entries == 1.
    Pair
  };
  Precision precision = Precision::Single;

  /// Whether exponentials may be any numbers where x is NaN or the maximum
  /// +inf, as where another value tells of these rows.
  bool specialsKnown = false;
  /// 2^x by one instruction, f32; exponentials are then formed by it from x
  /// log2(e), which is rounded.  Null for none.
  std::function<Value(Value)> exp2;

  bool usesTable() const { return entries > 1; }
  /// Parts of ln2 that ExpReference::exponent counts.
  unsigned parts() const { return exp2 ? 2 : entries; }
  /// Whether the exponential at the maximum lies between 2^S and 1.5 2^S.
  bool startsAtPower() const { return usesTable() || exp2; }
  /// Whether a power of two is added to an exponent rather than multiplied.
  bool addsExponents(bool fma) const {
    return specialsKnown && fma && !usesTable() && precision != Precision::Pair;
  }
};

/// An exponential, and for `Precision::Pair` what it rounded away; else null.
struct ExpValue {
  Value value;
  Value low;
};

/// What a row's maximum m makes of its exponentials, in the compute type (f32
/// or f64); scalars, or vectors where several rows are computed side by side.
///
/// With m0 = m, or 0 where m is -inf, the threshold T (512 in f32, 240 with a
/// table, 4096 in f64) and E = ExpCore::parts():
///
///   |m0| <  T: center = 0,  offset = m0, exponent = rint(m0 E log2(e))
///   |m0| >= T: center = m0, offset = 0,  exponent = 0
///
/// (with a table the exponent is one less; with ExpCore::exp2 the largest one
/// for which the exponential at the maximum is safely above 2^S), so that no
/// rounding error of x - m enters at all: below T nothing is subtracted, and
/// from T on x - m is exact (Sterbenz) wherever it matters.
struct ExpReference {
  Value center; ///< subtracted from every logit
  /// Rounds to an integer and carries the exponent's bias; with ExpCore::exp2
  /// S - exponent / E.
  Value magic;
  Value low;      ///< x - center is raised to this
  Value exponent; ///< an integer, in units of ln2 / E
  Value offset;   ///< m0 - center, exact
};

/// The reference of a row, or of a vector of rows, with maximum `max` (f32 or
/// f64).  `max` is never NaN (MathBuilder::maxIgnoringNaN); it may be +-inf.
ExpReference buildExpReference(MathBuilder &math, const ExpCore &core,
                               Value max);

/// exp(x - center) * 2^(S + c - exponent / E) for x <= max, element by element,
/// S = FloatConstants::scaleExponent (64 in f32, 256 in f64), c a constant of
/// the table (0 without one): a positive normal number, within 1 ULP with FMA
/// (see docs/Numerics.md for the figures without).
///
/// Multiplied by the reciprocal of their sum, such numbers are rounded once,
/// denormal results included.  -inf, and whatever lies so far below max that
/// its probability rounds to 0, gives a positive number that times that
/// reciprocal is exactly 0.  NaN gives NaN; a +inf (then max is +inf) gives
/// NaN.
///
/// With a table the exponential at max lies in (2^S, 1.14 2^S), with
/// ExpCore::exp2 in (2^S, 1.46 2^S).
///
/// In a row of nothing but -inf (max is -inf) every exponential is the same
/// positive number: the caller replaces the reciprocal there.
///
/// With ExpCore::exp2 the error is 2^-18.5 + 2^-26.1 |x - max| relative and
/// that of the instruction, and what is below 2^-126 may be 0.
///
/// `x` has the reference's type, or is a vector while the reference is scalar.
ExpValue buildScaledExp(MathBuilder &math, const ExpCore &core, Value x,
                        const ExpReference &reference);

/// log(sum over the row of exp(x - max)) in f64.
///
/// `sum` is the sum of scaled exponentials, f64 in the reference's shape;
/// `sumLow`, where not null, is its low part (|sumLow| <= ulp(sum)).  The
/// absolute error is below 2^-52 + 2^-53 log(N).  NaN where the sum is NaN: a
/// row with NaN or +inf.  A row of nothing but -inf gives a finite number: max
/// + this is -inf as it should be.
Value buildLogOfScaledSum(MathBuilder &math, const ExpCore &core, Value sum,
                          Value sumLow, const ExpReference &reference);

/// sum over the row of exp(x - max) in f64: operands as above.  Meant for once
/// per row, where the statistic itself is a result.
Value buildSumRelativeToMax(MathBuilder &math, const ExpCore &core, Value sum,
                            Value sumLow, const ExpReference &reference);

/// What turns a sum of exponentials relative to `from` into one relative to
/// `to`, whose maximum is not smaller: a factor from 0 to 1 (a little above
/// where both maxima are nearly the same), in f64, within 4 ULP of f64.  NaN
/// where a maximum is +inf, and not meant for one of -inf.
Value buildRescale(MathBuilder &math, const ExpCore &core,
                   const ExpReference &from, const ExpReference &to);
/// The same, in a few operations and within half an ULP, where both centers are
/// 0 and ExpCore::parts() is 1 or 2: a power of two, or of its root.  Below
/// 2^-1022 it is 0.
Value buildRescaleByPower(MathBuilder &math, const ExpCore &core,
                          const ExpReference &from, const ExpReference &to);

namespace detail {
/// scale * exp(f) for |f| <= ln2/2 and `scale` a power of two; exact at 0.
Value buildExpOfReduced(MathBuilder &math, Value f, Value scale);
/// x = n ln2 + f: returns f, and sets z = n + magic.  |n| < 2^10 (f32), 2^13
/// (f64).
Value buildExpReduction(MathBuilder &math, Value x, Value magic, Value &z);
/// table[i mod entries] for every element i of a vector of i32.  `table` has 8
/// or 16 entries of 32 bits; only for x86 with AVX2 or AVX-512.
Value buildTableLookup(MathBuilder &math, ArrayRef<uint32_t> table,
                       Value indices);
} // namespace detail

} // namespace mlir::softmax

#endif // SOFTMAX_MATH_EXPBUILDER_H
