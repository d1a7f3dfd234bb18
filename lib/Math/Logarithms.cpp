// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// log, log1p and log2.  x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), and
// log(1 + f) = 2 atanh(s), s = f / (2 + f), written as
//
//   f - (h - s (h + R(s^2))),   h = f^2 / 2,
//
// in which everything after f is small against it.  (The same series is in
// Tang, Table-driven implementation of the logarithm function, 1990, and in
// many libraries; the coefficients are our own.)

#include "softmax/Math/ElementaryBuilder.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpFPredicate;

namespace {
// x = 2^k (1 + f), k as a float.
struct Decomposition {
  Value k;
  Value f;
};
// log(1 + f) = f - h + rest.
struct Series {
  Value h;
  Value rest;
};
} // namespace

// For positive, finite, normal x.
static Decomposition decompose(MathBuilder &math, Value x) {
  Type type = x.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value one = math.bits(math.constant(type, 1.0));
  Value root = math.bits(math.constant(type, std::sqrt(0.5)));
  // Moved so that the exponent field changes at sqrt(1/2) 2^k.
  Value moved = math.addInt(math.bits(x), math.subInt(one, root));
  Value field = math.shiftRight(moved, c.mantissaBits);
  int64_t mask = (int64_t(1) << c.mantissaBits) - 1;
  Value fraction = math.fromBits(math.addInt(
      math.andInt(moved, math.integer(moved.getType(), mask)), root));
  // field to float by an exponent put before it: 64-bit lanes have no
  // conversion before AVX-512.
  double unit = std::ldexp(1.0, c.mantissaBits);
  Value prefix = math.bits(math.constant(type, unit));
  Decomposition result;
  result.k = math.sub(math.fromBits(math.orInt(field, prefix)),
                      math.constant(type, unit + static_cast<double>(c.bias)));
  result.f = math.sub(fraction, math.constant(type, 1.0)); // exact
  return result;
}

// The same, denormal x included.
static Decomposition decomposeAny(MathBuilder &math, Value x) {
  Type type = x.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  int shift = static_cast<int>(c.mantissaBits) + 2;
  double smallest = std::ldexp(1.0, static_cast<int>(1 - c.bias));
  Value tiny =
      math.compare(CmpFPredicate::OLT, x, math.constant(type, smallest));
  Value scaled = math.mul(x, math.constant(type, std::ldexp(1.0, shift)));
  Decomposition result = decompose(math, math.select(tiny, scaled, x));
  result.k = math.sub(result.k, math.select(tiny, math.constant(type, shift),
                                            math.constant(type, 0.0)));
  return result;
}

static Series buildSeries(MathBuilder &math, Value f) {
  Type type = f.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value s = math.div(f, math.add(math.constant(type, 2.0), f));
  Value z = math.mul(s, s);
  Value r = math.mul(z, math.polynomial(z, c.logarithm));
  Series series;
  series.h = math.mul(math.mul(f, f), math.constant(type, 0.5));
  series.rest = math.mul(s, math.add(series.h, r));
  return series;
}

// k ln2 + log(1 + f) + small.
static Value combine(MathBuilder &math, Decomposition d, Value small) {
  const FloatConstants &c = MathBuilder::constantsOf(d.f.getType());
  Series series = buildSeries(math, d.f);
  Value low = math.mul(d.k, math.constant(d.k.getType(), c.ln2Low));
  if (small)
    low = math.add(low, small);
  Value tail = math.sub(series.h, math.add(series.rest, low));
  Value high = math.mul(d.k, math.constant(d.k.getType(), c.ln2High)); // exact
  return math.sub(high, math.sub(tail, d.f));
}

// `value` where x > pole; -inf at the pole, NaN below it and for NaN; +inf at
// +inf.
static Value withSpecials(MathBuilder &math, Value x, double pole,
                          Value value) {
  Type type = x.getType();
  double infinity = std::numeric_limits<double>::infinity();
  Value at = math.constant(type, pole);
  Value outside = math.select(
      math.compare(CmpFPredicate::OEQ, x, at), math.constant(type, -infinity),
      math.constant(type, std::numeric_limits<double>::quiet_NaN()));
  Value result =
      math.select(math.compare(CmpFPredicate::OGT, x, at), value, outside);
  return math.select(
      math.compare(CmpFPredicate::OEQ, x, math.constant(type, infinity)), x,
      result);
}

Value softmax::buildLog(MathBuilder &math, Value x) {
  return withSpecials(math, x, 0.0, combine(math, decomposeAny(math, x), {}));
}

Value softmax::buildLog1p(MathBuilder &math, Value x) {
  Type type = x.getType();
  Value one = math.constant(type, 1.0);
  Value u = math.add(one, x);
  // u + error = 1 + x exactly (Knuth's TwoSum); log(1 + x) = log(u) + error /
  // u.
  Value seen = math.sub(u, one);
  Value error = math.add(math.sub(one, math.sub(u, seen)), math.sub(x, seen));
  Value value = combine(math, decompose(math, u), math.div(error, u));
  Value result = withSpecials(math, x, -1.0, value);
  // Keeps the sign of zero.
  return math.select(
      math.compare(CmpFPredicate::OEQ, x, math.constant(type, 0.0)), x, result);
}

Value softmax::buildLog2(MathBuilder &math, Value x) {
  Type type = x.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Decomposition d = decomposeAny(math, x);
  Series series = buildSeries(math, d.f);
  // f - h in two parts, the first of half the bits: its product with the first
  // half of log2(e) is exact.
  unsigned dropped = (c.mantissaBits + 1) / 2;
  Value difference = math.bits(math.sub(d.f, series.h));
  Value high = math.fromBits(
      math.andInt(difference, math.integer(difference.getType(),
                                           -(int64_t(1) << dropped))));
  Value low = math.add(math.sub(math.sub(d.f, high), series.h), series.rest);
  Value head = math.mul(high, math.constant(type, c.log2eHigh));
  Value tail =
      math.add(math.mul(math.add(low, high), math.constant(type, c.log2eLow)),
               math.mul(low, math.constant(type, c.log2eHigh)));
  // k + head with its rounding error; k is 0 or larger than head.
  Value sum = math.add(d.k, head);
  Value error = math.add(math.sub(d.k, sum), head);
  return withSpecials(math, x, 0.0, math.add(sum, math.add(tail, error)));
}
