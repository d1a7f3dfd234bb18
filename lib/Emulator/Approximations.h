// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The hardware's approximate instructions.
#ifndef SOFTMAX_LIB_EMULATOR_APPROXIMATIONS_H
#define SOFTMAX_LIB_EMULATOR_APPROXIMATIONS_H

#include "softmax/Emulator/Emulator.h"

namespace mlir::softmax::emulator {

/// With `flush`, subnormal inputs count as zeros and subnormal results become
/// zeros, both with their sign (.ftz).
float approximateEx2(float x, bool flush, Approximation mode);
float approximateLg2(float x, bool flush, Approximation mode);
float approximateRcp(float x, bool flush, Approximation mode);
float approximateRsqrt(float x, bool flush, Approximation mode);
float approximateSqrt(float x, bool flush, Approximation mode);
float approximateTanh(float x, Approximation mode);
/// div.approx: also 0 or NaN where |y| is above 2^126, as PTX says.
float approximateDiv(float x, float y, bool flush, Approximation mode);
/// div.full
float divideFull(float x, float y, bool flush, Approximation mode);

/// A subnormal becomes a zero of its sign.
float flushSubnormal(float x);

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_APPROXIMATIONS_H
