// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.max_sumexp: the maximum m of a row and the sum of exp(x - m).
//
// Pass 0 reduces the maximum, pass 2 the sum of exponentials.  Pass 1 runs only
// where m = +inf and only for the row arguments: there the sum is NaN whether
// or not the row holds a NaN, but logsumexp must tell the two apart (C-INF-1,
// C-NAN-1).  It comes before pass 2, after which a lowering may have
// overwritten the row.

#include "StatisticUtils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Math/ExpBuilder.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::common;

namespace {
/// The meaning of RowValues::slots.
enum Slot : unsigned {
  Max,    // compute type; -inf for an empty or fully masked row
  LogSum, // log(sum exp(x - m)), in the compute type
  RowSum, // sum exp(x - m), in the compute type
  Probe,  // where m = +inf: 0, or NaN if the row holds one; null if not asked
  // Scaled exponentials: the members of their ExpReference, and the reciprocal
  // of their sum as a pair of the compute type (high, low), or the sum itself.
  Center,
  Magic,
  Low,
  Exponent,
  Offset,
  Inverse,
  InverseLow,
  // Plain exponentials: what is subtracted (m, or 0 where m = -inf) and what
  // is divided by.
  Shift,
  Divisor,
  NumSlots
};

/// A `MathBuilder` with what special values need.
struct Ops : MathBuilder {
  StatisticBuilder &s;
  explicit Ops(StatisticBuilder &s)
      : MathBuilder(s.builder, s.loc, s.fma), s(s) {}

  Value inf(Value like, bool negative) {
    double inf = std::numeric_limits<double>::infinity();
    return constant(like.getType(), negative ? -inf : inf);
  }
  Value nan(Value like) {
    return constant(like.getType(), std::numeric_limits<double>::quiet_NaN());
  }
  Value equal(Value x, Value y) {
    return compare(arith::CmpFPredicate::OEQ, x, y);
  }
  Value isNaN(Value x) { return compare(arith::CmpFPredicate::UNO, x, x); }
  /// f64 to the compute type.
  Value narrow(Value x) {
    if (s.computeType.isF64())
      return x;
    return arith::TruncFOp::create(b, loc, withElementType(x, s.computeType),
                                   x);
  }
  Value widen(Value x) {
    if (s.computeType.isF64())
      return x;
    return arith::ExtFOp::create(b, loc, withElementType(x, b.getF64Type()), x);
  }
};
} // namespace

static ExpReference getReference(const RowValues &row) {
  return {row.slots[Center], row.slots[Magic], row.slots[Low],
          row.slots[Exponent], row.slots[Offset]};
}

/// 1 / sum as a pair in the compute type: with it e * (high + low) is rounded
/// once, and a row of one element gives exactly 1.
static void buildReciprocal(Ops &ops, const WideValue &sum, Value &high,
                            Value &low) {
  Value one = ops.constant(sum.hi.getType(), 1.0);
  Value inverse = ops.div(one, sum.hi);
  if (!ops.s.computeType.isF64()) {
    high = ops.narrow(inverse);
    low = ops.narrow(ops.sub(inverse, ops.widen(high)));
    return;
  }
  high = inverse;
  Value negated = arith::NegFOp::create(ops.b, ops.loc, sum.hi);
  Value residual = ops.mulAdd(negated, inverse, one);
  if (sum.lo)
    residual = ops.sub(residual, ops.mul(sum.lo, inverse));
  low = ops.mul(residual, inverse);
}

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
  return ops.equal(row.slots[Max], ops.inf(row.slots[Max], /*negative=*/false));
}

Value MaxSumExpAttr::buildLift(StatisticBuilder &builder, unsigned pass,
                               Value logit, const RowValues &row) const {
  Ops ops(builder);
  if (pass == 0)
    return logit;
  if (pass == 1)
    return ops.select(ops.isNaN(logit), logit,
                      ops.constant(logit.getType(), 0.0));
  if (builder.exp == ExpForm::Scaled)
    return buildScaledExp(ops, logit, getReference(row));
  return math::ExpOp::create(ops.b, ops.loc, ops.sub(logit, row.slots[Shift]));
}

// Rows with a small maximum are not centred: x - 0 is x.
Value MaxSumExpAttr::buildCommonCase(StatisticBuilder &builder, unsigned pass,
                                     const RowValues &row,
                                     RowValues &common) const {
  if (pass != getLiftedPass() || builder.exp != ExpForm::Scaled)
    return nullptr;
  Ops ops(builder);
  common = row;
  common.slots[Center] = Value();
  return ops.equal(row.slots[Center],
                   ops.constant(row.slots[Center].getType(), 0.0));
}

