// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Elementary functions of f32 or f64, scalars and vectors, over the whole range
// and without a library call.  Special values are those of C's Annex F.  The
// largest errors measured by test/Unit/Math are in docs/Numerics.md.

#ifndef SOFTMAX_MATH_ELEMENTARYBUILDER_H
#define SOFTMAX_MATH_ELEMENTARYBUILDER_H

#include "softmax/Math/MathBuilder.h"

namespace mlir::softmax {

/// e^x.  Overflows to +inf; denormal results are kept.
Value buildExp(MathBuilder &math, Value x);
/// 2^x, the same.
Value buildExp2(MathBuilder &math, Value x);
/// e^x - 1, accurate near 0.
Value buildExpM1(MathBuilder &math, Value x);
/// log(x): -inf at 0, NaN below; denormal arguments are accurate.
Value buildLog(MathBuilder &math, Value x);
/// log(1 + x), accurate near 0.
Value buildLog1p(MathBuilder &math, Value x);
/// The logarithm to base 2; exact at powers of two.
Value buildLog2(MathBuilder &math, Value x);
/// The hyperbolic tangent.
Value buildTanh(MathBuilder &math, Value x);

/// Rounding to an integer of the type, for targets without an instruction for
/// it; ties to even.  The sign of zero is kept.
Value buildRoundEven(MathBuilder &math, Value x);
Value buildFloor(MathBuilder &math, Value x);
Value buildCeil(MathBuilder &math, Value x);
Value buildTrunc(MathBuilder &math, Value x);
/// Ties away from zero.
Value buildRound(MathBuilder &math, Value x);

} // namespace mlir::softmax

#endif // SOFTMAX_MATH_ELEMENTARYBUILDER_H
