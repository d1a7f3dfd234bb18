// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SegmentRunner.h"
#include "ExactSum.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

void GPURowScope::storeElements(unsigned i, Value value) {
  const OperandView &view = k.inits[i];
  int64_t count =
      cast<MemRefType>(k.op.getInits()[i].getType()).getShape().back();
  auto store = [&](int64_t place, Value number) {
    k.storeScalar(
        vector::ExtractOp::create(k.b, k.loc, value, place), view,
        k.add(row.initOffsets[i], k.mul(view.trailingStride, number)));
  };
  if (!k.selectionLanes) {
    for (int64_t j = 0; j < count; ++j)
      store(j, k.index(j));
    return;
  }
  for (int64_t place = 0; place < k.selectionLanes; ++place) {
    Value number = k.add(k.thread, k.index(place * k.rowThreads));
    scf::IfOp::create(k.b, k.loc, k.lessThan(number, k.index(count)),
                      [&](OpBuilder &, Location) {
                        store(place, number);
                        scf::YieldOp::create(k.b, k.loc);
                      });
  }
}

void GPURowScope::storeRow(unsigned i, Value value) {
  if (later)
    pending.push_back({i, value});
  else
    store(i, value);
}

void GPURowScope::flush() {
  for (auto [i, value] : pending)
    store(i, value);
  pending.clear();
}

void GPURowScope::store(unsigned i, Value value) {
  bool isVector = isa<VectorType>(value.getType()) && !k.lanesAreRows;
  // The threads of a row may each have a part of a vector.
  Value writes = isVector && k.selectionLanes ? k.i1(true) : k.isZero(k.thread);
  if (k.rowValid)
    writes = k.both(writes, k.rowValid);
  if (k.rowWriter)
    writes = k.both(writes, k.rowWriter);
  scf::IfOp::create(k.b, k.loc, writes, [&](OpBuilder &, Location) {
    if (isVector)
      storeElements(i, value);
    else if (k.lanesAreRows)
      storeRows(k, k.broadcast(value, k.lanes), k.inits[i], row.initOffsets[i]);
    else
      k.storeScalar(value, k.inits[i], row.initOffsets[i]);
    scf::YieldOp::create(k.b, k.loc);
  });
}

/// The maximum of `values`, one per slot, or of each row's; a NaN is kept or
/// passed over.
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
  if (k.lanesAreRows)
    return vector;
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

/// Whether there is a NaN in `values`: an i1, or one per row.  A comparison
/// takes two elements.
static Value hasNaN(GPUBuilder &k, ArrayRef<Value> values) {
  SmallVector<Value> elements;
  for (Value value : values) {
    auto vector = dyn_cast<VectorType>(value.getType());
    bool whole = !vector || k.lanesAreRows;
    if (whole)
      elements.push_back(value);
    for (int64_t i = 0; !whole && i < vector.getNumElements(); ++i)
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

/// Without low parts.
static SmallVector<Value> valuesOf(ArrayRef<LiftedValue> lifted) {
  return llvm::map_to_vector(
      lifted, [](const LiftedValue &value) { return value.value; });
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
  auto liftAll = [&](ArrayRef<Value> of, const RowValues &with) {
    return llvm::map_to_vector(of, [&](Value logit) {
      return statistic.buildLift(builder, pass, logit, with);
    });
  };
  if (!condition)
    return liftAll(logits, row);
  // Several rows are common together; to one that is by itself the other way
  // does nothing.
  if (isa<VectorType>(condition.getType()))
    condition = vector::ReductionOp::create(
        k.b, k.loc, vector::CombiningKind::AND, condition);
  auto centered = [&]() {
    return llvm::map_to_vector(logits, [&](Value logit) {
      return statistic.buildCommonLogit(builder, logit, row);
    });
  };
  // Two operations are not worth the registers that choosing their operand
  // takes, where it lives on.
  bool eachWay = builder.exp == ExpForm::Native;
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, condition,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(
            k.b, k.loc, eachWay ? valuesOf(liftAll(logits, common)) : logits);
      },
      [&](OpBuilder &, Location) {
        SmallVector<Value> others = centered();
        scf::YieldOp::create(
            k.b, k.loc, eachWay ? valuesOf(liftAll(others, common)) : others);
      });
  SmallVector<Value> results = llvm::to_vector_of<Value>(ifOp.getResults());
  if (!eachWay)
    return liftAll(results, common);
  return llvm::map_to_vector(
      results, [](Value value) { return LiftedValue{value, Value()}; });
}

