// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "ExactSum.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <cmath>

using namespace mlir;
using namespace mlir::softmax;

/// Numbers are scaled below 2^2: the largest finite ones cannot be below 2.
static constexpr int64_t scaledExponent = 2;

ExactSum::ExactSum(GPUBuilder &k, int64_t exponent, Value scale)
    : k(k), math(k.b, k.loc), scale(scale) {
  const FloatConstants &c = MathBuilder::constantsOf(k.computeType);
  bool wide = c.width == 64;
  int highBits = wide ? 49 : 20;
  lowBits = wide ? 49 : 21;
  highUnit = std::ldexp(1.0, static_cast<int>(exponent) - highBits);
  lowUnit = std::ldexp(highUnit, -static_cast<int>(lowBits));
  highMagic = std::ldexp(1.5 * highUnit, static_cast<int>(c.mantissaBits));
  lowMagic = std::ldexp(1.5 * lowUnit, static_cast<int>(c.mantissaBits));
}

ExactSum::ExactSum(GPUBuilder &k, int64_t exponent)
    : ExactSum(k, exponent, Value()) {}

ExactSum::ExactSum(GPUBuilder &k, Value largest)
    : ExactSum(k, scaledExponent, Value()) {
  const FloatConstants &c = MathBuilder::constantsOf(k.computeType);
  auto mantissa = static_cast<int64_t>(c.mantissaBits);
  // The exponent of `largest` with its bias; denormal numbers have 0.  Of the
  // two largest exponents the scale would be denormal itself.
  Value biased = math.shiftRight(math.bits(math.abs(largest)), mantissa);
  biased = arith::MinUIOp::create(
      k.b, k.loc, biased, math.integer(biased.getType(), 2 * c.bias - 1));
  scale = math.fromBits(math.shiftLeft(
      math.subInt(math.integer(biased.getType(), 2 * c.bias), biased),
      mantissa));
  scaleExponent = math.subInt(biased, math.integer(biased.getType(), c.bias));
}

void ExactSum::count(Total &total, Value value) {
  Value bits = math.bits(value);
  Value &to = isa<VectorType>(value.getType()) ? total.vector : total.scalar;
  to = to ? math.addInt(to, bits) : bits;
}

void ExactSum::add(Value value) {
  if (scale)
    value = math.mul(value, math.broadcast(scale, value.getType()));
  auto vector = dyn_cast<VectorType>(value.getType());
  numAdded += vector && !k.lanesAreRows ? vector.getNumElements() : 1;
  Type type = value.getType();
  Value a = math.add(value, math.constant(type, highMagic));
  count(high, a);
  Value g = math.sub(a, math.constant(type, highMagic + lowMagic));
  count(low, math.sub(value, g));
}

static Value foldVector(GPUBuilder &k, Value vector, Value scalar) {
  if (!vector)
    return scalar;
  if (k.lanesAreRows)
    return vector;
  auto kind = vector::CombiningKind::ADD;
  return scalar ? vector::ReductionOp::create(k.b, k.loc, kind, vector, scalar)
                      .getResult()
                : vector::ReductionOp::create(k.b, k.loc, kind, vector)
                      .getResult();
}

Value ExactSum::fold(const Total &total, double magic) {
  Value sum = foldVector(k, total.vector, total.scalar);
  // The bits of `magic` came along with every element; integers wrap.
  bool wide = k.computeType.isF64();
  auto bits = wide ? llvm::bit_cast<uint64_t>(magic)
                   : uint64_t(llvm::bit_cast<uint32_t>(float(magic)));
  uint64_t surplus = bits * static_cast<uint64_t>(numAdded);
  return math.subInt(
      sum, math.integer(sum.getType(), wide ? static_cast<int64_t>(surplus)
                                            : static_cast<int32_t>(surplus)));
}

std::pair<Value, Value> ExactSum::integers() {
  return {fold(high, highMagic), fold(low, lowMagic)};
}

Value ExactSum::unscaled(Value value) {
  if (!scale)
    return value;
  // In two steps, for a power of two alone may leave the range of f64.
  Type i64 = MathBuilder::withElement(value.getType(), k.b.getI64Type());
  Value exponent = scaleExponent;
  if (exponent.getType() != i64)
    exponent = arith::ExtSIOp::create(k.b, k.loc, i64, exponent);
  Value half =
      arith::ShRSIOp::create(k.b, k.loc, exponent, math.integer(i64, 1));
  auto power = [&](Value x) {
    return math.fromBits(
        math.shiftLeft(math.addInt(x, math.integer(i64, 1023)), 52));
  };
  return math.mul(math.mul(value, power(half)),
                  power(math.subInt(exponent, half)));
}

WideValue ExactSum::split(Value sum) {
  Type f32 = MathBuilder::withElement(sum.getType(), k.computeType);
  Value high = arith::TruncFOp::create(k.b, k.loc, f32, sum);
  Value back = arith::ExtFOp::create(k.b, k.loc, sum.getType(), high);
  Value low = arith::TruncFOp::create(k.b, k.loc, f32, math.sub(sum, back));
  if (!scale)
    return {high, low};
  // Beyond f32 there is no rest.
  Value infinite =
      math.compare(arith::CmpFPredicate::OEQ, math.abs(high),
                   math.constant(f32, std::numeric_limits<double>::infinity()));
  return {high, math.select(infinite, math.constant(f32, 0.0), low)};
}

WideValue ExactSum::finish(ValueRange totals) {
  Type f64 = MathBuilder::withElement(totals[0].getType(), k.b.getF64Type());
  auto toFloat = [&](Value x) -> Value {
    return arith::SIToFPOp::create(k.b, k.loc, f64, x);
  };
  if (!k.computeType.isF64()) {
    Value sum =
        unscaled(math.mul(toFloat(totals[0]), math.constant(f64, lowUnit)));
    return k.statistic().sumsPairs ? split(sum) : WideValue{sum, Value()};
  }
  // The integer has more digits than an f64: the rest of them joins the low
  // part.
  Value first = toFloat(totals[0]);
  Value small = math.mul(toFloat(totals[1]), math.constant(f64, lowUnit));
  Value back = arith::FPToSIOp::create(k.b, k.loc, totals[0].getType(), first);
  Value rest = toFloat(math.subInt(totals[0], back));
  Value high = math.mul(first, math.constant(f64, highUnit));
  Value low = math.mulAdd(rest, math.constant(f64, highUnit), small);
  Value sum = math.add(high, low);
  low = math.sub(low, math.sub(sum, high));
  return {unscaled(sum), unscaled(low)};
}
