// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.max_sumexp: from the sum of a row to what its probabilities are
// multiplied by.
//
// Four ways, by how exponentials are formed:
//
// - From a table (f32 with FMA) or by instruction: p = e * factor, factor close
// to 1 / sum.  A
//   row of one finite logit has sum = e and must give exactly 1 (C-AXIS-2).
//   There e lies between 2^S and 1.5 2^S (the reference sees to that), so a
//   step of the factor moves the product by less than the 1.5 2^-24 that round
//   to 1: the rounded reciprocal, or the next number above it, does.
// - By a polynomial, with FMA: p = fma(e, factor, e * factorLow), for e may be
//   anywhere between 2^(S - 1/2) and 2^(S + 1/2).  In strict mode e has a low
//   part, which the factor multiplies as well.
// - Without FMA: p = e / sum, which has the same virtue.  In strict mode the
//   product is formed in f64.
// - Plain exponentials: e / sum.

#include "MaxSumExp.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::maxsumexp;

bool StatisticBuilder::liftsPairs() const {
  return accuracy == Accuracy::Strict && computeType.isF32();
}

Ops::Ops(StatisticBuilder &s) : MathBuilder(s.builder, s.loc, s.fma), s(s) {
  if (s.exp == ExpForm::Table8)
    core.entries = 8;
  if (s.exp == ExpForm::Table16)
    core.entries = 16;
  core.specialsKnown = s.device;
  if (s.exp == ExpForm::Native)
    core.exp2 = s.device->exp2;
  if (s.liftsPairs())
    core.precision = ExpCore::Precision::Pair;
  else if (s.accuracy == Accuracy::Fast && s.computeType.isF32())
    core.precision = ExpCore::Precision::Fast;
}

Value Ops::narrow(Value x) {
  if (getElementTypeOrSelf(x) == s.computeType)
    return x;
  return arith::TruncFOp::create(b, loc,
                                 common::withElementType(x, s.computeType), x);
}

Value Ops::widen(Value x) {
  if (getElementTypeOrSelf(x).isF64())
    return x;
  return arith::ExtFOp::create(b, loc,
                               common::withElementType(x, b.getF64Type()), x);
}

ExpReference maxsumexp::getReference(const RowValues &row) {
  return {row.slots[Center], row.slots[Magic], row.slots[Clamp],
          row.slots[Exponent], row.slots[Offset]};
}

Value maxsumexp::buildWeight(Ops &ops, const RowValues &from,
                             const RowValues &to) {
  if (ops.s.exp == ExpForm::Plain)
    return math::ExpOp::create(ops.b, ops.loc,
                               ops.sub(ops.widen(from.slots[PlainShift]),
                                       ops.widen(to.slots[PlainShift])));
  return buildRescale(ops, ops.core, getReference(from), getReference(to));
}

Value maxsumexp::buildSimpleWeight(Ops &ops, const RowValues &from,
                                   const RowValues &to) {
  return buildRescaleByPower(ops, ops.core, getReference(from),
                             getReference(to));
}

//===----------------------------------------------------------------------===//
// The factor
//===----------------------------------------------------------------------===//

/// Powers of two between the references of a row and of a part of it up to
/// which the part's exponentials serve.
static constexpr int64_t mostKeptPowers = 8;

/// Whether a row's products are formed in f64.
static bool multipliesInF64(const Ops &ops) {
  return ops.s.liftsPairs() && !ops.s.fma;
}

/// Sets the factor to `inverse`, the reciprocal of `sum` rounded, or to the
/// next number where their product is below 1.
static void setRoundedFactor(Ops &ops, Value inverse, Value sum, Value masked,
                             Value maskedValue, RowValues &row) {
  Value product = ops.mul(sum, inverse);
  Value bits = ops.bits(inverse);
  Value next = ops.fromBits(ops.addInt(bits, ops.integer(bits.getType(), 1)));
  Value below = ops.compare(arith::CmpFPredicate::OLT, product,
                            ops.constant(product.getType(), 1.0));
  row.slots[Factor] =
      ops.select(masked, maskedValue, ops.select(below, next, inverse));
}

