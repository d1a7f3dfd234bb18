// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.max_sumexp: the maximum m of a row and the sum of exp(x - m).
//
// Pass 0 reduces the maximum, pass 2 the sum of exponentials.  Pass 1 runs only
// where m = +inf and only for the row arguments: there the sum is NaN whether
// or not the row holds a NaN, but logsumexp must tell the two apart (C-INF-1,
// C-NAN-1).  It comes before pass 2, after which a lowering may have
// overwritten the row.
//
// How a row is completed is in MaxSumExpFinish.cpp.

#include "MaxSumExp.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::maxsumexp;

unsigned MaxSumExpAttr::getNumPasses() const { return 3; }

Combiner MaxSumExpAttr::getCombiner(unsigned pass) const {
  return pass == 0 ? Combiner::Max : Combiner::Sum;
}

bool MaxSumExpAttr::isRowArgumentPass(unsigned pass) const { return pass == 1; }

Value MaxSumExpAttr::buildPassCondition(StatisticBuilder &builder,
                                        unsigned pass,
                                        const RowValues &row) const {
  if (pass != 1)
    return nullptr;
  Ops ops(builder);
  // A maximum of +inf that keeps NaN tells that there is none.
  if (builder.device && builder.device->maxKeepsNaN)
    return arith::ConstantOp::create(ops.b, ops.loc, ops.b.getBoolAttr(false));
  return ops.isPlusInf(row.slots[Max]);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

LiftedValue MaxSumExpAttr::buildLift(StatisticBuilder &builder, unsigned pass,
                                     Value logit, const RowValues &row) const {
  Ops ops(builder);
  if (pass == 0)
    return {logit, Value()};
  if (pass == 1)
    return {
        ops.select(ops.isNaN(logit), logit, ops.constant(logit.getType(), 0.0)),
        Value()};
  if (builder.exp == ExpForm::Plain)
    return {math::ExpOp::create(ops.b, ops.loc,
                                ops.sub(logit, row.slots[PlainShift])),
            Value()};
  ExpValue e = buildScaledExp(ops, ops.core, logit, getReference(row));
  return {e.value, e.low};
}

std::optional<int64_t> MaxSumExpAttr::getLiftExponent(StatisticBuilder &builder,
                                                      unsigned pass) const {
  if (pass != getLiftedPass())
    return std::nullopt;
  // Relative to the maximum, or to a power of two within a factor sqrt(2).
  if (builder.exp == ExpForm::Plain)
    return 1;
  return MathBuilder::constantsOf(builder.computeType).scaleExponent + 1;
}

// Rows with a small maximum are not centred: x - 0 is x.  Results of a part
// near the row's maximum need no scaling in two steps.
Value MaxSumExpAttr::buildCommonCase(StatisticBuilder &builder, unsigned pass,
                                     const RowValues &row,
                                     RowValues &common) const {
  if (builder.exp == ExpForm::Plain)
    return nullptr;
  Ops ops(builder);
  Value condition;
  common = row;
  if (pass == getNumPasses() && row.slots[Prescale]) {
    common.slots[Prescale] = Value();
    condition = ops.equal(row.slots[Prescale],
                          ops.constant(row.slots[Prescale].getType(), 1.0));
  } else if (pass == getLiftedPass()) {
    common.slots[Center] = Value();
    condition = ops.equal(row.slots[Center],
                          ops.constant(row.slots[Center].getType(), 0.0));
  }
  return condition;
}

Value MaxSumExpAttr::buildCommonLogit(StatisticBuilder &builder, Value logit,
                                      const RowValues &row) const {
  return Ops(builder).sub(logit, row.slots[Center]);
}

//===----------------------------------------------------------------------===//
// Parts of a row
//===----------------------------------------------------------------------===//

static void setReference(Ops &ops, Value max, RowValues &row) {
  row.slots.assign(NumSlots, Value());
  row.slots[Max] = max;
  if (ops.s.exp == ExpForm::Plain) {
    row.slots[PlainShift] =
        ops.select(ops.isMinusInf(max), ops.constant(max.getType(), 0.0), max);
    return;
  }
  ExpReference reference = buildExpReference(ops, ops.core, max);
  row.slots[Center] = reference.center;
  row.slots[Magic] = reference.magic;
  row.slots[Clamp] = reference.low;
  row.slots[Exponent] = reference.exponent;
  row.slots[Offset] = reference.offset;
}

void MaxSumExpAttr::buildPrepare(StatisticBuilder &builder, unsigned pass,
                                 const WideValue &reduced,
                                 RowValues &row) const {
  Ops ops(builder);
  if (pass == 0) {
    // + 0 makes a maximum of -0 and +0 the same whichever came first.
    setReference(
        ops, ops.add(reduced.hi, ops.constant(reduced.hi.getType(), 0.0)), row);
    return;
  }
  if (pass == 1) {
    row.slots[Probe] = common::roundToCompute(builder, reduced);
    return;
  }
  // Of nothing but -inf: 0, or NaN if NaN stands beside the -inf.
  Value masked = ops.isMinusInf(row.slots[Max]);
  Value zero = ops.constant(reduced.hi.getType(), 0.0);
  row.slots[Sum] = ops.select(masked, ops.mul(reduced.hi, zero), reduced.hi);
  if (reduced.lo)
    row.slots[SumLow] = ops.select(masked, zero, reduced.lo);
  if (builder.device) {
    // False for NaN.
    Value finite = ops.compare(arith::CmpFPredicate::OLT, row.slots[Max],
                               ops.inf(row.slots[Max], /*negative=*/false));
    row.slots[Sum] =
        ops.select(finite, row.slots[Sum], ops.nan(row.slots[Sum]));
  }
  if (row.slots[Probe]) {
    // Where the maximum is finite the sum knows of a NaN.
    Value probe = ops.mul(ops.narrow(row.slots[Sum]),
                          ops.constant(row.slots[Probe].getType(), 0.0));
    row.slots[Probe] =
        ops.select(ops.isPlusInf(row.slots[Max]), row.slots[Probe], probe);
  }
}

SmallVector<Value> MaxSumExpAttr::getPartial(const RowValues &row) const {
  SmallVector<Value> values = {row.slots[Max], row.slots[Sum]};
  for (Slot slot : {SumLow, Probe})
    if (row.slots[slot])
      values.push_back(row.slots[slot]);
  return values;
}

SmallVector<Value> MaxSumExpAttr::buildEmptyPartial(StatisticBuilder &builder,
                                                    bool probed) const {
  Ops ops(builder);
  Type compute = builder.computeType, f64 = builder.builder.getF64Type();
  SmallVector<Value> values = {
      ops.constant(compute, -std::numeric_limits<double>::infinity()),
      ops.constant(f64, 0.0)};
  if (compute.isF64())
    values.push_back(ops.constant(f64, 0.0));
  if (probed)
    values.push_back(ops.constant(compute, 0.0));
  return values;
}

RowValues MaxSumExpAttr::buildFromPartial(StatisticBuilder &builder,
                                          ValueRange partial) const {
  Ops ops(builder);
  RowValues row;
  setReference(ops, partial[0], row);
  row.slots[Sum] = partial[1];
  partial = partial.drop_front(2);
  if (builder.computeType.isF64()) {
    row.slots[SumLow] = partial[0];
    partial = partial.drop_front();
  }
  if (!partial.empty())
    row.slots[Probe] = partial[0];
  return row;
}

using Weight = Value (*)(Ops &, const RowValues &, const RowValues &);

static RowValues merge(StatisticBuilder &builder, const RowValues &total,
                       const RowValues &part, Weight buildWeight) {
  Ops ops(builder);
  RowValues merged;
  setReference(ops,
               ops.select(ops.compare(arith::CmpFPredicate::OGT,
                                      part.slots[Max], total.slots[Max]),
                          part.slots[Max], total.slots[Max]),
               merged);
  auto rescaled = [&](const RowValues &row) -> WideValue {
    // C-INF-4: the sum of nothing but -inf (0 or NaN) counts as it is.
    Value one = ops.constant(row.slots[Sum].getType(), 1.0);
    Value weight = ops.select(ops.isMinusInf(row.slots[Max]), one,
                              buildWeight(ops, row, merged));
    if (!row.slots[SumLow])
      return {ops.mul(row.slots[Sum], weight), Value()};
    // The product's own rounding error joins the low part.
    Value high = ops.mul(row.slots[Sum], weight);
    Value low = ops.mul(row.slots[SumLow], weight);
    if (ops.fma) {
      Value negated = arith::NegFOp::create(ops.b, ops.loc, high);
      low = ops.add(low, ops.mulAdd(row.slots[Sum], weight, negated));
    }
    return {high, low};
  };
  WideValue sum = common::addWide(builder, rescaled(total), rescaled(part));
  merged.slots[Sum] = sum.hi;
  merged.slots[SumLow] = sum.lo;
  if (total.slots[Probe])
    merged.slots[Probe] = ops.add(total.slots[Probe], part.slots[Probe]);
  return merged;
}

RowValues MaxSumExpAttr::buildMerge(StatisticBuilder &builder,
                                    const RowValues &total,
                                    const RowValues &part) const {
  return merge(builder, total, part, buildWeight);
}

Value MaxSumExpAttr::buildSimpleCase(StatisticBuilder &builder,
                                     const RowValues &part) const {
  if (builder.exp == ExpForm::Plain)
    return nullptr;
  return Ops(builder).isUncentered(part);
}

RowValues MaxSumExpAttr::buildSimpleMerge(StatisticBuilder &builder,
                                          const RowValues &total,
                                          const RowValues &part) const {
  return merge(builder, total, part, buildSimpleWeight);
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

unsigned MaxSumExpAttr::getNumRowArguments() const { return 2; }
SmallVector<Type> MaxSumExpAttr::getRowArgumentTypes(Type computeType) const {
  if (getWideSum())
    return {computeType, Float64Type::get(getContext())};
  return {computeType, computeType};
}
Value MaxSumExpAttr::buildRowArgument(StatisticBuilder &, unsigned index,
                                      const RowValues &row) const {
  return row.slots[index == 0 ? Max : RowSum];
}

unsigned MaxSumExpAttr::getNumResultArguments() const { return 2; }
SmallVector<Type>
MaxSumExpAttr::getResultArgumentTypes(Type computeType) const {
  return {computeType, computeType};
}
bool MaxSumExpAttr::resultArgumentUsesLifted(unsigned index) const {
  return index == 0;
}
bool MaxSumExpAttr::resultArgumentUsesLogit(unsigned index) const {
  return index == 1;
}
unsigned MaxSumExpAttr::getLiftedPass() const { return 2; }

Value MaxSumExpAttr::buildResultArgument(StatisticBuilder &builder,
                                         unsigned index, Value logit,
                                         const LiftedValue &lifted,
                                         const RowValues &row) const {
  Ops ops(builder);
  if (index == 1)
    return ops.sub(ops.sub(logit, row.slots[Shift]), row.slots[LogSum]);
  LiftedValue e = lifted;
  if (!e.value)
    e = buildLift(builder, getLiftedPass(), logit, row);
  return buildProbability(ops, e, row);
}
