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
  int highBits = wide ? 49 : 20, lowBits = wide ? 49 : 21;
  highUnit = std::ldexp(1.0, static_cast<int>(exponent) - highBits);
  lowUnit = std::ldexp(highUnit, -lowBits);
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

void ExactSum::accumulate(Total &total, Value value,
                          function_ref<Value(Value, Value)> add) {
  Value &to = isa<VectorType>(value.getType()) ? total.vector : total.scalar;
  to = to ? add(to, value) : value;
}

Value ExactSum::take(Total &total, Value value, double magic) {
  Value constant = math.constant(value.getType(), magic);
  Value sum = math.add(value, constant);
  accumulate(total, math.bits(sum),
             [&](Value x, Value y) { return math.addInt(x, y); });
  return math.sub(value, math.sub(sum, constant));
}

void ExactSum::add(Value value) {
  if (scale)
    value = math.mul(value, math.broadcast(scale, value.getType()));
  auto vector = dyn_cast<VectorType>(value.getType());
  count += vector ? vector.getNumElements() : 1;
  Value rest = take(high, value, highMagic);
  // NaN where the value is.
  if (!scale)
    accumulate(rests, rest, [&](Value x, Value y) { return math.add(x, y); });
  take(low, rest, lowMagic);
}

static Value foldVector(GPUBuilder &k, Value vector, Value scalar) {
  if (!vector)
    return scalar;
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
  uint64_t surplus = bits * static_cast<uint64_t>(count);
  return math.subInt(
      sum, math.integer(sum.getType(), wide ? static_cast<int64_t>(surplus)
                                            : static_cast<int32_t>(surplus)));
}

SmallVector<Value> ExactSum::integers() {
  SmallVector<Value> values = {fold(high, highMagic), fold(low, lowMagic)};
  if (!scale) {
    Value rest = foldVector(k, rests.vector, rests.scalar);
    Value isNaN = math.compare(arith::CmpFPredicate::UNO, rest, rest);
    values.push_back(
        arith::ExtUIOp::create(k.b, k.loc, k.b.getI32Type(), isNaN));
  }
  return values;
}

Value ExactSum::unscaled(Value value) {
  if (!scale)
    return value;
  // In two steps, for a power of two alone may leave the range of f64.
  Type i64 = k.b.getI64Type();
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

WideValue ExactSum::finish(ValueRange totals) {
  Type f64 = k.b.getF64Type();
  auto toFloat = [&](Value x) -> Value {
    return arith::SIToFPOp::create(k.b, k.loc, f64, x);
  };
  auto nanIfMet = [&](Value x) {
    if (scale)
      return x;
    Value none = math.compareInt(arith::CmpIPredicate::eq, totals[2],
                                 math.integer(totals[2].getType(), 0));
    return math.select(
        none, x, math.constant(f64, std::numeric_limits<double>::quiet_NaN()));
  };
  Value first = toFloat(totals[0]);
  Value small = math.mul(toFloat(totals[1]), math.constant(f64, lowUnit));
  if (!k.computeType.isF64())
    return {nanIfMet(unscaled(
                math.mulAdd(first, math.constant(f64, highUnit), small))),
            Value()};
  // The integer has more digits than an f64: the rest of them joins the low
  // part.
  Value back = arith::FPToSIOp::create(k.b, k.loc, k.b.getI64Type(), first);
  Value rest = toFloat(math.subInt(totals[0], back));
  Value high = math.mul(first, math.constant(f64, highUnit));
  Value low = math.mulAdd(rest, math.constant(f64, highUnit), small);
  Value sum = math.add(high, low);
  low = math.sub(low, math.sub(sum, high));
  return {nanIfMet(unscaled(sum)), unscaled(low)};
}
