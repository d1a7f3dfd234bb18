// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Bounds: NVIDIA, Parallel Thread Execution ISA 9.1, "Floating Point
// Instructions", the notes of each instruction:
//   ex2.approx.f32     9.7.3.21  2 ulp from the correctly rounded result over
//                                the full range
//   lg2.approx.f32     9.7.3.20  absolute error 2^-22 for arguments in
//                                (0.5, 2), relative error 2^-22 outside
//   rcp.approx.f32     9.7.3.13  1 ulp over the full range
//   rsqrt.approx.f32   9.7.3.16  relative error 2^-22.9
//   sqrt.approx.f32    9.7.3.15  relative error 2^-23
//   tanh.approx.f32    9.7.3.22  relative error 2^-11
//   div.approx.f32     9.7.3.8   2 ulp for divisors from 2^-126 to 2^126;
//                                beyond, the quotient of a finite number is 0,
//                                of an infinite one NaN
//   div.full.f32       9.7.3.8   2 ulp over the full range
// An exact result is the value in double or wider, rounded to float.
#include "Approximations.h"

#include "llvm/ADT/bit.h"

#include <cmath>
#include <limits>

using namespace mlir::softmax::emulator;

float mlir::softmax::emulator::flushSubnormal(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}

/// 1 or -1, as good as random in the bits of the argument.
static int chooseDirection(float x) {
  uint32_t hash = llvm::bit_cast<uint32_t>(x) * 2654435769u;
  hash ^= hash >> 15;
  hash *= 2246822519u;
  return hash >> 31 ? 1 : -1;
}

static float round(long double value, bool flush) {
  float result = static_cast<float>(value);
  return flush ? flushSubnormal(result) : result;
}

/// The result that is furthest from `value` (or, with `fromRounded`, from that
/// number rounded) within `ulps` units in the last place; results that are
/// exact by definition (0, 1 at 0, infinities) stay.
static float finishUlps(long double value, float argument, double ulps,
                        bool flush, Approximation mode,
                        bool fromRounded = false) {
  float exact = round(value, flush);
  if (mode == Approximation::Exact || exact == 0 || !std::isfinite(exact) ||
      static_cast<long double>(exact) == value)
    return exact;
  // A unit below a power of two is half of that above it.
  float magnitude = std::fabs(exact);
  long double unit = static_cast<long double>(magnitude) -
                     static_cast<long double>(std::nextafter(magnitude, 0.0f));
  if (fromRounded)
    value = exact;
  long double off = value + chooseDirection(argument) * ulps * unit;
  // Never beyond the bound after rounding.
  float result = static_cast<float>(off);
  if (std::fabs(static_cast<long double>(result) - value) > ulps * unit)
    result = std::nextafter(result, exact);
  return std::isfinite(result) ? (flush ? flushSubnormal(result) : result)
                               : exact;
}

static float finishError(long double value, float argument, long double error,
                         bool flush, Approximation mode) {
  float exact = round(value, flush);
  if (mode == Approximation::Exact || exact == 0 || !std::isfinite(exact) ||
      static_cast<long double>(exact) == value)
    return exact;
  long double off = value + chooseDirection(argument) * error;
  float result = static_cast<float>(off);
  if (std::fabs(static_cast<long double>(result) - value) > error)
    result = std::nextafter(result, exact);
  return std::isfinite(result) ? (flush ? flushSubnormal(result) : result)
                               : exact;
}

float mlir::softmax::emulator::approximateEx2(float x, bool flush,
                                              Approximation mode) {
  if (flush)
    x = flushSubnormal(x);
  if (std::isnan(x))
    return x;
  return finishUlps(std::exp2(static_cast<double>(x)), x, 2, flush, mode,
                    /*fromRounded=*/true);
}

float mlir::softmax::emulator::approximateLg2(float x, bool flush,
                                              Approximation mode) {
  if (flush)
    x = flushSubnormal(x);
  if (x == 0)
    return -std::numeric_limits<float>::infinity();
  if (std::isnan(x) || x < 0)
    return std::numeric_limits<float>::quiet_NaN();
  long double value = std::log2(static_cast<double>(x));
  long double error = 0x1p-22L;
  if (x <= 0.5f || x >= 2)
    error *= std::fabs(value);
  return finishError(value, x, error, flush, mode);
}

float mlir::softmax::emulator::approximateRcp(float x, bool flush,
                                              Approximation mode) {
  if (flush)
    x = flushSubnormal(x);
  return finishUlps(1.0L / static_cast<long double>(x), x, 1, flush, mode);
}

float mlir::softmax::emulator::approximateRsqrt(float x, bool flush,
                                                Approximation mode) {
  if (flush)
    x = flushSubnormal(x);
  if (x == 0)
    return std::copysign(std::numeric_limits<float>::infinity(), x);
  if (std::isnan(x) || x < 0)
    return std::numeric_limits<float>::quiet_NaN();
  long double value = 1.0L / std::sqrt(static_cast<long double>(x));
  return finishError(value, x, value * std::exp2(-22.9L), flush, mode);
}

float mlir::softmax::emulator::approximateSqrt(float x, bool flush,
                                               Approximation mode) {
  if (flush)
    x = flushSubnormal(x);
  if (std::isnan(x) || x < 0)
    return std::numeric_limits<float>::quiet_NaN();
  long double value = std::sqrt(static_cast<long double>(x));
  return finishError(value, x, value * 0x1p-23L, flush, mode);
}

float mlir::softmax::emulator::approximateTanh(float x, Approximation mode) {
  long double value = std::tanh(static_cast<long double>(x));
  float result = finishError(value, x, std::fabs(value) * 0x1p-11L,
                             /*flush=*/false, mode);
  return std::fmin(std::fmax(result, -1.0f), 1.0f);
}

float mlir::softmax::emulator::divideFull(float x, float y, bool flush,
                                          Approximation mode) {
  if (flush) {
    x = flushSubnormal(x);
    y = flushSubnormal(y);
  }
  return finishUlps(static_cast<long double>(x) / static_cast<long double>(y),
                    x + y, 2, flush, mode);
}

float mlir::softmax::emulator::approximateDiv(float x, float y, bool flush,
                                              Approximation mode) {
  if (std::isfinite(y) && std::fabs(y) > 0x1p126f)
    return std::isinf(x) || std::isnan(x)
               ? std::numeric_limits<float>::quiet_NaN()
               : std::copysign(0.0f, x) * std::copysign(1.0f, y);
  return divideFull(x, y, flush, mode);
}
