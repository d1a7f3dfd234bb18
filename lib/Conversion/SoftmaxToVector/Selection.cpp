// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Top-k of a row in two sweeps and a short count:
//
// 1. The row is dealt to 2k lanes or more (at most 64), and the maximum of each
//    is taken.  At least k elements are not below the kth largest of these: a
//    threshold.
// 2. Elements that are not below it become candidates, 64 of them compared at
//    once.  Of random rows those are about 2k log 2 (the coupon collector's
//    problem; 64 log 64 of 64), whatever the row's length.
// 3. A candidate's rank is the number of those before it, found by comparing it
//    with all others, and says where it goes.
//
// Rows that bring more candidates than there is room for, as ascending ones do,
// have them ranked in between, which raises the threshold.  Before many are
// ranked, those below the kth largest are left out, which is found bit by bit.
//
// Logits are compared as integers whose order is theirs, with NaN above all.

#include "Selection.h"
#include "LaneMaxima.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Math/MathBuilder.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class Selector {
public:
  Selector(KernelBuilder &k, PassAccess &access, unsigned s, int64_t count);
  SmallVector<Value> emit();

private:
  /// Candidates so far, an index, and the threshold: what is above it, or NaN,
  /// may be one.
  using State = SmallVector<Value, 2>;

  ElementRange range() { return {k.index(0), k.columns}; }
  Type bitsOf(Type type) { return MathBuilder::withElement(type, integers); }
  /// The order of keys is that of logits; an involution but for -0 and NaN.
  Value fold(Value bits);
  Value keyOf(Value logit);
  Value valueOf(Value key) { return math.fromBits(fold(key)); }

  /// The `count`th largest of the lanes of `maxima`.
  Value findKth(ArrayRef<Value> maxima);
  Value findThreshold();
  /// Candidates among `logits`, vectors from column `i` on.
  State collect(Value i, ArrayRef<Value> logits, const Tail *tail,
                const State &state);
  State append(Value i, ArrayRef<Value> logits, Value hits, State state);
  /// Makes of many candidates those that are not below the `count`th largest;
  /// returns how many are left.
  Value thin(Value candidates);
  Value findKthKey(Value candidates);
  /// Ranks the candidates: the `count` first go to `sorted` in order.
  void rank(Value candidates);
  /// Behind the candidates to the end of a vector: nothing is below these.
  void pad(Value candidates);
  State compact(State state);
  /// `counts`, one more in the lanes where `is` holds.
  Value countIn(Value counts, Value is) {
    return math.addInt(
        counts, arith::ExtUIOp::create(k.b, k.loc, counts.getType(), is));
  }

  OperandView buffer(StringRef name, Type element, int64_t size);

  KernelBuilder &k;
  MathBuilder math;
  PassAccess &access;
  unsigned s;
  int64_t count, group, capacity;
  IntegerType integers, i64;
  OperandView keys, columns, sortedKeys, sortedColumns, values;
};
} // namespace

OperandView Selector::buffer(StringRef name, Type element, int64_t size) {
  std::string key = ("select_" + name).str() + std::to_string(size);
  llvm::raw_string_ostream(key) << element;
  OperandView view;
  view.elementType = element;
  view.alongRow = true;
  view.flat = k.stackBuffer(key, element, size);
  return view;
}

Selector::Selector(KernelBuilder &k, PassAccess &access, unsigned s,
                   int64_t count)
    : k(k), math(k.b, k.loc, k.numeric.getFma()), access(access), s(s),
      count(count), group(k.numeric.getGroup()),
      // Those that stay and a few groups: ranking pays for itself.
      capacity(llvm::alignTo(count, group) + 4 * group),
      integers(IntegerType::get(k.op.getContext(), k.computeType.getWidth())),
      i64(IntegerType::get(k.op.getContext(), 64)) {
  keys = buffer("keys", integers, capacity + group);
  columns = buffer("columns", i64, capacity);
  sortedKeys = buffer("sorted_keys", integers, count + 1);
  sortedColumns = buffer("sorted_columns", i64, count + 1);
  values = buffer("values", k.computeType, group);
}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