/// Sets what makes a probability of an exponential whose sum is `sum` (and
/// `sumLow`); where `masked` holds it is `maskedValue` for every element.
static void setFactor(Ops &ops, Value sum, Value sumLow, Value masked,
                      Value maskedValue, RowValues &row) {
  if (ops.s.exp == ExpForm::Plain) {
    // exp(-inf) / (0 + 1) = 0.
    Value one = ops.constant(maskedValue.getType(), 1.0);
    row.slots[Factor] =
        ops.select(masked, ops.add(maskedValue, one), ops.narrow(sum));
    return;
  }
  Value one = ops.constant(sum.getType(), 1.0);
  if (multipliesInF64(ops)) {
    row.slots[Factor] =
        ops.select(masked, ops.widen(maskedValue), ops.div(one, sum));
    return;
  }
  if (!ops.s.fma) {
    // Without a fused multiply-add a pair would be rounded twice; divide.
    // e / inf = 0 for the masked row.
    // What the high part of an f64 sum lost on the way is in the low part.
    Value divisor = ops.narrow(sumLow ? ops.add(sum, sumLow) : sum);
    Value nothing = ops.select(ops.isNaN(maskedValue), maskedValue,
                               ops.inf(maskedValue, /*negative=*/false));
    row.slots[Factor] = ops.select(masked, nothing, divisor);
    return;
  }
  if (ops.s.device && sumLow && !ops.s.computeType.isF64()) {
    // 1 / (hi + lo): an approximation and one step of Newton's method, within
    // 2^-44 (docs/GPU.md).
    Value high = ops.s.device->reciprocal(sum);
    Value negated = arith::NegFOp::create(ops.b, ops.loc, high);
    Value residual = ops.mulAdd(sum, negated, one);
    if (ops.core.startsAtPower()) {
      setRoundedFactor(ops, ops.mulAdd(residual, high, high), sum, masked,
                       maskedValue, row);
      return;
    }
    residual = ops.mulAdd(sumLow, negated, residual);
    row.slots[Factor] = ops.select(masked, maskedValue, high);
    row.slots[FactorLow] =
        ops.select(masked, maskedValue, ops.mul(residual, high));
    return;
  }
  Value inverse = ops.div(one, sum);
  Value high = ops.narrow(inverse);
  if (ops.core.startsAtPower())
    return setRoundedFactor(ops, high, ops.narrow(sum), masked, maskedValue,
                            row);
  Value low;
  if (!ops.s.computeType.isF64()) {
    low = ops.narrow(ops.sub(inverse, ops.widen(high)));
  } else {
    Value negated = arith::NegFOp::create(ops.b, ops.loc, sum);
    Value residual = ops.mulAdd(negated, inverse, one);
    if (sumLow)
      residual = ops.sub(residual, ops.mul(sumLow, inverse));
    low = ops.mul(residual, inverse);
  }
  row.slots[Factor] = ops.select(masked, maskedValue, high);
  row.slots[FactorLow] = ops.select(masked, maskedValue, low);
}

/// What a row of nothing but -inf gives, where `sum` is 0 or NaN: NaN in either
/// case, or `sum`.
static Value getMaskedValue(Ops &ops, MaskedRow maskedRow, Value sum) {
  return maskedRow == MaskedRow::Nan ? ops.nan(sum) : sum;
}

void MaxSumExpAttr::buildFinish(StatisticBuilder &builder,
                                RowValues &row) const {
  Ops ops(builder);
  Value max = row.slots[Max];
  Value masked = ops.isMinusInf(max);
  Value sum = row.slots[Sum], sumLow = row.slots[SumLow];
  Value narrowSum = common::roundToCompute(builder, {sum, sumLow});
  Value maskedValue = getMaskedValue(ops, getMaskedRow(), narrowSum);

  // The row argument: of f64 it is not rounded, but for the low part of f64.
  bool wideSum = getWideSum() && !builder.computeType.isF64();
  // On GPUs the factor comes from a pair of f32, whatever the schedule: so it
  // has the same bits.  Per-row results are computed in f64.
  Value pairHigh = sum, pairLow = sumLow;
  if (builder.sumsPairs) {
    sum = ops.add(ops.widen(pairHigh), ops.widen(pairLow));
    sumLow = Value();
  } else if (builder.device && builder.fma && !builder.computeType.isF64()) {
    pairHigh = ops.narrow(sum);
    pairLow = ops.narrow(ops.sub(sum, ops.widen(pairHigh)));
  }
  Value ownSum = wideSum ? sum : narrowSum;
  Value log;
  if (builder.exp == ExpForm::Plain) {
    row.slots[RowSum] = ownSum;
    log = math::LogOp::create(ops.b, ops.loc, narrowSum);
  } else {
    ExpReference reference = getReference(row);
    Value relative =
        buildSumRelativeToMax(ops, ops.core, sum, sumLow, reference);
    row.slots[RowSum] =
        ops.select(masked, ownSum, wideSum ? relative : ops.narrow(relative));
    log =
        ops.narrow(buildLogOfScaledSum(ops, ops.core, sum, sumLow, reference));
  }
  row.slots[LogSum] = ops.select(masked, maskedValue, log);
  row.slots[Shift] = ops.select(masked, ops.constant(max.getType(), 0.0), max);
  if (row.slots[Probe]) {
    // For the row arguments: where m = +inf, 1 + (0 or NaN).
    Value one = ops.constant(max.getType(), 1.0);
    Value infinite = ops.add(row.slots[Probe], one);
    row.slots[RowSum] =
        ops.select(ops.isPlusInf(max), wideSum ? ops.widen(infinite) : infinite,
                   row.slots[RowSum]);
  }
  setFactor(ops, pairHigh, pairLow, masked, maskedValue, row);
}

