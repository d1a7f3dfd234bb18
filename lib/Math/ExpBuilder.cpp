// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Math/ExpBuilder.h"
#include "softmax/Math/ElementaryBuilder.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::softmax;

ExpReference softmax::buildExpReference(MathBuilder &math, Value max) {
  Type type = max.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value zero = math.constant(type, 0.0);
  Value lowest = math.constant(type, -std::numeric_limits<double>::infinity());
  Value finite = math.select(
      math.compare(arith::CmpFPredicate::OEQ, max, lowest), zero, max);
  // False for +inf, whose row is NaN throughout: +inf - +inf sees to that.
  Value small = math.compare(arith::CmpFPredicate::OLT, math.abs(finite),
                             math.constant(type, c.referenceThreshold));
  ExpReference reference;
  reference.center = math.select(small, zero, finite);
  reference.offset = math.select(small, finite, zero);
  Value magic = math.constant(type, c.magic);
  Value rounded =
      math.mulAdd(reference.offset, math.constant(type, c.log2e), magic);
  reference.exponent = math.sub(rounded, magic);
  // Exact: integers below 2^(mantissaBits + 1).
  reference.magic = math.sub(
      math.constant(type,
                    c.magic + static_cast<double>(c.scaleExponent + c.bias)),
      reference.exponent);
  reference.low = math.add(reference.offset, math.constant(type, c.clamp));
  return reference;
}

ExpReference softmax::broadcastReference(MathBuilder &math,
                                         const ExpReference &reference,
                                         VectorType type) {
  ExpReference result;
  result.center = math.broadcast(reference.center, type);
  result.magic = math.broadcast(reference.magic, type);
  result.low = math.broadcast(reference.low, type);
  result.exponent = math.broadcast(reference.exponent, type);
  result.offset = math.broadcast(reference.offset, type);
  return result;
}

Value softmax::detail::buildExpReduction(MathBuilder &math, Value x,
                                         Value magic, Value &z) {
  Type type = x.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  z = math.mulAdd(x, math.constant(type, c.log2e), magic);
  Value n = math.sub(z, magic);
  // The first product is exact, and so is the difference, with FMA or without.
  Value f = math.mulAdd(n, math.constant(type, -c.ln2High), x);
  return math.mulAdd(n, math.constant(type, -c.ln2Low), f);
}

Value softmax::detail::buildExpOfReduced(MathBuilder &math, Value f,
                                         Value scale) {
  Type type = f.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value q = math.polynomial(f, c.exponential);
  // Both forms take as many instructions.  Products with `scale` are exact.
  if (math.fma) {
    Value g = math.mulAdd(q, f, math.constant(type, 1.0));
    return math.mulAdd(g, math.mul(f, scale), scale);
  }
  // Without FMA the product f * g would be rounded at f's size; f * f * q is
  // smaller.
  Value tail = math.add(f, math.mul(math.mul(f, f), q));
  return math.add(scale, math.mul(tail, scale));
}

Value softmax::buildScaledExp(MathBuilder &math, Value x,
                              const ExpReference &reference) {
  const FloatConstants &c = MathBuilder::constantsOf(x.getType());
  Value y = reference.center ? math.sub(x, reference.center) : x;
  y = math.raiseTo(reference.low, y);
  Value z;
  Value f = detail::buildExpReduction(math, y, reference.magic, z);
  // The low bits of z hold n - exponent + scaleExponent + bias, between 1 and
  // 2 bias: shifted up they are the exponent of a power of two.  The power is
  // multiplied rather than added to the exponent, for a NaN's payload would be
  // shifted into the sum as well and could make a number of it.
  Value scale = math.fromBits(
      math.shiftLeft(math.bits(z), static_cast<int64_t>(c.mantissaBits)));
  return detail::buildExpOfReduced(math, f, scale);
}

// exponent * ln2 - offset in f64, at most ln2/2 in size: the logarithm of
// 2^(exponent) exp(-max) or 0.
static Value buildLogOfScale(MathBuilder &math, const ExpReference &reference) {
  Value exponent = reference.exponent;
  Value offset = reference.offset;
  Type type = MathBuilder::withElement(offset.getType(), math.b.getF64Type());
  if (offset.getType() != type) {
    exponent = arith::ExtFOp::create(math.b, math.loc, type, exponent);
    offset = arith::ExtFOp::create(math.b, math.loc, type, offset);
  }
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value high =
      math.sub(math.mul(exponent, math.constant(type, c.ln2High)), offset);
  return math.mulAdd(exponent, math.constant(type, c.ln2Low), high);
}

// 2^-scaleExponent of the compute type, as f64.
static Value buildUnscale(MathBuilder &math, Type type,
                          const ExpReference &reference) {
  const FloatConstants &c =
      MathBuilder::constantsOf(reference.offset.getType());
  return math.constant(type,
                       std::ldexp(1.0, -static_cast<int>(c.scaleExponent)));
}

Value softmax::buildLogOfScaledSum(MathBuilder &math, Value sum, Value sumLow,
                                   const ExpReference &reference) {
  Type type = sum.getType();
  // Unscaled first: subtracting 64 ln2 from the logarithm would round at its
  // size.
  Value logarithm =
      buildLog(math, math.mul(sum, buildUnscale(math, type, reference)));
  Value correction = buildLogOfScale(math, reference);
  if (sumLow)
    correction = math.add(correction, math.div(sumLow, sum));
  return math.add(logarithm, correction);
}

Value softmax::buildSumRelativeToMax(MathBuilder &math, Value sum, Value sumLow,
                                     const ExpReference &reference) {
  Type type = sum.getType();
  if (sumLow)
    sum = math.add(sum, sumLow);
  Value scale =
      detail::buildExpOfReduced(math, buildLogOfScale(math, reference),
                                buildUnscale(math, type, reference));
  return math.mul(sum, scale);
}