Value Selector::fold(Value bits) {
  Type type = bits.getType();
  int64_t width = integers.getWidth();
  Value sign =
      arith::ShRSIOp::create(k.b, k.loc, bits, math.integer(type, width - 1));
  Value magnitude = math.andInt(
      sign, math.integer(type, llvm::maxIntN(static_cast<int64_t>(width))));
  return arith::XOrIOp::create(k.b, k.loc, bits, magnitude);
}

Value Selector::keyOf(Value logit) {
  // + 0 makes one zero of two.
  Value sum = math.add(logit, math.constant(logit.getType(), 0.0));
  Value key = fold(math.bits(sum));
  return math.select(
      math.compare(arith::CmpFPredicate::UNO, logit, logit),
      math.integer(key.getType(), llvm::maxIntN(integers.getWidth())), key);
}

//===----------------------------------------------------------------------===//
// The threshold
//===----------------------------------------------------------------------===//

// Every lane counts the others that are larger, which pass by from a buffer
// that holds all of them twice.
Value Selector::findKth(ArrayRef<Value> maxima) {
  int64_t parts = static_cast<int64_t>(maxima.size()) * k.lanes;
  OperandView circle = buffer("circle", k.computeType, 2 * parts);
  for (int64_t at = 0; at < 2 * parts; at += k.lanes)
    k.store(maxima[at % parts / k.lanes], circle, k.index(at));
  VectorType type = k.vectorOf(integers, k.lanes);
  auto loop = scf::ForOp::create(
      k.b, k.loc, k.index(1), k.index(parts), k.index(1),
      SmallVector<Value>(maxima.size(), math.integer(type, 0)),
      [&](OpBuilder &, Location, Value shift, ValueRange larger) {
        SmallVector<Value> sums;
        for (auto [v, value] : llvm::enumerate(maxima)) {
          Value other = k.load(circle, k.add(shift, k.index(v * k.lanes)));
          Value is = math.compare(arith::CmpFPredicate::OGT, other, value);
          sums.push_back(countIn(larger[v], is));
        }
        scf::YieldOp::create(k.b, k.loc, sums);
      });
  Value least;
  for (auto [value, larger] : llvm::zip(maxima, loop.getResults())) {
    Value among = math.compareInt(arith::CmpIPredicate::slt, larger,
                                  math.integer(type, count));
    Value own =
        math.select(among, value,
                    math.constant(value.getType(),
                                  std::numeric_limits<double>::infinity()));
    least =
        least ? math.select(math.compare(arith::CmpFPredicate::OLT, own, least),
                            own, least)
              : own;
  }
  return vector::ReductionOp::create(k.b, k.loc, vector::CombiningKind::MINNUMF,
                                     least, arith::FastMathFlags::nnan);
}