RowValues MaxSumExpAttr::buildPartView(StatisticBuilder &builder,
                                       const RowValues &row,
                                       const RowValues &part) const {
  Ops ops(builder);
  RowValues view = row;
  // Shift stays that of the row: %logp does not know of parts.
  for (Slot slot : {Center, Magic, Clamp, Exponent, Offset, PlainShift})
    view.slots[slot] = part.slots[slot];
  // The sum relative to the part's maximum.  Far below the row's it leaves the
  // range of the compute type and takes a power of two away from the
  // exponentials, of which it is known by then that they are small.
  Value weight = buildWeight(ops, part, row);
  Type type = weight.getType();
  Value prescale;
  auto below = [&](int limit, int exponent) {
    Value small = ops.compare(arith::CmpFPredicate::OLT, weight,
                              ops.constant(type, std::ldexp(1.0, limit)));
    Value power = ops.constant(type, std::ldexp(1.0, exponent));
    prescale =
        ops.select(small, power, prescale ? prescale : ops.constant(type, 1.0));
  };
  bool wide = builder.computeType.isF64();
  if (builder.exp != ExpForm::Plain && wide) {
    below(-400, -512);
  } else if (builder.exp != ExpForm::Plain) {
    below(-30, -64);
    below(-100, -128);
  }
  Value rowSum = row.slots[Sum], rowSumLow = row.slots[SumLow];
  if (prescale) {
    view.slots[Prescale] = ops.narrow(prescale);
    rowSum = ops.mul(rowSum, prescale);
    if (rowSumLow)
      rowSumLow = ops.mul(rowSumLow, prescale);
  }
  // The exponentials of a part of nothing but -inf are positive, and those of a
  // part so far below that it has no weight may be large; divided by something
  // huge they are 0.  A NaN stays one.
  Value maskedPart =
      arith::OrIOp::create(ops.b, ops.loc, ops.isMinusInf(part.slots[Max]),
                           ops.equal(weight, ops.constant(type, 0.0)));
  Value huge = ops.add(ops.mul(row.slots[Sum], ops.constant(type, 0.0)),
                       ops.constant(type, std::ldexp(1.0, wide ? 900 : 100)));
  Value sum = ops.select(maskedPart, huge, ops.div(rowSum, weight));
  Value sumLow;
  if (rowSumLow)
    sumLow = ops.select(maskedPart, ops.constant(type, 0.0),
                        ops.div(rowSumLow, weight));
  Value narrowSum =
      common::roundToCompute(builder, {row.slots[Sum], row.slots[SumLow]});
  setFactor(ops, sum, sumLow, ops.isMinusInf(row.slots[Max]),
            getMaskedValue(ops, getMaskedRow(), narrowSum), view);
  return view;
}

