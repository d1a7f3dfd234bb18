// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SegmentRunner.h"
#include "ExactSum.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

void GPURowScope::storeRow(unsigned i, Value value) {
  Value first = k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::eq,
                                                k.thread, k.index(0));
  if (k.rowValid)
    first = k.both(first, k.rowValid);
  if (k.rowWriter)
    first = k.both(first, k.rowWriter);
  scf::IfOp::create(k.b, k.loc, first, [&](OpBuilder &, Location) {
    k.storeScalar(value, k.inits[i], row.initOffsets[i]);
    scf::YieldOp::create(k.b, k.loc);
  });
}

Value SegmentRunner::orElse(const Segment::Slot &slot, Value value,
                            Value other) {
  if (!slot.valid)
    return value;
  return arith::SelectOp::create(k.b, k.loc, slot.valid, value,
                                 slot.lanes ? k.broadcast(other, slot.lanes)
                                            : other);
}

Value SegmentRunner::localMax(ArrayRef<Value> values, bool keepsNaN) {
  Value vector, scalar;
  auto larger = [&](Value x, Value y) {
    return keepsNaN ? k.maxKeepingNaN(x, y) : k.maxNum(x, y);
  };
  for (auto [slot, element] : llvm::zip(segment.slots, values)) {
    Value value = orElse(slot, element, k.negativeInfinity(k.computeType));
    Value &to = slot.lanes ? vector : scalar;
    to = to ? larger(to, value) : value;
  }
  if (!vector)
    return scalar;
  auto kind = keepsNaN ? vector::CombiningKind::MAXIMUMF
                       : vector::CombiningKind::MAXNUMF;
  Value largest = vector::ReductionOp::create(k.b, k.loc, kind, vector);
  return scalar ? larger(largest, scalar) : largest;
}

namespace {
/// One statistic in one pass.
struct Reduction {
  unsigned statistic;
  bool isMax = false;
  /// Of what is known of a sum's values.
  std::optional<int64_t> exponent;
  /// Per slot.
  SmallVector<LiftedValue> lifted;
  /// The number of its first maximum.
  unsigned maximum = 0;

  SmallVector<Value> values() const {
    return llvm::map_to_vector(
        lifted, [](const LiftedValue &value) { return value.value; });
  }
};
} // namespace

/// A sum whose largest element is `above` (NaN if there is one), and whose
/// least is -`below`: `sum` where both are finite.
static WideValue withSpecialValues(GPUBuilder &k, WideValue sum, Value above,
                                   Value below) {
  MathBuilder math(k.b, k.loc);
  Value zero = math.constant(above.getType(), 0.0);
  Value inf =
      math.constant(above.getType(), std::numeric_limits<double>::infinity());
  auto special = [&](Value x) {
    Value finite = math.compare(arith::CmpFPredicate::OLT, x, inf);
    return std::pair(finite, math.select(finite, zero, x));
  };
  auto [finiteAbove, valueAbove] = special(above);
  auto [finiteBelow, valueBelow] = special(below);
  Value finite = k.both(finiteAbove, finiteBelow);
  Value value = math.sub(valueAbove, valueBelow);
  if (value.getType() != sum.hi.getType())
    value = arith::ExtFOp::create(k.b, k.loc, sum.hi.getType(), value);
  sum.hi = math.select(finite, sum.hi, value);
  if (sum.lo)
    sum.lo = math.select(finite, sum.lo, math.constant(sum.lo.getType(), 0.0));
  return sum;
}

SmallVector<WideValue> SegmentRunner::reduce(unsigned pass,
                                             ArrayRef<unsigned> active,
                                             ArrayRef<RowValues> rows) {
  StatisticBuilder builder = k.statistic();
  SmallVector<Reduction> reductions;
  SmallVector<Exchange::Maximum> maxima;
  for (unsigned s : active) {
    StatisticAttrInterface statistic = k.statistics[s];
    Reduction &reduction = reductions.emplace_back();
    reduction.statistic = s;
    reduction.isMax = statistic.getCombiner(pass) == Combiner::Max;
    reduction.exponent = statistic.getLiftExponent(builder, pass);
    reduction.maximum = maxima.size();
    for (const Segment::Slot &slot : segment.slots)
      reduction.lifted.push_back(
          statistic.buildLift(builder, pass, slot.logits[s], rows[s]));
    if (needs.staged == s && pass == statistic.getLiftedPass())
      lifted = reduction.lifted;
    SmallVector<Value> values = reduction.values();
    if (reduction.isMax) {
      maxima.push_back({localMax(values, /*keepsNaN=*/false), false});
    } else if (!reduction.exponent) {
      maxima.push_back({localMax(values, /*keepsNaN=*/true), true});
      for (Value &value : values)
        value = arith::NegFOp::create(k.b, k.loc, value);
      maxima.push_back({localMax(values, /*keepsNaN=*/false), false});
    }
  }
  Exchange exchange(k);
  SmallVector<Value> largest;
  if (!maxima.empty())
    largest = exchange.reduceMax(maxima);

  SmallVector<std::optional<ExactSum>> sums;
  SmallVector<Value> integers;
  Value zero = k.zero(k.computeType);
  for (const Reduction &reduction : reductions) {
    std::optional<ExactSum> &sum = sums.emplace_back();
    if (reduction.isMax)
      continue;
    if (reduction.exponent)
      sum.emplace(k, *reduction.exponent);
    else
      sum.emplace(k, k.maxNum(largest[reduction.maximum],
                              largest[reduction.maximum + 1]));
    for (auto [slot, value] : llvm::zip(segment.slots, reduction.lifted)) {
      sum->add(orElse(slot, value.value, zero));
      if (value.low)
        sum->add(orElse(slot, value.low, zero));
    }
    llvm::append_range(integers, sum->integers());
  }
  SmallVector<Value> totals;
  if (!integers.empty())
    totals = exchange.reduceSum(integers);

  ArrayRef<Value> left(totals);
  SmallVector<WideValue> results;
  for (auto [reduction, sum] : llvm::zip(reductions, sums)) {
    if (!sum) {
      results.push_back({largest[reduction.maximum], Value()});
      continue;
    }
    WideValue total = sum->finish(left.take_front(sum->numIntegers()));
    left = left.drop_front(sum->numIntegers());
    if (!reduction.exponent)
      total = withSpecialValues(k, total, largest[reduction.maximum],
                                largest[reduction.maximum + 1]);
    results.push_back(total);
  }
  return results;
}

SmallVector<RowValues> SegmentRunner::runPasses() {
  SmallVector<RowValues> rows(k.statistics.size());
  for (unsigned pass = 0; pass < needs.numPasses; ++pass)
    emitPass(
        k, needs, pass, rows,
        [&](unsigned p, ArrayRef<unsigned> active, ArrayRef<RowValues> values) {
          return reduce(p, active, values);
        });
  return rows;
}

void SegmentRunner::writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                                 bool keepsLifted) {
  SmallVector<SmallVector<Value>> results;
  for (size_t i = 0; i < segment.slots.size(); ++i) {
    const Segment::Slot &slot = segment.slots[i];
    SmallVector<Value> logits = slot.logits;
    logits.resize(k.statistics.size());
    LiftedValue kept;
    if (keepsLifted && !lifted.empty())
      kept = lifted[i];
    results.push_back(buildResults(
        k, needs, slot.elements, logits, kept, rows, handedOn, slot.lanes,
        [&](int64_t dim) { return segment.coordinate(slot, dim); }));
  }
  segment.store(results);
}