Value Selector::findThreshold() {
  LaneMaxima body(k, access, s);
  emitGroups(k, {&body}, range());
  SmallVector<Value> maxima = body.maxima;
  // Twice as many as k: half as many candidates as k would give.
  int64_t parts = std::min<int64_t>(2 * llvm::PowerOf2Ceil(count), group);
  while (maxima.size() > 1 &&
         static_cast<int64_t>(maxima.size()) * k.lanes > parts) {
    size_t half = maxima.size() / 2;
    for (size_t j = 0; j < half; ++j)
      maxima[j] = combineMax(k, maxima[j + half], maxima[j]);
    maxima.resize(half);
  }
  Value least = count == 1 ? reduceMax(k, maxima[0]) : findKth(maxima);
  // The number before it, for what equals it is a candidate, too.  Around 0
  // one that is no denormal number, which a host may have asked the processor
  // to take for 0; of -inf a NaN, above which everything is.
  Value before = valueOf(math.subInt(keyOf(least), math.integer(integers, 1)));
  double smallest = k.computeType.isF64() ? 0x1p-1022 : 0x1p-126;
  Value tiny = math.constant(k.computeType, smallest);
  return math.select(
      math.compare(arith::CmpFPredicate::OLE, math.abs(least), tiny),
      math.constant(k.computeType, -smallest), before);
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

/// Whether any of `mask`, a vector of i1.
static Value anyOf(KernelBuilder &k, Value mask) {
  return vector::ReductionOp::create(k.b, k.loc, vector::CombiningKind::OR,
                                     mask);
}

Selector::State Selector::append(Value i, ArrayRef<Value> logits, Value hits,
                                 State state) {
  for (auto [v, logit] : llvm::enumerate(logits))
    k.store(logit, values, k.index(v * k.lanes));
  // Room for a whole group.
  Value full = k.lessThan(k.index(capacity - group), state[0]);
  auto room = scf::IfOp::create(
      k.b, k.loc, full,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, compact(state));
      },
      [&](OpBuilder &, Location) { scf::YieldOp::create(k.b, k.loc, state); });
  state.assign(room.getResults().begin(), room.getResults().end());

  auto loop = scf::WhileOp::create(
      k.b, k.loc, TypeRange{i64, k.b.getIndexType()},
      ValueRange{hits, state[0]},
      [&](OpBuilder &, Location, ValueRange args) {
        Value more = math.compareInt(arith::CmpIPredicate::ne, args[0],
                                     math.integer(i64, 0));
        scf::ConditionOp::create(k.b, k.loc, more, args);
      },
      [&](OpBuilder &, Location, ValueRange args) {
        Value first = math::CountTrailingZerosOp::create(k.b, k.loc, args[0]);
        Value lane =
            arith::IndexCastOp::create(k.b, k.loc, k.b.getIndexType(), first);
        k.storeScalar(keyOf(k.loadScalar(values, lane)), keys, args[1]);
        Value column =
            arith::IndexCastOp::create(k.b, k.loc, i64, k.add(i, lane));
        k.storeScalar(column, columns, args[1]);
        Value rest =
            math.andInt(args[0], math.subInt(args[0], math.integer(i64, 1)));
        scf::YieldOp::create(k.b, k.loc,
                             ValueRange{rest, k.add(args[1], k.index(1))});
      });
  return {loop.getResult(1), state[1]};
}

Selector::State Selector::collect(Value i, ArrayRef<Value> logits,
                                  const Tail *tail, const State &state) {
  SmallVector<Value> masks;
  Value any;
  for (Value logit : logits) {
    Value mask = math.compare(arith::CmpFPredicate::UGT, logit,
                              k.broadcast(state[1], k.lanes));
    if (tail)
      mask = math.andInt(mask, tail->mask);
    masks.push_back(mask);
    any = any ? math.orInt(any, mask) : mask;
  }
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, anyOf(k, any),
      [&](OpBuilder &, Location) {
        // A bit per element.
        Value hits;
        for (auto [v, mask] : llvm::enumerate(masks)) {
          Type narrow = IntegerType::get(k.op.getContext(), k.lanes);
          Value bits = vector::BitCastOp::create(
              k.b, k.loc, VectorType::get({1}, narrow), mask);
          bits = vector::ExtractOp::create(k.b, k.loc, bits, 0);
          if (narrow != i64)
            bits = arith::ExtUIOp::create(k.b, k.loc, i64, bits);
          bits = math.shiftLeft(bits, static_cast<int64_t>(v) * k.lanes);
          hits = hits ? math.orInt(hits, bits) : bits;
        }
        scf::YieldOp::create(k.b, k.loc, append(i, logits, hits, state));
      },
      [&](OpBuilder &, Location) { scf::YieldOp::create(k.b, k.loc, state); });
  return State(ifOp.getResults());
}

//===----------------------------------------------------------------------===//
// Ranks
//===----------------------------------------------------------------------===//

void Selector::pad(Value candidates) {
  VectorType type = k.vectorOf(integers, k.lanes);
  k.store(math.integer(type, llvm::minIntN(integers.getWidth())), keys,
          candidates);
}

