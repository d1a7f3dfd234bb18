// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding to integers by adding 2^mantissaBits.

#include "softmax/Math/ElementaryBuilder.h"
#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpFPredicate;

// NaN, infinities and numbers too large for a fraction come back as they are.
static Value keepLarge(MathBuilder &math, Value x, Value rounded,
                       double limit) {
  Value small = math.compare(CmpFPredicate::OLT, math.abs(x),
                             math.constant(x.getType(), limit));
  return math.select(small, math.copySign(rounded, x), x);
}

// |x| rounded to even, for |x| < 2^mantissaBits.
static Value roundMagnitude(MathBuilder &math, Value magnitude) {
  const FloatConstants &c = MathBuilder::constantsOf(magnitude.getType());
  Value unit =
      math.constant(magnitude.getType(), std::ldexp(1.0, c.mantissaBits));
  return math.sub(math.add(magnitude, unit), unit);
}

static double integerLimit(Value x) {
  return std::ldexp(1.0, MathBuilder::constantsOf(x.getType()).mantissaBits);
}

// 1 where the comparison holds, else 0.
static Value oneWhere(MathBuilder &math, CmpFPredicate predicate, Value x,
                      Value y) {
  return math.select(math.compare(predicate, x, y),
                     math.constant(x.getType(), 1.0),
                     math.constant(x.getType(), 0.0));
}

Value softmax::buildRoundEven(MathBuilder &math, Value x) {
  Value rounded = roundMagnitude(math, math.abs(x));
  return keepLarge(math, x, rounded, integerLimit(x));
}

Value softmax::buildTrunc(MathBuilder &math, Value x) {
  Value magnitude = math.abs(x);
  Value rounded = roundMagnitude(math, magnitude);
  rounded =
      math.sub(rounded, oneWhere(math, CmpFPredicate::OGT, rounded, magnitude));
  return keepLarge(math, x, rounded, integerLimit(x));
}

Value softmax::buildRound(MathBuilder &math, Value x) {
  Value magnitude = math.abs(x);
  Value rounded = roundMagnitude(math, magnitude);
  Value down =
      math.sub(rounded, oneWhere(math, CmpFPredicate::OGT, rounded, magnitude));
  Value half = math.constant(x.getType(), 0.5);
  Value up =
      oneWhere(math, CmpFPredicate::OGE, math.sub(magnitude, down), half);
  return keepLarge(math, x, math.add(down, up), integerLimit(x));
}

Value softmax::buildFloor(MathBuilder &math, Value x) {
  Value rounded = buildRoundEven(math, x);
  Value result =
      math.sub(rounded, oneWhere(math, CmpFPredicate::OGT, rounded, x));
  // The sign of floor(x) is that of x.
  return math.copySign(result, x);
}

Value softmax::buildCeil(MathBuilder &math, Value x) {
  Value rounded = buildRoundEven(math, x);
  Value result =
      math.add(rounded, oneWhere(math, CmpFPredicate::OLT, rounded, x));
  return math.copySign(result, x);
}
