// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowSweep.h"
#include "RowSum.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Math/MathBuilder.h"

using namespace mlir;
using namespace mlir::softmax;

Value mlir::softmax::reduceMax(KernelBuilder &k, Value vector) {
  return vector::ReductionOp::create(k.b, k.loc, vector::CombiningKind::MAXNUMF,
                                     vector, arith::FastMathFlags::nnan);
}

Value mlir::softmax::combineMax(KernelBuilder &k, Value value, Value acc) {
  MathBuilder math(k.b, k.loc, k.numeric.getFma());
  return math.maxIgnoringNaN(value, acc);
}

namespace {
/// The state of a sweep: per active statistic the vectors of a maximum, or a
/// sum that is wide.
class Sweep {
public:
  Sweep(KernelBuilder &k, unsigned pass, ArrayRef<unsigned> active,
        ArrayRef<RowValues> rows, LogitSource source, LiftedSink sink,
        GroupHook hook)
      : k(k), sum(k), pass(pass), active(active), rows(rows), source(source),
        sink(sink), hook(hook) {
    vectorsPerGroup = k.numeric.getGroup() / k.lanes;
    // A maximum takes few cycles: four in flight hide them.
    numMaxima = std::min<int64_t>(vectorsPerGroup, 4);
  }

  SmallVector<WideValue> run();

private:
  using State = SmallVector<SmallVector<Value>>;

  bool isMax(unsigned a) {
    return k.statistics[active[a]].getCombiner(pass) == Combiner::Max;
  }
  /// A maximum's vectors; a sum's scalars (lanes = 0) or lanes.
  State identity(int64_t sumLanes);
  SmallVector<Value> lifted(Value i, const Tail *tail,
                            ArrayRef<RowValues> values);
  /// Adds [begin, end), whole groups, to lanes.
  State groups(Value begin, Value end, State state);
  State groupLoop(Value begin, Value end, State state,
                  ArrayRef<RowValues> values);
  /// Node `v` of the level of `count` nodes of the tree over the group at `i`:
  /// per sum what its vectors v, v + count, v + 2 count ... add up to.  A node
  /// is built as soon as what it adds is there, so that few values wait in
  /// registers.  Maxima are combined on the way.
  SmallVector<Value> tree(Value i, int64_t v, int64_t count, State &maxima,
                          ArrayRef<RowValues> values);
  void findCommonCase();
  State blocks(Value end, State state);
  State lastGroup(Value begin, State state);
  State loop(Value begin, Value end, int64_t step, State state,
             function_ref<State(Value, State)> body);
  SmallVector<Value> flatten(const State &state);
  State unflatten(ValueRange values, const State &like);

  KernelBuilder &k;
  RowSum sum;
  unsigned pass;
  ArrayRef<unsigned> active;
  ArrayRef<RowValues> rows;
  /// What serves instead of `rows` where `isCommon` (i1, or null) holds.
  SmallVector<RowValues> common;
  Value isCommon;
  LogitSource source;
  LiftedSink sink;
  GroupHook hook;
  int64_t vectorsPerGroup;
  int64_t numMaxima;
};
} // namespace

SmallVector<Value> Sweep::flatten(const State &state) {
  SmallVector<Value> values;
  for (const SmallVector<Value> &part : state)
    llvm::append_range(values, part);
  return values;
}

Sweep::State Sweep::unflatten(ValueRange values, const State &like) {
  State state;
  unsigned next = 0;
  for (const SmallVector<Value> &part : like) {
    ValueRange range = values.slice(next, part.size());
    state.emplace_back(range.begin(), range.end());
    next += part.size();
  }
  return state;
}

Sweep::State Sweep::identity(int64_t sumLanes) {
  State state;
  VectorType type = k.vectorOf(k.computeType, k.lanes);
  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a)) {
      state.emplace_back(numMaxima, k.negativeInfinity(type));
      continue;
    }
    WideParts parts = sum.identity(sumLanes);
    state.emplace_back(parts.begin(), parts.end());
  }
  return state;
}

Sweep::State Sweep::loop(Value begin, Value end, int64_t step, State state,
                         function_ref<State(Value, State)> body) {
  auto forOp =
      scf::ForOp::create(k.b, k.loc, begin, end, k.index(step), flatten(state),
                         [&](OpBuilder &, Location, Value i, ValueRange args) {
                           State next = body(i, unflatten(args, state));
                           scf::YieldOp::create(k.b, k.loc, flatten(next));
                         });
  return unflatten(forOp.getResults(), state);
}

