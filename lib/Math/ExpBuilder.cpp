// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Math/ExpBuilder.h"
#include "softmax/Math/ElementaryBuilder.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::softmax;
using Precision = ExpCore::Precision;

//===----------------------------------------------------------------------===//
// The reference of a row
//===----------------------------------------------------------------------===//

static double getThreshold(const FloatConstants &c, const ExpCore &core) {
  return core.usesTable() ? getExpTable(core.entries).referenceThreshold
                          : c.referenceThreshold;
}

ExpReference softmax::buildExpReference(MathBuilder &math, const ExpCore &core,
                                        Value max) {
  Type type = max.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value zero = math.constant(type, 0.0);
  Value lowest = math.constant(type, -std::numeric_limits<double>::infinity());
  Value finite = math.select(
      math.compare(arith::CmpFPredicate::OEQ, max, lowest), zero, max);
  // False for +inf, whose row is NaN throughout: +inf - +inf sees to that.
  Value small = math.compare(arith::CmpFPredicate::OLT, math.abs(finite),
                             math.constant(type, getThreshold(c, core)));
  ExpReference reference;
  reference.center = math.select(small, zero, finite);
  reference.offset = math.select(small, finite, zero);
  double steps =
      core.usesTable() ? getExpTable(core.entries).inverseStep : c.log2e;
  Value magic = math.constant(type, c.magic);
  if (core.exp2) {
    // k with m0 log2(e) - k / 2 from 1/32 to 17/32, the rounding of the product
    // aside: 2^-14.
    Value halves =
        math.mulAdd(reference.offset, math.constant(type, 2 * c.log2e),
                    math.constant(type, -0.5625));
    reference.exponent = math.sub(math.add(halves, magic), magic);
    reference.magic =
        math.mulAdd(reference.exponent, math.constant(type, -0.5),
                    math.constant(type, static_cast<double>(c.scaleExponent)));
    reference.low = reference.offset;
    return reference;
  }
  Value rounded =
      math.mulAdd(reference.offset, math.constant(type, steps), magic);
  // With a table the reference is one step below the maximum, so that the
  // exponential at the maximum lies between 2^S and 1.5 2^S (MaxSumExp.cpp
  // makes use of it).  Without one the exponent has the bias of the type, for
  // its bits become a power of two; the entries of a table have it already.
  double below = core.usesTable() ? 1 : 0;
  double bias = core.usesTable() ? 0 : static_cast<double>(c.bias);
  reference.exponent = math.sub(rounded, math.constant(type, c.magic + below));
  // Exact: integers below 2^(mantissaBits + 1).
  double scale = static_cast<double>(c.scaleExponent * core.entries);
  reference.magic =
      math.sub(math.constant(type, c.magic + scale + bias), reference.exponent);
  reference.low = math.add(reference.offset, math.constant(type, c.clamp));
  return reference;
}

//===----------------------------------------------------------------------===//
// Exponentials
//===----------------------------------------------------------------------===//

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

