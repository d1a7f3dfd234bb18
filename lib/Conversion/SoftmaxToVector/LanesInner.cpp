// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// lanes_inner: the last iteration dimension is parallel and contiguous, so
// each lane computes a row of its own, walking along the softmax dimensions.
//
// Order of a lane's sum: groups of four elements, folded in the compute type
// at distances 2, 1 and added in f64; what is left over is added one by one.

#include "ResultBody.h"
#include "RowProgram.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
constexpr int64_t elementsPerGroup = 4;

/// A panel of `k.lanes` rows, from coordinate `inner` of the last dimension
/// on (or more, where vectors are of any length).  A panel is one vector, as
/// wide as the schedule asks: LLVM splits it into registers.
class PanelRunner : public RowRunner {
public:
  PanelRunner(KernelBuilder &k, const RowNeeds &needs, ArrayRef<Value> outer,
              Value inner, const Tail *tail, std::optional<Stage> stage,
              Staging staging)
      : k(k), needs(needs), outer(outer), inner(inner), tail(tail),
        stage(std::move(stage)), staging(staging),
        innerDim(k.op.getIterationRank() - 1) {
    rowAt = coordinates(nullptr);
  }

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows,
                                ElementRange range) override;
  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    ElementRange range) override;
  Value rowInput(unsigned i) override { return load(k.inputs[i], rowAt); }
  Value rowCoordinate(int64_t dim) override { return coordinate(dim, rowAt); }
  void storeRow(unsigned i, Value value) override {
    k.store(k.broadcast(value, k.lanes), k.inits[i],
            k.offset(k.inits[i], rowAt), tail);
  }
  int64_t rowLanes() const override { return k.lanes; }

private:
  using State = SmallVector<SmallVector<Value>>;

  /// Coordinates of element `i` of the panel's rows; of the rows if null.
  SmallVector<Value> coordinates(Value i);
  /// `view` at `coordinates`: a vector along the inner dimension, or a scalar
  /// where it does not depend on it.
  Value load(const OperandView &view, ArrayRef<Value> coordinates);
  SmallVector<Value> logits(Value i);
  Value coordinate(int64_t dim, ArrayRef<Value> at);
  State identity(unsigned pass, ArrayRef<unsigned> active);
  SmallVector<LiftedValue> lifted(unsigned pass, ArrayRef<unsigned> active,
                                  ArrayRef<RowValues> rows, Value i);
  Value scratchOffset(Value i) { return k.mul(i, k.vectorLength(k.lanes)); }
  /// Scratch keeps the logits between the passes of a lone statistic.
  bool keepsLogits() { return stage && k.statistics.size() == 1; }

  KernelBuilder &k;
  const RowNeeds &needs;
  ArrayRef<Value> outer;
  Value inner;
  const Tail *tail;
  /// In scratch: element i of the panel's rows at i * lanes.
  std::optional<Stage> stage;
  Staging staging;
  int64_t innerDim;
  SmallVector<Value> rowAt;
};
} // namespace

SmallVector<Value> PanelRunner::coordinates(Value i) {
  SmallVector<Value> at(outer);
  at[innerDim] = inner;
  if (i)
    for (auto [dim, value] : llvm::zip(k.reduced, k.delinearize(i, k.reduced)))
      at[dim] = value;
  return at;
}

Value PanelRunner::load(const OperandView &view, ArrayRef<Value> at) {
  if (view.scalar)
    return view.scalar;
  Value offset = k.offset(view, at);
  if (view.strides[innerDim])
    return k.load(view, offset, tail);
  return k.loadScalar(view, offset);
}

Value PanelRunner::coordinate(int64_t dim, ArrayRef<Value> at) {
  if (dim != innerDim)
    return at[dim];
  VectorType type = k.vectorOf(k.b.getIndexType(), k.lanes);
  Value step = vector::StepOp::create(k.b, k.loc, type);
  return arith::AddIOp::create(k.b, k.loc, step, k.broadcast(at[dim], k.lanes));
}

SmallVector<Value> PanelRunner::logits(Value i) {
  SmallVector<Value> at = coordinates(i);
  SmallVector<Value> elements = llvm::map_to_vector(
      k.inputs, [&](const OperandView &view) { return load(view, at); });
  return llvm::map_to_vector(
      k.inlineRegion(k.op.getLogit(), elements, k.lanes,
                     [&](int64_t dim) { return coordinate(dim, at); }),
      [&](Value logit) { return k.broadcast(logit, k.lanes); });
}