SmallVector<Value> Sweep::lifted(Value i, const Tail *tail,
                                 ArrayRef<RowValues> rowValues) {
  SmallVector<Value> logits = source(i, tail);
  SmallVector<Value> values;
  StatisticBuilder builder = k.statistic();
  for (unsigned a = 0; a < active.size(); ++a) {
    unsigned s = active[a];
    Value logit = k.broadcast(logits[s], k.lanes);
    values.push_back(
        k.statistics[s].buildLift(builder, pass, logit, rowValues[s]));
  }
  if (sink)
    sink(i, tail, values);
  if (!tail)
    return values;
  for (unsigned a = 0; a < active.size(); ++a) {
    Type type = values[a].getType();
    Value nothing = isMax(a) ? k.negativeInfinity(type) : k.noSum(type);
    values[a] =
        arith::SelectOp::create(k.b, k.loc, tail->mask, values[a], nothing);
  }
  return values;
}

Sweep::State Sweep::groups(Value begin, Value end, State state) {
  if (!isCommon)
    return groupLoop(begin, end, state, rows);
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, isCommon,
      [&](OpBuilder &, Location) {
        State lanes = groupLoop(begin, end, state, common);
        scf::YieldOp::create(k.b, k.loc, flatten(lanes));
      },
      [&](OpBuilder &, Location) {
        State lanes = groupLoop(begin, end, state, rows);
        scf::YieldOp::create(k.b, k.loc, flatten(lanes));
      });
  return unflatten(ifOp.getResults(), state);
}

SmallVector<Value> Sweep::tree(Value i, int64_t v, int64_t count, State &maxima,
                               ArrayRef<RowValues> values) {
  if (count == vectorsPerGroup) {
    SmallVector<Value> vectors =
        lifted(k.add(i, k.index(v * k.lanes)), nullptr, values);
    for (unsigned a = 0; a < active.size(); ++a) {
      if (!isMax(a))
        continue;
      Value &acc = maxima[a][v % numMaxima];
      acc = combineMax(k, vectors[a], acc);
    }
    return vectors;
  }
  SmallVector<Value> low = tree(i, v, 2 * count, maxima, values);
  SmallVector<Value> high = tree(i, v + count, 2 * count, maxima, values);
  for (unsigned a = 0; a < active.size(); ++a)
    if (!isMax(a))
      low[a] = arith::AddFOp::create(k.b, k.loc, low[a], high[a]);
  return low;
}

Sweep::State Sweep::groupLoop(Value begin, Value end, State state,
                              ArrayRef<RowValues> values) {
  return loop(
      begin, end, k.numeric.getGroup(), state, [&](Value i, State lanes) {
        if (hook)
          hook(i);
        SmallVector<SmallVector<Value>> roots(active.size());
        int64_t numRoots = std::max<int64_t>(RowSum::numPartials / k.lanes, 1);
        for (int64_t root = 0; root < numRoots; ++root) {
          SmallVector<Value> sums = tree(i, root, numRoots, lanes, values);
          for (unsigned a = 0; a < active.size(); ++a)
            roots[a].push_back(sums[a]);
        }
        for (unsigned a = 0; a < active.size(); ++a) {
          if (isMax(a))
            continue;
          WideParts parts(lanes[a].begin(), lanes[a].end());
          parts = sum.addNarrow(parts, sum.foldGroup(roots[a]));
          lanes[a].assign(parts.begin(), parts.end());
        }
        return lanes;
      });
}

Sweep::State Sweep::blocks(Value end, State state) {
  return loop(k.index(0), end, k.numeric.getBlock(), state,
              [&](Value begin, State totals) {
                Value blockEnd =
                    k.min(k.add(begin, k.index(k.numeric.getBlock())), end);
                State start = identity(RowSum::numPartials);
                for (unsigned a = 0; a < active.size(); ++a)
                  if (isMax(a))
                    start[a] = totals[a];
                State lanes = groups(begin, blockEnd, start);
                for (unsigned a = 0; a < active.size(); ++a) {
                  if (isMax(a)) {
                    totals[a] = lanes[a];
                    continue;
                  }
                  WideParts folded = sum.foldLanes(
                      WideParts(lanes[a].begin(), lanes[a].end()));
                  folded = sum.addWide(
                      WideParts(totals[a].begin(), totals[a].end()), folded);
                  totals[a].assign(folded.begin(), folded.end());
                }
                return totals;
              });
}