/// scale * exp(f) from the coefficients c2, c3, ... of 1 + f + c2 f^2 + ...
static Value evaluate(MathBuilder &math, ArrayRef<double> coefficients, Value f,
                      Value scale) {
  Type type = f.getType();
  Value q = math.polynomial(f, coefficients);
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

Value softmax::detail::buildExpOfReduced(MathBuilder &math, Value f,
                                         Value scale) {
  return evaluate(math, MathBuilder::constantsOf(f.getType()).exponential, f,
                  scale);
}

/// The sum scale + h, |h| < scale, with what the addition rounds away (Dekker's
/// FastTwoSum, 1971).
static ExpValue addExactly(MathBuilder &math, Value scale, Value h) {
  Value sum = math.add(scale, h);
  return {sum, math.sub(h, math.sub(sum, scale))};
}

/// exp(f) * 2^n of the integer n in the low bits of z, by an addition to the
/// exponent.  Its bits are those of `evaluate` with FMA, for a power of two
/// moves no rounding of normal numbers.
static Value evaluateAndShift(MathBuilder &math, ArrayRef<double> coefficients,
                              Value f, Value z) {
  Type type = f.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value one = math.constant(type, 1.0);
  Value g = math.mulAdd(math.polynomial(f, coefficients), f, one);
  Value power = math.shiftLeft(math.bits(z), c.mantissaBits);
  return math.fromBits(math.addInt(math.bits(math.mulAdd(g, f, one)), power));
}

static ExpValue buildByPolynomial(MathBuilder &math, const ExpCore &core,
                                  Value y, Value magic) {
  Precision precision = core.precision;
  Type type = y.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value z;
  Value f = softmax::detail::buildExpReduction(math, y, magic, z);
  // The low bits of z hold n - exponent + scaleExponent + bias, between 1 and
  // 2 bias: shifted up they are the exponent of a power of two.  The power is
  // multiplied rather than added to the exponent, for a NaN's payload would be
  // shifted into the sum as well and could make a number of it.
  if (core.addsExponents(math.fma))
    return {evaluateAndShift(math,
                             precision == Precision::Fast ? c.fastExponential
                                                          : c.exponential,
                             f, z),
            Value()};
  Value scale = math.fromBits(
      math.shiftLeft(math.bits(z), static_cast<int64_t>(c.mantissaBits)));
  if (precision != Precision::Pair)
    return {evaluate(math,
                     precision == Precision::Fast ? c.fastExponential
                                                  : c.exponential,
                     f, scale),
            Value()};
  Value q = math.polynomial(f, c.exponential);
  if (math.fma) {
    // What the last step rounds away is a number of the type, so one more gives
    // it exactly.
    Value g = math.mulAdd(q, f, math.constant(type, 1.0));
    Value h = math.mul(f, scale);
    Value e = math.mulAdd(g, h, scale);
    return {e, math.mulAdd(g, h, math.sub(scale, e))};
  }
  Value tail = math.add(f, math.mul(math.mul(f, f), q));
  return addExactly(math, scale, math.mul(tail, scale));
}

static Value buildByTable(MathBuilder &math, const ExpCore &core, Value y,
                          Value magic) {
  Type type = y.getType();
  const ExpTable &table = getExpTable(core.entries);
  int64_t mantissaBits = MathBuilder::constantsOf(type).mantissaBits;
  int64_t indexBits = llvm::Log2_32(core.entries);
  bool fast = core.precision == Precision::Fast;
  // y = n ln2/E + f.  With FMA the first difference is exact.
  Value z = math.mulAdd(y, math.constant(type, table.inverseStep), magic);
  Value n = math.sub(z, magic);
  Value f = math.mulAdd(n, math.constant(type, -table.stepHigh), y);
  if (!fast)
    f = math.mulAdd(n, math.constant(type, -table.stepLow), f);
  Value square = math.mul(f, f);
  Value r = math.mulAdd(
      square,
      math.polynomial(f, fast ? table.fastPolynomial : table.polynomial), f);
  // The low bits of z hold v = n - exponent + E scaleExponent: the low
  // indexBits of it choose an entry, and shifting v up adds what is above them
  // to the exponent.  The entries have what else the shift adds taken off.
  Value bits = math.bits(z);
  SmallVector<uint32_t> entries;
  for (auto [j, entry] : llvm::enumerate(table.table))
    entries.push_back(llvm::bit_cast<uint32_t>(static_cast<float>(entry)) -
                      static_cast<uint32_t>(j << (mantissaBits - indexBits)));
  Value scale = math.fromBits(
      math.addInt(softmax::detail::buildTableLookup(math, entries, bits),
                  math.shiftLeft(bits, mantissaBits - indexBits)));
  return math.mulAdd(scale, r, scale);
}

ExpValue softmax::buildScaledExp(MathBuilder &math, const ExpCore &core,
                                 Value x, const ExpReference &reference) {
  Value y = reference.center ? math.sub(x, reference.center) : x;
  const FloatConstants &c = MathBuilder::constantsOf(y.getType());
  auto magicLess = [&](double value) {
    Type type = reference.magic.getType();
    return math.sub(reference.magic, math.constant(type, value));
  };
  auto bias = static_cast<double>(c.bias);
  if (core.exp2) {
    Value t = math.mulAdd(y, math.constant(y.getType(), c.log2e),
                          math.broadcast(reference.magic, y.getType()));
    return {core.exp2(t), Value()};
  }
  // Of f32 some processors have a maximum.
  y = core.specialsKnown && c.width == 32 ? math.max(y, reference.low)
                                          : math.raiseTo(reference.low, y);
  Value magic = math.broadcast(core.addsExponents(math.fma) ? magicLess(bias)
                                                            : reference.magic,
                               y.getType());
  if (core.usesTable())
    return {buildByTable(math, core, y, magic), Value()};
  return buildByPolynomial(math, core, y, magic);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// `value`, of f32 or f64, as f64.
static Value widen(MathBuilder &math, Value value) {
  Type type = MathBuilder::withElement(value.getType(), math.b.getF64Type());
  if (value.getType() == type)
    return value;
  return arith::ExtFOp::create(math.b, math.loc, type, value);
}

// exponent * ln2 / E - c ln2 - offset in f64, at most ln2 in size: the
// logarithm of 2^(exponent / E - c) exp(-max) or 0.
static Value buildLogOfScale(MathBuilder &math, const ExpCore &core,
                             const ExpReference &reference) {
  // A power of two: the division is exact.
  Value exponent = widen(math, reference.exponent);
  Value offset = widen(math, reference.offset);
  Type type = exponent.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  double parts = core.parts();
  Value high = math.sub(
      math.mul(exponent, math.constant(type, c.ln2High / parts)), offset);
  Value log =
      math.mulAdd(exponent, math.constant(type, c.ln2Low / parts), high);
  if (!core.usesTable())
    return log;
  return math.sub(log,
                  math.constant(type, getExpTable(core.entries).shift * c.ln2));
}

// 2^-scaleExponent of the compute type, as f64.
static Value buildUnscale(MathBuilder &math, Type type,
                          const ExpReference &reference) {
  const FloatConstants &c =
      MathBuilder::constantsOf(reference.offset.getType());
  return math.constant(type,
                       std::ldexp(1.0, -static_cast<int>(c.scaleExponent)));
}

Value softmax::buildLogOfScaledSum(MathBuilder &math, const ExpCore &core,
                                   Value sum, Value sumLow,
                                   const ExpReference &reference) {
  Type type = sum.getType();
  // Unscaled first: subtracting 64 ln2 from the logarithm would round at its
  // size.
  Value logarithm =
      buildLog(math, math.mul(sum, buildUnscale(math, type, reference)));
  Value correction = buildLogOfScale(math, core, reference);
  if (sumLow)
    correction = math.add(correction, math.div(sumLow, sum));
  return math.add(logarithm, correction);
}

Value softmax::buildSumRelativeToMax(MathBuilder &math, const ExpCore &core,
                                     Value sum, Value sumLow,
                                     const ExpReference &reference) {
  Type type = sum.getType();
  if (sumLow)
    sum = math.add(sum, sumLow);
  Value scale =
      detail::buildExpOfReduced(math, buildLogOfScale(math, core, reference),
                                buildUnscale(math, type, reference));
  return math.mul(sum, scale);
}

Value softmax::buildRescale(MathBuilder &math, const ExpCore &core,
                            const ExpReference &from, const ExpReference &to) {
  // exp(d) 2^(s / E), d = from.center - to.center <= 0, s = from.exponent -
  // to.exponent.  Either factor alone may leave the range: the exponent of the
  // first joins the second.
  Value x = widen(math, from.center), y = widen(math, to.center);
  Type type = x.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  Value difference = math.sub(x, y);
  // With what else there may be, less than this is 0.
  Value d = math.raiseTo(math.constant(type, -4096.0), difference);
  Value magic = math.constant(type, c.magic), z;
  Value f = detail::buildExpReduction(math, d, magic, z);
  if (MathBuilder::constantsOf(from.center.getType()).width == 64) {
    // For f64 the difference is rounded: TwoSum's error (Knuth, TAOCP vol. 2,
    // 4.2.2), which is NaN where the difference overflows.
    Value back = math.add(difference, y);
    Value error =
        math.sub(math.sub(x, back), math.sub(y, math.sub(back, difference)));
    Value near = math.compare(arith::CmpFPredicate::OGT, difference,
                              math.constant(type, -4096.0));
    f = math.select(near, math.add(f, error), f);
  }
  Value factor = detail::buildExpOfReduced(math, f, math.constant(type, 1.0));
  Value steps = math.sub(widen(math, from.exponent), widen(math, to.exponent));
  Value power = buildExp2(
      math, math.mulAdd(steps, math.constant(type, 1.0 / core.parts()),
                        math.sub(z, magic)));
  return math.mul(factor, power);
}

Value softmax::buildRescaleByPower(MathBuilder &math, const ExpCore &core,
                                   const ExpReference &from,
                                   const ExpReference &to) {
  int64_t parts = core.parts();
  assert(parts <= 2 && "roots of 2 other than the square root");
  Value steps = math.sub(from.exponent, to.exponent);
  const int64_t least = -1023;
  steps = math.raiseTo(
      math.constant(steps.getType(), static_cast<double>(parts * least)),
      steps);
  Type i32 = math.b.getI32Type(), i64 = math.b.getI64Type();
  Value count = arith::FPToSIOp::create(math.b, math.loc, i32, steps);
  Value whole = count;
  if (parts == 2)
    whole =
        arith::ShRSIOp::create(math.b, math.loc, count, math.integer(i32, 1));
  Value biased = math.addInt(whole, math.integer(i32, -least));
  Value power = math.fromBits(math.shiftLeft(
      arith::ExtUIOp::create(math.b, math.loc, i64, biased), 52));
  if (parts == 1)
    return power;
  Value odd = math.compareInt(arith::CmpIPredicate::ne,
                              math.andInt(count, math.integer(i32, 1)),
                              math.integer(i32, 0));
  return math.mul(
      power,
      math.select(odd, math.constant(power.getType(), llvm::numbers::sqrt2),
                  math.constant(power.getType(), 1.0)));
}
