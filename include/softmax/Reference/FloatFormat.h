// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The floating-point formats of the dialect seen from a wider one: rounding,
// units in the last place, and the bytes in memory.
#ifndef SOFTMAX_REFERENCE_FLOATFORMAT_H
#define SOFTMAX_REFERENCE_FLOATFORMAT_H

#include "mlir/IR/BuiltinTypes.h"

#include <limits>
#include <optional>

namespace mlir::softmax::reference {

/// What the reference computes in: 64 bits of significand on x86-64, 113 on
/// most others.
using Real = long double;
static_assert(std::numeric_limits<Real>::digits >= 64,
              "the reference needs a long double wider than double");

enum class FloatKind : uint8_t { F8E4M3FN, F8E5M2, F16, BF16, F32, F64 };

/// The format of a floating-point type; none for types without one here.
std::optional<FloatKind> getFloatKind(Type type);

/// Bits of the significand, the implicit one included: 4, 3, 11, 8, 24, 53.
int significandBits(FloatKind kind);

/// Size in memory: 1, 1, 2, 2, 4, 8.
unsigned byteSize(FloatKind kind);

/// The value of the format nearest to `value`, ties to even, with denormals;
/// values beyond the range become infinities, or NaN in f8E4M3FN, which has
/// none.
Real roundTo(FloatKind kind, Real value);

/// The distance of neighbouring values of the format in the binade of `value`;
/// that of the denormals below the smallest normal number and at 0.  NaN for
/// NaN, and for an infinity the unit of the largest binade.
Real unitInLastPlace(FloatKind kind, Real value);

/// 2^-24 for f32, 2^-53 for f64: half the distance from 1 to its successor.
Real unitRoundoff(FloatKind kind);

/// The smallest power of two that is beyond the format: 2^(emax + 1).
Real overflowThreshold(FloatKind kind);

/// Reads the value at `bytes` (host byte order, any alignment).
Real decode(FloatKind kind, const void *bytes);

/// Rounds `value` and writes it to `bytes`.
void encode(FloatKind kind, Real value, void *bytes);

} // namespace mlir::softmax::reference

#endif // SOFTMAX_REFERENCE_FLOATFORMAT_H