Sweep::State Sweep::lastGroup(Value begin, State totals) {
  // The lifted values wait in a buffer that holds -0.0 elsewhere, so that the
  // tree is the same as that of a whole group.
  VectorType type = k.vectorOf(k.computeType, k.lanes);
  SmallVector<Value> buffers(active.size());
  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a))
      continue;
    std::string key = "group" + std::to_string(a);
    buffers[a] = k.stackBuffer(key, k.computeType, k.numeric.getGroup());
    for (int64_t v = 0; v < vectorsPerGroup; ++v)
      vector::StoreOp::create(k.b, k.loc, k.noSum(type), buffers[a],
                              ValueRange{k.index(v * k.lanes)});
  }
  auto put = [&](Value i, const Tail *tail, State state) {
    SmallVector<Value> values = lifted(i, tail, rows);
    for (unsigned a = 0; a < active.size(); ++a) {
      if (isMax(a))
        state[a][0] = combineMax(k, values[a], state[a][0]);
      else
        vector::StoreOp::create(k.b, k.loc, values[a], buffers[a],
                                ValueRange{k.sub(i, begin)});
    }
    return state;
  };
  Value lanes = k.index(k.lanes);
  Value whole = k.sub(k.columns, k.rem(k.columns, lanes));
  State state = loop(begin, whole, k.lanes, totals, [&](Value i, State inner) {
    return put(i, nullptr, inner);
  });
  Value partial = k.lessThan(whole, k.columns);
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, partial,
      [&](OpBuilder &, Location) {
        Tail tail = k.tail(k.sub(k.columns, whole));
        scf::YieldOp::create(k.b, k.loc, flatten(put(whole, &tail, state)));
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, flatten(state));
      });
  state = unflatten(ifOp.getResults(), state);

  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a))
      continue;
    SmallVector<Value> vectors;
    for (int64_t v = 0; v < vectorsPerGroup; ++v)
      vectors.push_back(vector::LoadOp::create(
          k.b, k.loc, type, buffers[a], ValueRange{k.index(v * k.lanes)}));
    WideParts folded = sum.foldLanes(sum.addNarrow(
        sum.identity(RowSum::numPartials), sum.foldGroup(vectors)));
    folded = sum.addWide(WideParts(state[a].begin(), state[a].end()), folded);
    state[a].assign(folded.begin(), folded.end());
  }
  return state;
}

void Sweep::findCommonCase() {
  common.assign(rows.begin(), rows.end());
  StatisticBuilder builder = k.statistic();
  for (unsigned s : active) {
    Value condition =
        k.statistics[s].buildCommonCase(builder, pass, rows[s], common[s]);
    if (condition)
      isCommon = isCommon
                     ? arith::AndIOp::create(k.b, k.loc, isCommon, condition)
                           .getResult()
                     : condition;
  }
}

SmallVector<WideValue> Sweep::run() {
  findCommonCase();
  Value group = k.index(k.numeric.getGroup());
  Value whole = k.sub(k.columns, k.rem(k.columns, group));
  State state = blocks(whole, identity(/*sumLanes=*/0));
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, k.lessThan(whole, k.columns),
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, flatten(lastGroup(whole, state)));
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, flatten(state));
      });
  state = unflatten(ifOp.getResults(), state);

  SmallVector<WideValue> results;
  for (unsigned a = 0; a < active.size(); ++a) {
    if (!isMax(a)) {
      results.push_back(
          sum.finish(WideParts(state[a].begin(), state[a].end())));
      continue;
    }
    Value max = state[a][0];
    for (Value other : ArrayRef<Value>(state[a]).drop_front())
      max = combineMax(k, other, max);
    results.push_back({reduceMax(k, max), Value()});
  }
  return results;
}

SmallVector<WideValue>
mlir::softmax::sweepRow(KernelBuilder &k, unsigned pass,
                        ArrayRef<unsigned> active, ArrayRef<RowValues> rows,
                        LogitSource source, LiftedSink sink, GroupHook hook) {
  return Sweep(k, pass, active, rows, source, sink, hook).run();
}

void mlir::softmax::forEachVector(KernelBuilder &k, int64_t unroll,
                                  function_ref<void(Value, const Tail *)> body,
                                  Value head) {
  Value start = k.index(0);
  if (head) {
    start = k.min(head, k.columns);
    scf::IfOp::create(k.b, k.loc, k.lessThan(k.index(0), start),
                      [&](OpBuilder &, Location) {
                        Tail tail = k.tail(start);
                        body(k.index(0), &tail);
                        scf::YieldOp::create(k.b, k.loc);
                      });
  }
  Value length = k.sub(k.columns, start);
  auto loop = [&](Value begin, int64_t count) {
    int64_t step = count * k.lanes;
    Value end = k.add(start, k.sub(length, k.rem(length, k.index(step))));
    scf::ForOp::create(k.b, k.loc, begin, end, k.index(step), ValueRange{},
                       [&](OpBuilder &, Location, Value i, ValueRange) {
                         for (int64_t v = 0; v < count; ++v)
                           body(k.add(i, k.index(v * k.lanes)), nullptr);
                         scf::YieldOp::create(k.b, k.loc);
                       });
    return end;
  };
  Value done = loop(start, unroll);
  if (unroll > 1)
    done = loop(done, 1);
  scf::IfOp::create(k.b, k.loc, k.lessThan(done, k.columns),
                    [&](OpBuilder &, Location) {
                      Tail tail = k.tail(k.sub(k.columns, done));
                      body(done, &tail);
                      scf::YieldOp::create(k.b, k.loc);
                    });
}
