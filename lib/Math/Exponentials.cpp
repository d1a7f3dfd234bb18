// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// exp and what is built on it, over the whole range.

#include "softmax/Math/ElementaryBuilder.h"
#include "softmax/Math/ExpBuilder.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpFPredicate;

// 2^n for the integer n in the low bits of z, -bias < n <= bias.
static Value powerOfTwo(MathBuilder &math, Value n) {
  const FloatConstants &c = MathBuilder::constantsOf(n.getType());
  Value biased = math.addInt(n, math.integer(n.getType(), c.bias));
  return math.fromBits(math.shiftLeft(biased, c.mantissaBits));
}

// The integer n of z = n + magic, signed.
static Value integerOf(MathBuilder &math, Value z) {
  const FloatConstants &c = MathBuilder::constantsOf(z.getType());
  Value bits = math.bits(z);
  Value magic = math.bits(math.constant(z.getType(), c.magic));
  return math.subInt(bits, magic);
}

// exp(f) * 2^n.  2^n alone may overflow, or not be normal: half of it is taken
// first, which is exact, so that only the second product rounds.
static Value scaleByPower(MathBuilder &math, Value f, Value n) {
  // n / 2 rounded down, without an arithmetic shift, which 64-bit lanes lack
  // before AVX-512.
  const int64_t even = 4096;
  Value half = math.subInt(
      math.shiftRight(math.addInt(n, math.integer(n.getType(), even)), 1),
      math.integer(n.getType(), even / 2));
  Value rest = math.subInt(n, half);
  Value p = softmax::detail::buildExpOfReduced(math, f, powerOfTwo(math, half));
  return math.mul(p, powerOfTwo(math, rest));
}

Value softmax::buildExp(MathBuilder &math, Value x) {
  Type type = x.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  bool wide = c.width == 64;
  // Beyond these the result is +inf and 0 all the same.
  Value y = math.lowerTo(math.constant(type, wide ? 710.0 : 89.0), x);
  y = math.raiseTo(math.constant(type, wide ? -746.0 : -104.5), y);
  Value z;
  Value f = softmax::detail::buildExpReduction(math, y,
                                               math.constant(type, c.magic), z);
  return scaleByPower(math, f, integerOf(math, z));
}

Value softmax::buildExp2(MathBuilder &math, Value x) {
  Type type = x.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  bool wide = c.width == 64;
  Value y = math.lowerTo(math.constant(type, wide ? 1025.0 : 129.0), x);
  y = math.raiseTo(math.constant(type, wide ? -1076.0 : -151.0), y);
  Value magic = math.constant(type, c.magic);
  Value z = math.add(y, magic);
  Value fraction = math.sub(y, math.sub(z, magic)); // exact
  Value f = math.mul(fraction, math.constant(type, c.ln2));
  return scaleByPower(math, f, integerOf(math, z));
}

Value softmax::buildExpM1(MathBuilder &math, Value x) {
  Type type = x.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  bool wide = c.width == 64;
  Value y = math.lowerTo(math.constant(type, wide ? 710.0 : 89.0), x);
  // Here the result is -1 already.
  y = math.raiseTo(math.constant(type, wide ? -40.0 : -20.0), y);
  Value z;
  Value f = softmax::detail::buildExpReduction(math, y,
                                               math.constant(type, c.magic), z);
  Value q = math.polynomial(f, c.exponential);
  // exp(f) - 1, without the 1.
  Value tail = math.mulAdd(math.mul(f, f), q, f);
  // 2^n tail + (2^n - 1), by way of half of it so that n may be bias + 1.
  Value n = integerOf(math, z);
  Value half = powerOfTwo(math, math.subInt(n, math.integer(n.getType(), 1)));
  Value head = math.sub(half, math.constant(type, 0.5));
  Value sum = math.mulAdd(tail, half, head);
  Value result = math.add(sum, sum);
  // Keeps the sign of zero.
  return math.select(
      math.compare(CmpFPredicate::OEQ, x, math.constant(type, 0.0)), x, result);
}

Value softmax::buildTanh(MathBuilder &math, Value x) {
  // tanh(a) = t / (t + 2) with t = exp(2 a) - 1.
  Type type = x.getType();
  bool wide = MathBuilder::constantsOf(type).width == 64;
  Value a = math.lowerTo(math.constant(type, wide ? 20.0 : 10.0), math.abs(x));
  Value t = buildExpM1(math, math.add(a, a));
  Value result = math.div(t, math.add(t, math.constant(type, 2.0)));
  return math.copySign(result, x);
}
