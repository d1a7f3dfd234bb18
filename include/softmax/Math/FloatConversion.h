// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Conversions of f16, bf16, f8E4M3FN and f8E5M2 by integer arithmetic, scalars
// and vectors alike, for targets on which the conversion would become a call to
// compiler-rt.  They round to nearest, ties to even, keep denormal numbers, and
// make every NaN a quiet NaN with the leading bits of its payload, as the
// instructions do.

#ifndef SOFTMAX_MATH_FLOATCONVERSION_H
#define SOFTMAX_MATH_FLOATCONVERSION_H

#include "softmax/Math/MathBuilder.h"

namespace mlir::softmax {

/// f16 to f32.
Value buildExtendF16(MathBuilder &math, Value x);
/// bf16 to f32.
Value buildExtendBF16(MathBuilder &math, Value x);
/// f32 to f16.
Value buildTruncateToF16(MathBuilder &math, Value x);
/// f32 to bf16.
Value buildTruncateToBF16(MathBuilder &math, Value x);
/// Whether `element` is f8E4M3FN or f8E5M2.
bool isFloat8(Type element);
/// One of them to f32.
Value buildExtendF8(MathBuilder &math, Value x);
/// f32 to one of them; f8E4M3FN has no infinity and overflows to NaN.
Value buildTruncateToF8(MathBuilder &math, Value x, Type element);
/// bits >> count, rounded to nearest, ties to even.
Value buildShiftRounded(MathBuilder &math, Value bits, int64_t count);
/// f64 to f32, rounded to odd: inexact results get an odd last bit, so that
/// rounding once more, to a narrower type, gives what rounding the f64 directly
/// would (Boldo and Melquiond, Emulation of a FMA and correctly rounded sums:
/// proved algorithms using rounding to odd, 2008).
Value buildRoundToOddF32(MathBuilder &math, Value x);

} // namespace mlir::softmax

#endif // SOFTMAX_MATH_FLOATCONVERSION_H
