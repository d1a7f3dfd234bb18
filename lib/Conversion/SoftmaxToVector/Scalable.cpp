// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// scalable: maximum, sum, results over a contiguous row in vectors of a length
// that only the running CPU knows (SVE, RVV).
//
// The order of a sum must not depend on that length.  So what the elements of a
// group contribute waits in a buffer of the group's size, filled in vectors of
// any length, and is added from there in vectors of a fixed one, by the code
// that adds for every other strategy.

#include "ResultBody.h"
#include "RowProgram.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// Vectors are of any length while this lives.
class AnyLength {
public:
  explicit AnyLength(KernelBuilder &k) : k(k) { k.scalable = true; }
  ~AnyLength() { k.scalable = false; }

private:
  KernelBuilder &k;
};
} // namespace

/// Calls `body(v, i, tail, carried)` for every vector of any length of `range`,
/// `unroll` of them (numbered v) in an iteration; the last, incomplete one with
/// a tail.  `body` changes the carried values, whose last state is returned.
static SmallVector<Value> forEachScalable(
    KernelBuilder &k, ElementRange range, int64_t unroll,
    SmallVector<Value> carried,
    function_ref<void(int64_t, Value, const Tail *, SmallVector<Value> &)>
        body) {
  Value length = k.sub(range.end, range.begin);
  Value vector = k.vectorLength(k.lanes);
  auto loop = [&](Value begin, int64_t count) {
    Value step = k.mul(vector, k.index(count));
    Value end = k.sub(range.end, k.rem(length, step));
    auto forOp = scf::ForOp::create(
        k.b, k.loc, begin, end, step, carried,
        [&](OpBuilder &, Location, Value i, ValueRange args) {
          SmallVector<Value> values(args);
          for (int64_t v = 0; v < count; ++v)
            body(v, k.add(i, k.mul(vector, k.index(v))), nullptr, values);
          scf::YieldOp::create(k.b, k.loc, values);
        });
    carried.assign(forOp.getResults().begin(), forOp.getResults().end());
    return end;
  };
  Value done = loop(range.begin, unroll);
  if (unroll > 1)
    done = loop(done, 1);
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, k.lessThan(done, range.end),
      [&](OpBuilder &, Location) {
        Tail tail = k.tail(k.sub(range.end, done));
        SmallVector<Value> values = carried;
        body(0, done, &tail, values);
        scf::YieldOp::create(k.b, k.loc, values);
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, carried);
      });
  return llvm::to_vector_of<Value>(ifOp.getResults());
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

namespace {
class ScalableSums : public PassBody {
public:
  ScalableSums(KernelBuilder &k, unsigned pass, ArrayRef<unsigned> active,
               ArrayRef<RowValues> rows, PassAccess &access, Value end)
      : PassBody(k, pass, active, rows, access), k(k), end(end) {}

  void beginGroup(Value i) override;
  void load(Value i, const Tail *) override { waiting.push_back(i); }
  SmallVector<Value> compute() override;
  void store() override {}

private:
  OperandView buffer(unsigned j, Type element);

  KernelBuilder &k;
  /// Where the row's elements end; a group may be incomplete.
  Value end;
  Value group;
  /// Where vectors between the steps begin.
  std::deque<Value> waiting;
};
} // namespace

OperandView ScalableSums::buffer(unsigned j, Type element) {
  std::string key = "scalable" + std::to_string(j);
  llvm::raw_string_ostream(key) << element;
  OperandView view;
  view.elementType = element;
  view.flat = k.stackBuffer(key, element, k.numeric.getGroup());
  return view;
}

void ScalableSums::beginGroup(Value i) {
  group = i;
  int64_t size = k.numeric.getGroup();
  Value count = k.min(k.sub(end, i), k.index(size));
  scf::IfOp::create(
      k.b, k.loc, k.lessThan(count, k.index(size)), [&](OpBuilder &, Location) {
        for (auto [j, value] : llvm::enumerate(neutral())) {
          auto type = cast<VectorType>(value.getType());
          for (int64_t at = 0; at < size; at += k.lanes)
            k.store(value, buffer(j, type.getElementType()), k.index(at));
        }
        scf::YieldOp::create(k.b, k.loc);
      });

  // All vectors with a mask: one copy of the code for every length.
  AnyLength scope(k);
  scf::ForOp::create(
      k.b, k.loc, k.index(0), count, k.vectorLength(k.lanes), ValueRange{},
      [&](OpBuilder &, Location, Value at, ValueRange) {
        Tail tail = k.tail(k.sub(count, at));
        Value element = k.add(i, at);
        PassBody::load(element, &tail);
        for (auto [j, value] : llvm::enumerate(PassBody::compute())) {
          Type type = cast<VectorType>(value.getType()).getElementType();
          k.store(value, buffer(j, type), at, &tail);
        }
        PassBody::store();
        scf::YieldOp::create(k.b, k.loc);
      });
}