void MaxSumExpAttr::buildPrepare(StatisticBuilder &builder, unsigned pass,
                                 const WideValue &reduced,
                                 RowValues &row) const {
  Ops ops(builder);
  if (pass == 0) {
    row.slots.assign(NumSlots, Value());
    // + 0 makes a maximum of -0 and +0 the same whichever came first.
    Value max = ops.add(reduced.hi, ops.constant(reduced.hi.getType(), 0.0));
    row.slots[Max] = max;
    if (builder.exp == ExpForm::Scaled) {
      ExpReference reference = buildExpReference(ops, max);
      row.slots[Center] = reference.center;
      row.slots[Magic] = reference.magic;
      row.slots[Low] = reference.low;
      row.slots[Exponent] = reference.exponent;
      row.slots[Offset] = reference.offset;
      return;
    }
    Value masked = ops.equal(max, ops.inf(max, /*negative=*/true));
    row.slots[Shift] =
        ops.select(masked, ops.constant(max.getType(), 0.0), max);
    return;
  }

  Value max = row.slots[Max];
  Value zero = ops.constant(max.getType(), 0.0);
  Value one = ops.constant(max.getType(), 1.0);
  if (pass == 1) {
    row.slots[Probe] = roundToCompute(builder, reduced);
    return;
  }
  // The sum for the row arguments: where m = +inf, 1 + (0 or NaN).
  auto setRowSum = [&](Value masked, Value maskedSum, Value sum) {
    row.slots[RowSum] = ops.select(masked, maskedSum, sum);
    if (!row.slots[Probe])
      return;
    Value infinite = ops.equal(max, ops.inf(max, /*negative=*/false));
    row.slots[RowSum] =
        ops.select(infinite, ops.add(row.slots[Probe], one), row.slots[RowSum]);
  };

  // A fully masked row: 0, or NaN if NaN stands beside the -inf.
  Value masked = ops.equal(max, ops.inf(max, /*negative=*/true));
  Value sum = roundToCompute(builder, reduced);
  Value zeroOrNaN = ops.mul(sum, zero);
  Value maskedValue =
      getMaskedRow() == MaskedRow::Nan ? ops.nan(sum) : zeroOrNaN;

  if (builder.exp == ExpForm::Plain) {
    setRowSum(masked, zeroOrNaN, sum);
    row.slots[LogSum] =
        ops.select(masked, maskedValue,
                   math::LogOp::create(ops.b, ops.loc, sum).getResult());
    // exp(-inf) / (0 + 1) = 0.
    row.slots[Divisor] = ops.select(masked, ops.add(maskedValue, one), sum);
    return;
  }

  ExpReference reference = getReference(row);
  Value relative =
      ops.narrow(buildSumRelativeToMax(ops, reduced.hi, reduced.lo, reference));
  setRowSum(masked, zeroOrNaN, relative);
  Value log =
      ops.narrow(buildLogOfScaledSum(ops, reduced.hi, reduced.lo, reference));
  row.slots[LogSum] = ops.select(masked, maskedValue, log);
  if (!builder.fma) {
    // Without a fused multiply-add the pair would be rounded twice; divide.
    // e / inf = 0 for the masked row.
    Value inf = ops.inf(sum, /*negative=*/false);
    Value divisor = ops.select(ops.isNaN(maskedValue), maskedValue, inf);
    row.slots[Inverse] = ops.select(masked, divisor, sum);
    return;
  }
  Value high, low;
  buildReciprocal(ops, reduced, high, low);
  row.slots[Inverse] = ops.select(masked, maskedValue, high);
  row.slots[InverseLow] = ops.select(masked, maskedValue, low);
}

unsigned MaxSumExpAttr::getNumRowArguments() const { return 2; }
SmallVector<Type> MaxSumExpAttr::getRowArgumentTypes(Type computeType) const {
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
                                         Value lifted,
                                         const RowValues &row) const {
  Ops ops(builder);
  if (index == 1) {
    // Center and offset of a scaled row add up to the shift of a plain one.
    Value shift = builder.exp == ExpForm::Scaled
                      ? ops.add(row.slots[Center], row.slots[Offset])
                      : row.slots[Shift];
    return ops.sub(ops.sub(logit, shift), row.slots[LogSum]);
  }
  if (!lifted)
    lifted = buildLift(builder, getLiftedPass(), logit, row);
  if (builder.exp == ExpForm::Plain)
    return ops.div(lifted, row.slots[Divisor]);
  if (!builder.fma)
    return ops.div(lifted, row.slots[Inverse]);
  return ops.mulAdd(lifted, row.slots[Inverse],
                    ops.mul(lifted, row.slots[InverseLow]));
}
