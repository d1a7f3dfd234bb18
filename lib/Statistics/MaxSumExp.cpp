// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.max_sumexp: the maximum m of a row and the sum of exp(x - m).
//
// Pass 0 reduces the maximum, pass 1 the sum of exponentials.  Pass 2 runs
// only where m = +inf and only for the row arguments: there the sum of pass 1
// is NaN whether or not the row holds a NaN, but logsumexp must tell the two
// apart (C-INF-1, C-NAN-1).

#include "StatisticUtils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::common;

namespace {
/// The meaning of RowValues::slots.
enum Slot : unsigned {
  Max,       // compute type; -inf for an empty or fully masked row
  Shift,     // what plain exponentials subtract: max, or 0 where max = -inf
  Normalize, // plain: the sum to divide by, in the compute type
  LogSum,    // log(sum exp(x - m)), in the compute type
  RowSum,    // sum exp(x - m), in the compute type
  NumSlots
};

struct Ops {
  StatisticBuilder &s;
  OpBuilder &b = s.builder;
  Location loc = s.loc;

  Value constant(Value like, double value) { return floatConstant(s, like.getType(), value); }
  Value inf(Value like, bool negative) {
    double inf = std::numeric_limits<double>::infinity();
    return constant(like, negative ? -inf : inf);
  }
  Value nan(Value like) { return constant(like, std::numeric_limits<double>::quiet_NaN()); }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, loc, condition, yes, no);
  }
  Value equal(Value x, Value y) {
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y);
  }
  Value isNaN(Value x) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x); }
};
} // namespace

unsigned MaxSumExpAttr::getNumPasses() const { return 3; }

Combiner MaxSumExpAttr::getCombiner(unsigned pass) const {
  return pass == 0 ? Combiner::Max : Combiner::Sum;
}

bool MaxSumExpAttr::isRowArgumentPass(unsigned pass) const { return pass == 2; }

Value MaxSumExpAttr::buildPassCondition(StatisticBuilder &builder, unsigned pass,
                                        const RowValues &row) const {
  if (pass != 2)
    return nullptr;
  Ops ops{builder};
  return ops.equal(row.slots[Max], ops.inf(row.slots[Max], /*negative=*/false));
}

Value MaxSumExpAttr::buildLift(StatisticBuilder &builder, unsigned pass, Value logit,
                               const RowValues &row) const {
  Ops ops{builder};
  if (pass == 0)
    return logit;
  if (pass == 2)
    return ops.select(ops.isNaN(logit), logit, ops.constant(logit, 0.0));
  Value shift = broadcastLike(builder, row.slots[Shift], logit);
  Value difference = arith::SubFOp::create(ops.b, ops.loc, logit, shift);
  return math::ExpOp::create(ops.b, ops.loc, difference);
}

void MaxSumExpAttr::buildPrepare(StatisticBuilder &builder, unsigned pass, const WideValue &reduced,
                                 RowValues &row) const {
  Ops ops{builder};
  OpBuilder &b = ops.b;
  Location loc = ops.loc;
  if (pass == 0) {
    row.slots.assign(NumSlots, Value());
    // + 0 makes a maximum of -0 and +0 the same whichever came first.
    Value max = arith::AddFOp::create(b, loc, reduced.hi, ops.constant(reduced.hi, 0.0));
    row.slots[Max] = max;
    Value masked = ops.equal(max, ops.inf(max, /*negative=*/true));
    row.slots[Shift] = ops.select(masked, ops.constant(max, 0.0), max);
    return;
  }

  Value max = row.slots[Max];
  Value masked = ops.equal(max, ops.inf(max, /*negative=*/true));
  if (pass == 2) {
    // Here m = +inf decides: 1 + (0 or NaN) stands for the sum.
    Value infinite = ops.equal(max, ops.inf(max, /*negative=*/false));
    Value nanOrZero = roundToCompute(builder, reduced);
    Value one = ops.constant(max, 1.0);
    Value sum = arith::AddFOp::create(b, loc, nanOrZero, one);
    row.slots[RowSum] = ops.select(infinite, sum, row.slots[RowSum]);
    return;
  }

  Value sum = roundToCompute(builder, reduced);
  // A fully masked row has sum 0, or NaN if NaN stands beside the -inf.
  Value zeroOrNaN = arith::MulFOp::create(b, loc, sum, ops.constant(sum, 0.0));
  row.slots[RowSum] = ops.select(masked, zeroOrNaN, sum);
  Value log = math::LogOp::create(b, loc, sum);
  if (getMaskedRow() == MaskedRow::Nan) {
    Value nan = ops.nan(sum);
    row.slots[Normalize] = ops.select(masked, nan, sum);
    row.slots[LogSum] = ops.select(masked, nan, log);
    return;
  }
  // exp(-inf) / 1 = 0, -inf - 0 = -inf: a fully masked row gives 0.
  Value one = arith::AddFOp::create(b, loc, zeroOrNaN, ops.constant(sum, 1.0));
  row.slots[Normalize] = ops.select(masked, one, sum);
  row.slots[LogSum] = ops.select(masked, zeroOrNaN, log);
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
SmallVector<Type> MaxSumExpAttr::getResultArgumentTypes(Type computeType) const {
  return {computeType, computeType};
}
bool MaxSumExpAttr::resultArgumentUsesLifted(unsigned index) const { return index == 0; }
unsigned MaxSumExpAttr::getLiftedPass() const { return 1; }

Value MaxSumExpAttr::buildResultArgument(StatisticBuilder &builder, unsigned index, Value logit,
                                         Value lifted, const RowValues &row) const {
  Ops ops{builder};
  if (index == 1) {
    Value like = logit;
    Value difference = arith::SubFOp::create(ops.b, ops.loc, logit,
                                             broadcastLike(builder, row.slots[Shift], like));
    return arith::SubFOp::create(ops.b, ops.loc, difference,
                                 broadcastLike(builder, row.slots[LogSum], like));
  }
  if (!lifted)
    lifted = buildLift(builder, getLiftedPass(), logit, row);
  return arith::DivFOp::create(ops.b, ops.loc, lifted,
                               broadcastLike(builder, row.slots[Normalize], lifted));
}

APFloat MaxSumExpAttr::getNeutralLogit(const llvm::fltSemantics &semantics) const {
  return APFloat::getInf(semantics, /*Negative=*/true);
}