SmallVector<Value> ScalableSums::compute() {
  Value i = waiting.front();
  waiting.pop_front();
  SmallVector<Value> values;
  for (auto [j, value] : llvm::enumerate(neutral())) {
    Type type = cast<VectorType>(value.getType()).getElementType();
    values.push_back(k.load(buffer(j, type), k.sub(i, group)));
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

namespace {
class ScalableRunner : public SingleRowRunner {
public:
  ScalableRunner(KernelBuilder &k, const RowNeeds &needs,
                 const RowPosition &row, int64_t unroll,
                 const std::optional<Stage> &stage)
      : SingleRowRunner(k, row), needs(needs), unroll(unroll), stage(stage) {}

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows,
                                ElementRange range) override {
    SmallVector<WideValue> like;
    SmallVector<Value> flat = emitWithCommonCase(
        k, pass, active, rows, [&](ArrayRef<RowValues> values) {
          like = reduceAll(pass, active, values, range);
          return flattenWide(like);
        });
    return unflattenWide(flat, like);
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    ElementRange range) override {
    AnyLength anyLength(k);
    ResultBody body(k, needs, row, rows, handedOn, stage ? &*stage : nullptr,
                    /*nontemporal=*/false);
    forEachScalable(k, range, unroll, {},
                    [&](int64_t, Value i, const Tail *tail,
                        SmallVector<Value> &) { body.write(i, tail); });
  }

private:
  bool isMax(unsigned pass, unsigned s) {
    return k.statistics[s].getCombiner(pass) == Combiner::Max;
  }
  SmallVector<WideValue> reduceAll(unsigned pass, ArrayRef<unsigned> active,
                                   ArrayRef<RowValues> rows,
                                   ElementRange range);
  SmallVector<WideValue> reduceSums(unsigned pass, ArrayRef<unsigned> sums,
                                    ArrayRef<RowValues> rows,
                                    ElementRange range);
  SmallVector<WideValue> reduceMaxima(unsigned pass, ArrayRef<unsigned> maxima,
                                      ArrayRef<RowValues> rows,
                                      ElementRange range);

  const RowNeeds &needs;
  int64_t unroll;
  const std::optional<Stage> &stage;
};
} // namespace

SmallVector<WideValue> ScalableRunner::reduceAll(unsigned pass,
                                                 ArrayRef<unsigned> active,
                                                 ArrayRef<RowValues> rows,
                                                 ElementRange range) {
  SmallVector<unsigned> maxima, sums;
  for (unsigned s : active)
    (isMax(pass, s) ? maxima : sums).push_back(s);
  SmallVector<WideValue> largest, totals;
  if (!maxima.empty())
    largest = reduceMaxima(pass, maxima, rows, range);
  if (!sums.empty())
    totals = reduceSums(pass, sums, rows, range);
  SmallVector<WideValue> results;
  for (unsigned s : active)
    results.push_back(isMax(pass, s)
                          ? largest[llvm::find(maxima, s) - maxima.begin()]
                          : totals[llvm::find(sums, s) - sums.begin()]);
  return results;
}

SmallVector<WideValue> ScalableRunner::reduceSums(unsigned pass,
                                                  ArrayRef<unsigned> sums,
                                                  ArrayRef<RowValues> rows,
                                                  ElementRange range) {
  bool stages = stage && isStagedPass(k, needs, pass, sums);
  RowPassAccess access(k, needs, row, sums, stages ? &*stage : nullptr);
  ScalableSums body(k, pass, sums, rows, access, range.end);
  // The buffers hold neutral values beyond the end: every group is whole.
  Value length = k.sub(range.end, range.begin);
  Value group = k.index(k.numeric.getGroup());
  Value groups = k.div(k.add(length, k.index(k.numeric.getGroup() - 1)), group);
  SmallVector<SmallVector<Value>> carried;
  emitWholeGroups(k, {&body},
                  {range.begin, k.add(range.begin, k.mul(groups, group))},
                  carried);
  body.finish(carried[0]);
  return body.results;
}

SmallVector<WideValue> ScalableRunner::reduceMaxima(unsigned pass,
                                                    ArrayRef<unsigned> maxima,
                                                    ArrayRef<RowValues> rows,
                                                    ElementRange range) {
  AnyLength anyLength(k);
  VectorType type = k.vectorOf(k.computeType, k.lanes);
  // Per maximum as many as are in flight.
  SmallVector<Value> start(maxima.size() * unroll, k.negativeInfinity(type));
  RowPassAccess access(k, needs, row, maxima, /*stage=*/nullptr);
  SmallVector<Value> reduced = forEachScalable(
      k, range, unroll, start,
      [&](int64_t v, Value i, const Tail *tail, SmallVector<Value> &carried) {
        SmallVector<Value> logits =
            access.logits(access.load(i, tail), i, tail);
        StatisticBuilder builder = k.statistic();
        for (auto [a, s] : llvm::enumerate(maxima)) {
          Value value = k.statistics[s]
                            .buildLift(builder, pass,
                                       k.broadcast(logits[s], k.lanes), rows[s])
                            .value;
          if (tail)
            value = arith::SelectOp::create(k.b, k.loc, tail->mask, value,
                                            k.negativeInfinity(type));
          Value &largest = carried[a * unroll + v];
          largest = combineMax(k, value, largest);
        }
      });
  SmallVector<WideValue> results;
  for (size_t a = 0; a < maxima.size(); ++a) {
    ArrayRef<Value> own = ArrayRef<Value>(reduced).slice(a * unroll, unroll);
    Value largest = own.front();
    for (Value other : own.drop_front())
      largest = combineMax(k, other, largest);
    results.push_back({reduceMax(k, largest), Value()});
  }
  return results;
}

void mlir::softmax::emitScalable(KernelBuilder &k, const RowNeeds &needs,
                                 AlternativeAttr alternative) {
  // Of a fixed length but where elements are loaded, computed and stored.
  k.scalable = false;
  std::optional<Stage> stage;
  if (alternative.getStaging() == Staging::Scratch)
    stage =
        allocateStage(k, needs, k.atMostColumns(alternative.getMaxColumns()));
  forEachRow(k, [&](const RowPosition &row) {
    std::optional<Stage> own = stage;
    if (needs.staged && alternative.getStaging() == Staging::Output)
      own = Stage{k.inits[0], row.initOffsets[0], std::nullopt};
    ScalableRunner runner(k, needs, row, alternative.getVectors(), own);
    emitRowProgram(k, needs, runner);
  });
}