PanelRunner::State PanelRunner::identity(unsigned pass,
                                         ArrayRef<unsigned> active) {
  RowSum sum(k);
  State state;
  for (unsigned s : active) {
    if (k.statistics[s].getCombiner(pass) == Combiner::Max) {
      state.push_back({k.negativeInfinity(k.vectorOf(k.computeType, k.lanes))});
      continue;
    }
    WideParts parts = sum.identity(k.lanes);
    state.emplace_back(parts.begin(), parts.end());
  }
  return state;
}

SmallVector<LiftedValue> PanelRunner::lifted(unsigned pass,
                                             ArrayRef<unsigned> active,
                                             ArrayRef<RowValues> rows,
                                             Value i) {
  // Scratch holds the logits after pass 0, then what the main pass lifted.
  SmallVector<Value> values;
  bool kept =
      keepsLogits() && pass > 0 && pass <= k.statistics[0].getLiftedPass();
  if (kept)
    values = {k.load(stage->view, scratchOffset(i))};
  else
    values = logits(i);

  StatisticBuilder builder = k.statistic();
  SmallVector<LiftedValue> result;
  for (unsigned s : active) {
    if (keepsLogits() && pass == 0 && k.statistics[0].getLiftedPass() > 0)
      k.store(values[s], stage->view, scratchOffset(i));
    LiftedValue value =
        k.statistics[s].buildLift(builder, pass, values[s], rows[s]);
    if (needs.staged == s && pass == k.statistics[s].getLiftedPass()) {
      if (stage)
        stage->store(k, value, scratchOffset(i), nullptr);
      else if (staging == Staging::Output)
        k.store(value.value, k.inits[0], k.offset(k.inits[0], coordinates(i)),
                tail);
    }
    result.push_back(value);
  }
  return result;
}

SmallVector<WideValue> PanelRunner::reduce(unsigned pass,
                                           ArrayRef<unsigned> active,
                                           ArrayRef<RowValues> rows,
                                           ElementRange range) {
  RowSum sum(k);
  State start = identity(pass, active);
  auto flatten = [](const State &state) {
    SmallVector<Value> values;
    for (const SmallVector<Value> &part : state)
      llvm::append_range(values, part);
    return values;
  };
  auto isMax = [&](unsigned a) {
    return k.statistics[active[a]].getCombiner(pass) == Combiner::Max;
  };
  auto addf = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(k.b, k.loc, x, y);
  };
  auto loop = [&](Value begin, Value end, int64_t step, ValueRange init) {
    auto forOp = scf::ForOp::create(
        k.b, k.loc, begin, end, k.index(step), init,
        [&](OpBuilder &, Location, Value i, ValueRange args) {
          SmallVector<SmallVector<LiftedValue>> group;
          for (int64_t e = 0; e < step; ++e)
            group.push_back(lifted(pass, active, rows, k.add(i, k.index(e))));
          SmallVector<Value> next;
          unsigned position = 0;
          for (unsigned a = 0; a < active.size(); ++a) {
            if (isMax(a)) {
              Value acc = args[position++];
              for (const SmallVector<LiftedValue> &values : group)
                acc = combineMax(k, values[a].value, acc);
              next.push_back(acc);
              continue;
            }
            // The tree over four elements; in f64 where they have low parts.
            bool pairs = group[0][a].low != nullptr;
            auto value = [&](int64_t e) {
              return pairs ? sum.widen(group[e][a].value) : group[e][a].value;
            };
            auto tree = [&](function_ref<Value(int64_t)> at) {
              return step == elementsPerGroup
                         ? addf(addf(at(0), at(2)), addf(at(1), at(3)))
                         : at(0);
            };
            Value total = tree(value);
            if (pairs)
              total = addf(total, sum.widen(tree([&](int64_t e) {
                             return group[e][a].low;
                           })));
            WideParts parts(args.begin() + position,
                            args.begin() + position + sum.parts());
            position += sum.parts();
            llvm::append_range(next, sum.addNarrow(parts, total));
          }
          scf::YieldOp::create(k.b, k.loc, next);
        });
    return forOp.getResults();
  };
  Value whole =
      k.sub(range.end, k.rem(range.end, k.index(elementsPerGroup)));
  ValueRange values = loop(range.begin, whole, elementsPerGroup, flatten(start));
  values = loop(whole, range.end, 1, values);

  SmallVector<WideValue> results;
  unsigned position = 0;
  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a)) {
      results.push_back({values[position++], Value()});
      continue;
    }
    WideParts parts(values.begin() + position,
                    values.begin() + position + sum.parts());
    position += sum.parts();
    results.push_back(sum.finish(parts));
  }
  return results;
}