void SegmentRunner::whereActive(function_ref<void(Outputs &)> body) {
  Outputs outputs;
  if (!segment.active)
    return body(outputs);
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, segment.active,
      [&](OpBuilder &, Location) {
        body(outputs);
        SmallVector<Value> values;
        for (auto &[value, idle] : outputs)
          values.push_back(*value);
        scf::YieldOp::create(k.b, k.loc, values);
      },
      [&](OpBuilder &, Location) {
        MathBuilder math(k.b, k.loc);
        SmallVector<Value> values;
        for (auto &[value, idle] : outputs) {
          Type type = value->getType();
          values.push_back(isa<IntegerType>(type) ? math.integer(type, 0)
                                                  : math.constant(type, idle));
        }
        scf::YieldOp::create(k.b, k.loc, values);
      });
  for (auto [output, result] : llvm::zip(outputs, ifOp.getResults()))
    *output.first = result;
}

SmallVector<WideValue> SegmentRunner::reduce(unsigned pass,
                                             ArrayRef<unsigned> active,
                                             ArrayRef<RowValues> rows) {
  StatisticBuilder builder = k.statistic();
  SmallVector<Reduction> reductions;
  for (unsigned s : active) {
    StatisticAttrInterface statistic = k.statistics[s];
    Reduction &reduction = reductions.emplace_back();
    reduction.statistic = s;
    reduction.isMax = statistic.getCombiner(pass) == Combiner::Max;
    reduction.exponent = statistic.getLiftExponent(builder, pass);
  }
  SmallVector<Exchange::Maximum> maxima;
  whereActive([&](Outputs &outputs) {
    for (Reduction &reduction : reductions) {
      unsigned s = reduction.statistic;
      reduction.maximum = maxima.size();
      reduction.lifted = lift(s, pass, rows[s]);
      SmallVector<Value> values = reduction.values();
      if (reduction.isMax) {
        maxima.push_back(localMax(values));
        continue;
      }
      for (LiftedValue &value : reduction.lifted) {
        outputs.push_back({&value.value, 0.0});
        if (value.low)
          outputs.push_back({&value.low, 0.0});
      }
      if (reduction.exponent)
        continue;
      maxima.push_back({maximumOf(k, values, /*keepsNaN=*/true), true});
      for (Value &value : values)
        value = arith::NegFOp::create(k.b, k.loc, value);
      maxima.push_back({maximumOf(k, values, /*keepsNaN=*/false), false});
    }
    for (Exchange::Maximum &maximum : maxima)
      outputs.push_back(
          {&maximum.value, -std::numeric_limits<double>::infinity()});
  });
  for (const Reduction &reduction : reductions)
    if (!reduction.isMax && needs.staged == reduction.statistic &&
        pass == k.statistics[reduction.statistic].getLiftedPass())
      lifted = reduction.lifted;
  Exchange exchange(k);
  SmallVector<Value> largest;
  if (!maxima.empty())
    largest = exchange.reduceMax(maxima);

  SmallVector<std::optional<ExactSum>> sums;
  for (const Reduction &reduction : reductions) {
    std::optional<ExactSum> &sum = sums.emplace_back();
    if (reduction.isMax)
      continue;
    if (reduction.exponent)
      sum.emplace(k, *reduction.exponent);
    else
      sum.emplace(k, k.maxNum(largest[reduction.maximum],
                              largest[reduction.maximum + 1]));
  }
  SmallVector<Value> wide;
  SmallVector<Exchange::Pair> pairs;
  whereActive([&](Outputs &outputs) {
    for (auto [reduction, sum] : llvm::zip(reductions, sums)) {
      if (!sum)
        continue;
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
    for (Value &value : wide)
      outputs.push_back({&value, 0.0});
    for (Exchange::Pair &pair : pairs)
      llvm::append_range(outputs, Outputs{{&pair.high, 0.0}, {&pair.low, 0.0}});
  });
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
  whereActive([&](Outputs &) { write(rows, handedOn, keepsLifted); });
}

SmallVector<Value *> SegmentRunner::getKept() {
  SmallVector<Value *> values;
  for (LiftedValue &value : lifted)
    for (Value *part : {&value.value, &value.low})
      if (*part)
        values.push_back(part);
  for (Segment::Slot &slot : segment.slots)
    for (Value &logit : slot.logits)
      values.push_back(&logit);
  return values;
}

RowValues SegmentRunner::runReference() {
  SmallVector<RowValues> rows(k.statistics.size());
  SmallVector<unsigned> active = {*needs.staged};
  prepareRows(k, 0, active, reduce(0, active, rows), rows);
  // Exchanges in a loop take turns with another barrier.
  if (k.rowThreads > k.warpSize)
    k.barrier();
  return rows[*needs.staged];
}

bool SegmentRunner::needsPart(GPUBuilder &k, const RowNeeds &needs) {
  StatisticBuilder builder = k.statistic();
  // Rows that are not contiguous have one schedule, and its reference.
  return k.contiguous && needs.staged &&
         k.statistics[*needs.staged].resultsNeedPart(builder);
}

void SegmentRunner::writeResultsOfPart(ArrayRef<RowValues> rows,
                                       const RowValues &part,
                                       ValueRange handedOn, Value isKept) {
  bool keeps = !lifted.empty(), needed = needsPart(k, needs);
  StatisticBuilder builder = k.statistic();
  SmallVector<std::pair<Value, RowValues>> cases;
  if (needs.staged && (keeps || needed))
    cases = k.statistics[*needs.staged].buildKeptViews(
        builder, rows[*needs.staged], part);
  if (cases.empty()) {
    lifted.clear();
    if (isKept)
      restore(isKept, []() {});
    return writeResults(rows, handedOn, /*keepsLifted=*/false);
  }
  if (needed && keeps && isKept) {
    unsigned s = *needs.staged;
    restore(isKept,
            [&]() { lifted = lift(s, k.statistics[s].getLiftedPass(), part); });
    isKept = nullptr;
  }
  OpBuilder::InsertionGuard guard(k.b);
  auto writeWith = [&](const RowValues &view, bool keepsLifted) {
    SmallVector<RowValues> views(rows);
    views[*needs.staged] = view;
    writeResults(views, handedOn, keepsLifted);
  };
  for (auto &[condition, view] : cases) {
    auto ifOp = scf::IfOp::create(
        k.b, k.loc, keeps && isKept ? k.both(isKept, condition) : condition,
        /*withElseRegion=*/true);
    k.b.setInsertionPointToStart(ifOp.thenBlock());
    writeWith(view, keeps);
    k.b.setInsertionPointToStart(ifOp.elseBlock());
  }
  if (needed)
    return writeWith(k.statistics[*needs.staged].buildPartView(
                         builder, rows[*needs.staged], part),
                     keeps);
  segment.load();
  writeWith(rows[*needs.staged], /*keepsLifted=*/false);
}

static SmallVector<Value> valuesAt(ArrayRef<Value *> places) {
  return llvm::map_to_vector(places, [](Value *place) { return *place; });
}

void SegmentRunner::restore(Value isKept, function_ref<void()> makeAgain) {
  SmallVector<Value> there = valuesAt(getKept());
  SmallVector<Segment::Slot> slots = segment.slots;
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, isKept,
      [&](OpBuilder &, Location) { scf::YieldOp::create(k.b, k.loc, there); },
      [&](OpBuilder &, Location) {
        segment.load();
        makeAgain();
        scf::YieldOp::create(k.b, k.loc, valuesAt(getKept()));
      });
  segment.slots = slots;
  for (auto [place, result] : llvm::zip(getKept(), ifOp.getResults()))
    *place = result;
}

void SegmentRunner::write(ArrayRef<RowValues> rows, ValueRange handedOn,
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
