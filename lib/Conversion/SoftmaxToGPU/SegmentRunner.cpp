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

/// The maximum of `values`, one per slot; a NaN is kept or passed over.
static Value maximumOf(GPUBuilder &k, ArrayRef<Value> values, bool keepsNaN) {
  Value vector, scalar;
  auto larger = [&](Value x, Value y) {
    return keepsNaN ? k.maxKeepingNaN(x, y) : k.maxNum(x, y);
  };
  for (Value value : values) {
    Value &to = isa<VectorType>(value.getType()) ? vector : scalar;
    to = to ? larger(to, value) : value;
  }
  if (!vector)
    return scalar;
  if (k.computeType.isF64()) {
    int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
    for (int64_t i = 0; i < lanes; ++i) {
      Value element = vector::ExtractOp::create(k.b, k.loc, vector, i);
      scalar = scalar ? larger(scalar, element) : element;
    }
    return scalar;
  }
  auto kind = keepsNaN ? vector::CombiningKind::MAXIMUMF
                       : vector::CombiningKind::MAXNUMF;
  Value largest = vector::ReductionOp::create(k.b, k.loc, kind, vector);
  return scalar ? larger(largest, scalar) : largest;
}

/// Whether there is a NaN in `values`: an i1.  A comparison takes two elements.
static Value hasNaN(GPUBuilder &k, ArrayRef<Value> values) {
  SmallVector<Value> elements;
  for (Value value : values) {
    auto vector = dyn_cast<VectorType>(value.getType());
    if (!vector)
      elements.push_back(value);
    for (int64_t i = 0; vector && i < vector.getNumElements(); ++i)
      elements.push_back(vector::ExtractOp::create(k.b, k.loc, value, i));
  }
  Value any;
  for (size_t i = 0; i < elements.size(); i += 2) {
    Value other = elements[std::min(i + 1, elements.size() - 1)];
    Value one = arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::UNO,
                                      elements[i], other);
    any = any ? arith::OrIOp::create(k.b, k.loc, any, one).getResult() : one;
  }
  return any;
}

Exchange::Maximum SegmentRunner::localMax(ArrayRef<Value> values) {
  if (k.maxKeepsNaN())
    return {maximumOf(k, values, /*keepsNaN=*/true), true};
  MathBuilder math(k.b, k.loc);
  Value infinity =
      math.constant(k.computeType, std::numeric_limits<double>::infinity());
  return {math.select(hasNaN(k, values), infinity,
                      maximumOf(k, values, /*keepsNaN=*/false)),
          false};
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

SmallVector<LiftedValue> SegmentRunner::lift(unsigned s, unsigned pass,
                                             const RowValues &row) {
  StatisticBuilder builder = k.statistic();
  StatisticAttrInterface statistic = k.statistics[s];
  SmallVector<Value> logits = llvm::map_to_vector(
      segment.slots, [&](const Segment::Slot &slot) { return slot.logits[s]; });
  // The rare case of a whole row is none of every element: one branch.
  RowValues common;
  Value condition = statistic.buildCommonCase(builder, pass, row, common);
  if (condition) {
    auto ifOp = scf::IfOp::create(
        k.b, k.loc, condition,
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(k.b, k.loc, logits);
        },
        [&](OpBuilder &, Location) {
          SmallVector<Value> others =
              llvm::map_to_vector(logits, [&](Value logit) {
                return statistic.buildCommonLogit(builder, logit, row);
              });
          scf::YieldOp::create(k.b, k.loc, others);
        });
    logits = llvm::to_vector_of<Value>(ifOp.getResults());
  }
  return llvm::map_to_vector(logits, [&](Value logit) {
    return statistic.buildLift(builder, pass, logit, condition ? common : row);
  });
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
    reduction.lifted = lift(s, pass, rows[s]);
    if (needs.staged == s && pass == statistic.getLiftedPass())
      lifted = reduction.lifted;
    SmallVector<Value> values = reduction.values();
    if (reduction.isMax) {
      maxima.push_back(localMax(values));
    } else if (!reduction.exponent) {
      maxima.push_back({maximumOf(k, values, /*keepsNaN=*/true), true});
      for (Value &value : values)
        value = arith::NegFOp::create(k.b, k.loc, value);
      maxima.push_back({maximumOf(k, values, /*keepsNaN=*/false), false});
    }
  }
  Exchange exchange(k);
  SmallVector<Value> largest;
  if (!maxima.empty())
    largest = exchange.reduceMax(maxima);

  SmallVector<std::optional<ExactSum>> sums;
  SmallVector<Value> wide;
  SmallVector<Exchange::Pair> pairs;
  for (const Reduction &reduction : reductions) {
    std::optional<ExactSum> &sum = sums.emplace_back();
    if (reduction.isMax)
      continue;
    if (reduction.exponent)
      sum.emplace(k, *reduction.exponent);
    else
      sum.emplace(k, k.maxNum(largest[reduction.maximum],
                              largest[reduction.maximum + 1]));
    for (const LiftedValue &value : reduction.lifted) {
      sum->add(value.value);
      if (value.low)
        sum->add(value.low);
    }
    auto [high, low] = sum->integers();
    if (k.computeType.isF64())
      llvm::append_range(wide, ValueRange{high, low});
    else
      pairs.push_back({high, low, sum->ratioBits()});
  }
  SmallVector<Value> totals;
  if (!wide.empty())
    totals = exchange.reduceSum(wide);
  else if (!pairs.empty())
    totals = exchange.reducePairs(pairs);

  ArrayRef<Value> left(totals);
  SmallVector<WideValue> results;
  for (auto [reduction, sum] : llvm::zip(reductions, sums)) {
    if (!sum) {
      results.push_back({largest[reduction.maximum], Value()});
      continue;
    }
    WideValue total = sum->finish(left.take_front(sum->numTotals()));
    left = left.drop_front(sum->numTotals());
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
  if (!keepsLifted) {
    lifted.clear();
    if (needs.staged)
      lifted = lift(*needs.staged, k.statistics[*needs.staged].getLiftedPass(),
                    rows[*needs.staged]);
  }
  for (size_t i = 0; i < segment.slots.size(); ++i) {
    const Segment::Slot &slot = segment.slots[i];
    SmallVector<Value> logits = slot.logits;
    logits.resize(k.statistics.size());
    LiftedValue kept;
    if (!lifted.empty())
      kept = lifted[i];
    results.push_back(buildResults(
        k, needs, slot.elements, logits, kept, rows, handedOn, slot.lanes,
        [&](int64_t dim) { return segment.coordinate(slot, dim); }));
  }
  segment.store(results);
}