void PanelRunner::writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                               ElementRange range) {
  bool inOutput = needs.staged && !stage && staging == Staging::Output;
  bool inScratch = needs.staged && stage.has_value();
  bool needsLogits =
      needs.resultUsesLogits || (needs.staged && !inOutput && !inScratch);
  scf::ForOp::create(
      k.b, k.loc, range.begin, range.end, k.index(1), ValueRange{},
      [&](OpBuilder &, Location, Value i, ValueRange) {
        SmallVector<Value> at = coordinates(i);
        SmallVector<Value> elements;
        for (auto [j, view] : llvm::enumerate(k.inputs)) {
          bool used = !k.op.getResult().getArgument(j).use_empty();
          elements.push_back(used ? load(view, at) : k.zero(view.elementType));
        }
        SmallVector<Value> elementLogits(k.statistics.size());
        if (needsLogits)
          elementLogits = logits(i);
        LiftedValue staged;
        if (inScratch)
          staged = stage->load(k, scratchOffset(i), nullptr);
        else if (inOutput)
          staged.value = k.load(k.inits[0], k.offset(k.inits[0], at), tail);
        SmallVector<Value> results = buildResults(
            k, needs, elements, elementLogits, staged, rows, handedOn, k.lanes,
            [&](int64_t dim) { return coordinate(dim, at); });
        for (auto [o, result] : llvm::enumerate(results))
          k.store(result, k.inits[o], k.offset(k.inits[o], at), tail);
        scf::YieldOp::create(k.b, k.loc);
      });
}

void mlir::softmax::emitLanesInner(KernelBuilder &k, const RowNeeds &needs,
                                   AlternativeAttr alternative) {
  int64_t panelLanes = alternative.getVectors() * alternative.getLanes();
  Staging staging = alternative.getStaging();
  std::optional<Stage> stage;
  if (staging == Staging::Scratch) {
    Value elements = k.atMostColumns(alternative.getMaxColumns());
    {
      OpBuilder::InsertionGuard guard(k.b);
      k.toPrologue();
      elements = k.mul(elements, k.vectorLength(panelLanes));
    }
    stage = allocateStage(k, needs, elements);
  }

  int64_t innerDim = k.op.getIterationRank() - 1;
  SmallVector<int64_t> outerDims(k.parallel);
  outerDims.pop_back();
  Value width = k.sizes[innerDim];
  // Rows are numbered outer * width + inner; an empty range may have width 0.
  Value safeWidth = k.max(width, k.index(1));
  Value firstOuter = k.div(k.rowBegin, safeWidth);
  Value endOuter =
      k.div(k.add(k.rowEnd, k.sub(safeWidth, k.index(1))), safeWidth);

  scf::ForOp::create(
      k.b, k.loc, firstOuter, endOuter, k.index(1), ValueRange{},
      [&](OpBuilder &, Location, Value o, ValueRange) {
        SmallVector<Value> outer(k.op.getIterationRank());
        for (auto [dim, value] :
             llvm::zip(outerDims, k.delinearize(o, outerDims)))
          outer[dim] = value;
        Value start = k.mul(o, width);
        Value begin = k.max(k.sub(k.rowBegin, start), k.index(0));
        Value end = k.min(k.sub(k.rowEnd, start), width);
        auto panels = [&](Value from, int64_t lanes) {
          k.lanes = lanes;
          Value step = k.vectorLength(lanes);
          Value to =
              k.sub(end, k.rem(k.max(k.sub(end, from), k.index(0)), step));
          scf::ForOp::create(k.b, k.loc, from, to, step, ValueRange{},
                             [&](OpBuilder &, Location, Value j, ValueRange) {
                               PanelRunner panel(k, needs, outer, j, nullptr,
                                                 stage, staging);
                               emitRowProgram(k, needs, panel);
                               scf::YieldOp::create(k.b, k.loc);
                             });
          return to;
        };
        Value from = panels(begin, panelLanes);
        if (panelLanes > alternative.getLanes())
          from = panels(from, alternative.getLanes());
        scf::IfOp::create(
            k.b, k.loc, k.lessThan(from, end), [&](OpBuilder &, Location) {
              Tail tail = k.tail(k.sub(end, from));
              PanelRunner panel(k, needs, outer, from, &tail, stage, staging);
              emitRowProgram(k, needs, panel);
              scf::YieldOp::create(k.b, k.loc);
            });
        scf::YieldOp::create(k.b, k.loc);
      });
}