Value Selector::findKthKey(Value candidates) {
  VectorType type = k.vectorOf(integers, k.lanes);
  int64_t width = integers.getWidth();
  Value top = math.integer(integers, llvm::minIntN(width));
  Value one = math.integer(integers, 1);
  // Unsigned, the lowest key is 0: from the highest bit on, a bit is set if
  // enough keys are as large.
  auto bits = scf::ForOp::create(
      k.b, k.loc, k.index(0), k.index(width), k.index(1),
      ValueRange{math.integer(integers, 0)},
      [&](OpBuilder &, Location, Value step, ValueRange args) {
        Value place = arith::IndexCastOp::create(
            k.b, k.loc, integers, k.sub(k.index(width - 1), step));
        Value bit = arith::ShLIOp::create(k.b, k.loc, one, place);
        Value trial = math.orInt(args[0], bit);
        Value bound =
            k.broadcast(arith::XOrIOp::create(k.b, k.loc, trial, top), k.lanes);
        auto sum = scf::ForOp::create(
            k.b, k.loc, k.index(0), candidates, k.index(k.lanes),
            ValueRange{math.integer(type, 0)},
            [&](OpBuilder &, Location, Value j, ValueRange acc) {
              Value is = math.compareInt(arith::CmpIPredicate::sge,
                                         k.load(keys, j), bound);
              scf::YieldOp::create(k.b, k.loc, countIn(acc[0], is));
            });
        Value enough = math.compareInt(
            arith::CmpIPredicate::sge,
            vector::ReductionOp::create(k.b, k.loc, vector::CombiningKind::ADD,
                                        sum.getResult(0)),
            math.integer(integers, count));
        scf::YieldOp::create(k.b, k.loc, math.select(enough, trial, args[0]));
      });
  return arith::XOrIOp::create(k.b, k.loc, bits.getResult(0), top);
}

Value Selector::thin(Value candidates) {
  // Where ranking all of them costs less.
  Value few = k.lessThan(candidates, k.index(std::max(2 * count, group)));
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, few,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, candidates);
      },
      [&](OpBuilder &, Location) {
        pad(candidates);
        Value least = findKthKey(candidates);
        auto loop = scf::ForOp::create(
            k.b, k.loc, k.index(0), candidates, k.index(1),
            ValueRange{k.index(0)},
            [&](OpBuilder &, Location, Value c, ValueRange kept) {
              Value key = k.loadScalar(keys, c);
              k.storeScalar(key, keys, kept[0]);
              k.storeScalar(k.loadScalar(columns, c), columns, kept[0]);
              Value stays = arith::IndexCastUIOp::create(
                  k.b, k.loc, k.b.getIndexType(),
                  math.compareInt(arith::CmpIPredicate::sge, key, least));
              scf::YieldOp::create(k.b, k.loc, k.add(kept[0], stays));
            });
        scf::YieldOp::create(k.b, k.loc, loop.getResult(0));
      });
  return ifOp.getResult(0);
}