// Below the threshold the digits of a polynomial's exponential are those of its
// logit, and a reference is a power of two: so the factor takes the difference
// of both, and the product has the row's bits.  Digits of those by instruction
// depend on the reference, so that of the part is what counts.
//
// Near: the factor takes the power; steps are few, so that no part of it leaves
// the range.  Far: the exponentials take it, and what becomes denormal of them
// gives 0 all the same; or all of the part gives 0.
SmallVector<std::pair<Value, RowValues>>
MaxSumExpAttr::buildKeptViews(StatisticBuilder &builder, const RowValues &row,
                              const RowValues &part) const {
  if (builder.exp == ExpForm::Plain)
    return {};
  Ops ops(builder);
  auto parts = static_cast<int64_t>(ops.core.parts());
  Value steps = ops.sub(row.slots[Exponent], part.slots[Exponent]);
  Type type = steps.getType();
  const FloatConstants &c = MathBuilder::constantsOf(type);
  auto both = [&](Value x, Value y) -> Value {
    return arith::AndIOp::create(ops.b, ops.loc, x, y);
  };
  auto upTo = [&](int64_t powers) {
    return ops.compare(arith::CmpFPredicate::OLE, steps,
                       ops.constant(type, static_cast<double>(parts * powers)));
  };
  Value ordered = both(
      both(ops.isUncentered(row), ops.isUncentered(part)),
      ops.compare(arith::CmpFPredicate::OGE, steps, ops.constant(type, 0.0)));
  Type integer = MathBuilder::withElement(
      type, c.width == 64 ? ops.b.getI64Type() : ops.b.getI32Type());
  Value count = arith::FPToSIOp::create(ops.b, ops.loc, integer, steps);
  Value whole = parts == 2 ? ops.shiftRight(count, 1) : count;
  auto powerOf = [&](bool inverse) {
    Value bias = ops.integer(integer, c.bias);
    Value biased = inverse ? ops.addInt(bias, whole) : ops.subInt(bias, whole);
    Value power = ops.fromBits(
        ops.shiftLeft(biased, static_cast<int64_t>(c.mantissaBits)));
    if (parts == 1)
      return power;
    Value odd = ops.compareInt(arith::CmpIPredicate::ne,
                               ops.andInt(count, ops.integer(integer, 1)),
                               ops.integer(integer, 0));
    double root = inverse ? llvm::numbers::sqrt2 : llvm::numbers::sqrt2 / 2;
    return ops.select(odd, ops.mul(power, ops.constant(type, root)), power);
  };
  RowValues near = row;
  for (Slot slot : {Center, Magic, Clamp, Exponent, Offset})
    near.slots[slot] = part.slots[slot];
  RowValues far = near;
  // A product with the reciprocal of the sum, or a quotient by the sum.
  Value power = powerOf(!ops.fma && !multipliesInF64(ops));
  for (Slot slot : {Factor, FactorLow})
    if (row.slots[slot])
      near.slots[slot] =
          ops.mul(row.slots[slot],
                  row.slots[slot].getType() == type ? power : ops.widen(power));

  Value distance = ops.sub(row.slots[Max], part.slots[Max]);
  Value vanishes = arith::OrIOp::create(
      ops.b, ops.loc, ops.isMinusInf(part.slots[Max]),
      ops.compare(arith::CmpFPredicate::OGT, distance,
                  ops.constant(type, c.width == 64 ? 746.0 : 104.5)));
  far.slots[Prescale] =
      ops.select(vanishes, ops.constant(type, 0.0), powerOf(false));
  Value normal = both(ordered, upTo(c.bias - 1));
  return {{both(ordered, upTo(mostKeptPowers)), near},
          {arith::OrIOp::create(ops.b, ops.loc, vanishes, normal), far}};
}

bool MaxSumExpAttr::resultsNeedPart(StatisticBuilder &builder) const {
  return builder.exp == ExpForm::Native;
}

Value maxsumexp::buildProbability(Ops &ops, const LiftedValue &lifted,
                                  const RowValues &row) {
  Value e = lifted.value, low = lifted.low;
  if (row.slots[Prescale]) {
    e = ops.mul(e, row.slots[Prescale]);
    if (low)
      low = ops.mul(low, row.slots[Prescale]);
  }
  if (multipliesInF64(ops))
    return ops.narrow(
        ops.mul(ops.add(ops.widen(e), ops.widen(low)), row.slots[Factor]));
  if (ops.s.exp == ExpForm::Plain || !ops.s.fma)
    return ops.div(e, row.slots[Factor]);
  if (ops.core.startsAtPower())
    return ops.mul(e, row.slots[Factor]);
  Value rest = ops.mul(e, row.slots[FactorLow]);
  if (low)
    rest = ops.mulAdd(low, row.slots[Factor], rest);
  return ops.mulAdd(e, row.slots[Factor], rest);
}