void Selector::rank(Value candidates) {
  candidates = thin(candidates);
  pad(candidates);
  VectorType type = k.vectorOf(integers, k.lanes);
  Value missing = keyOf(
      math.constant(k.computeType, -std::numeric_limits<double>::infinity()));
  scf::ForOp::create(k.b, k.loc, k.index(0), k.index(count), k.index(1),
                     ValueRange{},
                     [&](OpBuilder &, Location, Value j, ValueRange) {
                       k.storeScalar(missing, sortedKeys, j);
                       k.storeScalar(math.integer(i64, -1), sortedColumns, j);
                       scf::YieldOp::create(k.b, k.loc);
                     });
  Value step = vector::StepOp::create(k.b, k.loc,
                                      k.vectorOf(k.b.getIndexType(), k.lanes));
  step = arith::IndexCastOp::create(k.b, k.loc, type, step);
  auto narrow = [&](Value i) -> Value {
    return k.broadcast(arith::IndexCastOp::create(k.b, k.loc, integers, i),
                       k.lanes);
  };
  scf::ForOp::create(
      k.b, k.loc, k.index(0), candidates, k.index(1), ValueRange{},
      [&](OpBuilder &, Location, Value c, ValueRange) {
        Value key = k.loadScalar(keys, c);
        Value keyLanes = k.broadcast(key, k.lanes), position = narrow(c);
        auto sum = scf::ForOp::create(
            k.b, k.loc, k.index(0), candidates, k.index(k.lanes),
            ValueRange{math.integer(type, 0)},
            [&](OpBuilder &, Location, Value j, ValueRange acc) {
              Value others = k.load(keys, j);
              Value larger =
                  math.compareInt(arith::CmpIPredicate::sgt, others, keyLanes);
              Value equal =
                  math.compareInt(arith::CmpIPredicate::eq, others, keyLanes);
              // Candidates stand in the order of their columns.
              Value earlier =
                  math.compareInt(arith::CmpIPredicate::slt,
                                  math.addInt(step, narrow(j)), position);
              Value before = math.orInt(larger, math.andInt(equal, earlier));
              scf::YieldOp::create(k.b, k.loc, countIn(acc[0], before));
            });
        Value place = vector::ReductionOp::create(
            k.b, k.loc, vector::CombiningKind::ADD, sum.getResult(0));
        place = k.min(
            arith::IndexCastOp::create(k.b, k.loc, k.b.getIndexType(), place),
            k.index(count));
        k.storeScalar(key, sortedKeys, place);
        k.storeScalar(k.loadScalar(columns, c), sortedColumns, place);
        scf::YieldOp::create(k.b, k.loc);
      });
}

Selector::State Selector::compact(State state) {
  rank(state[0]);
  // Those in order of rank are in order of column where they are equal.
  scf::ForOp::create(
      k.b, k.loc, k.index(0), k.index(count), k.index(1), ValueRange{},
      [&](OpBuilder &, Location, Value j, ValueRange) {
        k.storeScalar(k.loadScalar(sortedKeys, j), keys, j);
        k.storeScalar(k.loadScalar(sortedColumns, j), columns, j);
        scf::YieldOp::create(k.b, k.loc);
      });
  Value last = k.loadScalar(sortedKeys, k.index(count - 1));
  return {k.index(count), valueOf(last)};
}

//===----------------------------------------------------------------------===//
// The sweeps
//===----------------------------------------------------------------------===//

SmallVector<Value> Selector::emit() {
  State state = {k.index(0), findThreshold()};
  auto logitsAt = [&](Value i, const Tail *tail) {
    return k.broadcast(access.logits(access.load(i, tail), i, tail)[s],
                       k.lanes);
  };
  Value whole = k.sub(k.columns, k.rem(k.columns, k.index(group)));
  auto groups = scf::ForOp::create(
      k.b, k.loc, k.index(0), whole, k.index(group), state,
      [&](OpBuilder &, Location, Value i, ValueRange args) {
        SmallVector<Value> logits;
        for (int64_t at = 0; at < group; at += k.lanes)
          logits.push_back(logitsAt(k.add(i, k.index(at)), nullptr));
        scf::YieldOp::create(k.b, k.loc,
                             collect(i, logits, nullptr, State(args)));
      });
  auto rest = scf::ForOp::create(
      k.b, k.loc, whole, k.columns, k.index(k.lanes), groups.getResults(),
      [&](OpBuilder &, Location, Value i, ValueRange args) {
        Tail tail = k.tail(k.min(k.sub(k.columns, i), k.index(k.lanes)));
        scf::YieldOp::create(
            k.b, k.loc, collect(i, {logitsAt(i, &tail)}, &tail, State(args)));
      });
  rank(rest.getResult(0));

  auto whole1D = [&](const OperandView &view) -> Value {
    return vector::LoadOp::create(k.b, k.loc,
                                  VectorType::get({count}, view.elementType),
                                  view.flat, ValueRange{k.index(0)});
  };
  return {valueOf(whole1D(sortedKeys)), whole1D(sortedColumns)};
}

SmallVector<Value> mlir::softmax::emitSelection(KernelBuilder &k,
                                                PassAccess &access, unsigned s,
                                                int64_t count) {
  return Selector(k, access, s, count).emit();
}
