// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// panels: lanes_inner for tensors that come from memory.  Panels are pipelined:
// one walk along the softmax dimensions packs the logits of the next panel into
// scratch and takes their maximum, forms and sums the exponentials of this one,
// and writes the results of the one before, past the caches where their
// addresses allow it.  Strided data is so read once and written once, and asked
// for ahead of its use.
//
//   step t:   results of panel t - 1 | sums of t | logits and maxima of t + 1
//
// Two scratch panels: exponentials take the place of their logits, and the
// logits of panel t + 1 that of the exponentials of t - 1.
//
// For one statistic whose results need nothing of an element but its lifted
// value and operands; what does not fill a panel runs as lanes_inner.

#include "Panel.h"
#include "RowBatch.h"
#include "Strategies.h"
#include "Streaming.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
constexpr int64_t lineBytes = 64;

/// What one walk does; null for what it does not.
struct Walk {
  /// Panel whose results are written, with its finished row values.
  Panel *results = nullptr;
  ArrayRef<RowValues> finished;
  ValueRange handedOn;
  /// Whether there is a panel whose exponentials are summed, and its values.
  bool sums = false;
  ArrayRef<RowValues> prepared;
  /// Panel whose logits are packed.
  Panel *early = nullptr;
};

class PipedPanels {
public:
  PipedPanels(KernelBuilder &k, const RowNeeds &needs,
              AlternativeAttr alternative)
      : k(k), needs(needs), lanes(alternative.getLanes()),
        width(lanes * alternative.getVectors()),
        prefetch(alternative.getPrefetch()), lastPass(needs.numPasses - 1),
        stage(*allocateStage(
            k, needs,
            k.atMostColumns(alternative.getMaxColumns(), 2 * width))) {}

  /// The full panels between `begin` and `end`, multiples of the width apart.
  void emit(ArrayRef<Value> outer, Value begin, Value end, bool nontemporal);
  /// Scratch for what runs as lanes_inner.
  const Stage &getStage() const { return stage; }

private:
  /// Runs `walk` over all elements; returns the reductions, flat: of the last
  /// pass where it sums, of the first where it packs.
  std::pair<SmallVector<Value>, SmallVector<Value>>
  emitWalk(const Walk &walk, Value copy, bool nontemporal);
  /// The packed panel's row values, from its maxima.
  SmallVector<RowValues> prepare(ValueRange maxima, Value copy);
  Stage stageAt(Value copy) {
    Stage own = stage;
    own.offset = k.mul(copy, k.mul(k.columns, k.index(width)));
    return own;
  }
  Value at(Value i) { return k.mul(i, k.index(width)); }
  void askFor(Panel &panel, Value i);

  KernelBuilder &k;
  const RowNeeds &needs;
  int64_t lanes, width, prefetch;
  unsigned lastPass;
  Stage stage;
  static constexpr unsigned statistic = 0;
};
} // namespace

void PipedPanels::askFor(Panel &panel, Value i) {
  if (prefetch == 0)
    return;
  Value ahead =
      k.min(k.add(i, k.index(prefetch)), k.sub(k.columns, k.index(1)));
  SmallVector<Value> coordinates = panel.coordinates(ahead);
  for (const OperandView &view : k.inputs) {
    if (!view.alongRow)
      continue;
    Value offset = k.offset(view, coordinates);
    int64_t perLine = std::max<int64_t>(lineBytes / view.elementBytes(), 1);
    for (int64_t j = 0; j < width; j += perLine)
      memref::PrefetchOp::create(k.b, k.loc, view.flat,
                                 ValueRange{k.add(offset, k.index(j))},
                                 /*isWrite=*/false, /*localityHint=*/3,
                                 /*isDataCache=*/true);
  }
}

std::pair<SmallVector<Value>, SmallVector<Value>>
PipedPanels::emitWalk(const Walk &walk, Value copy, bool nontemporal) {
  StatisticAttrInterface s = k.statistics[statistic];
  PanelReduction sums(k, lastPass, {statistic}), maxima(k, 0, {statistic});
  Stage own = stageAt(copy), other = stageAt(k.sub(k.index(1), copy));
  SmallVector<Value> sumsStart, maximaStart;
  if (walk.sums)
    sumsStart = sums.start();
  if (walk.early)
    maximaStart = maxima.start();

  auto loop = [&](Value begin, Value end, int64_t step, ValueRange init) {
    auto forOp = scf::ForOp::create(
        k.b, k.loc, begin, end, k.index(step), init,
        [&](OpBuilder &, Location, Value first, ValueRange args) {
          StatisticBuilder builder = k.statistic();
          SmallVector<SmallVector<LiftedValue>> exponentials, logits;
          for (int64_t e = 0; e < step; ++e) {
            Value i = k.add(first, k.index(e));
            if (walk.results) {
              SmallVector<Value> none(k.statistics.size());
              SmallVector<Value> results = walk.results->results(
                  needs, i, none, other.load(k, at(i), nullptr), walk.finished,
                  walk.handedOn);
              SmallVector<Value> where = walk.results->coordinates(i);
              for (auto [o, result] : llvm::enumerate(results))
                walk.results->store(result, k.inits[o], where, nontemporal);
            }
            if (walk.sums) {
              Value logit = k.load(own.view, k.add(own.offset, at(i)));
              LiftedValue lifted = s.buildLift(builder, lastPass, logit,
                                               walk.prepared[statistic]);
              own.store(k, lifted, at(i), nullptr);
              exponentials.push_back({lifted});
            }
            if (walk.early) {
              askFor(*walk.early, i);
              Value logit = walk.early->logits(i)[statistic];
              k.store(logit, other.view, k.add(other.offset, at(i)));
              logits.push_back({s.buildLift(builder, 0, logit, RowValues())});
            }
          }
          SmallVector<Value> next;
          if (walk.sums) {
            llvm::append_range(
                next,
                sums.add(exponentials, args.take_front(sumsStart.size())));
            args = args.drop_front(sumsStart.size());
          }
          if (walk.early)
            llvm::append_range(next, maxima.add(logits, args));
          scf::YieldOp::create(k.b, k.loc, next);
        });
    return forOp.getResults();
  };
  SmallVector<Value> start = sumsStart;
  llvm::append_range(start, maximaStart);
  Value whole = k.sub(k.columns, k.rem(k.columns, k.index(panelGroup)));
  ValueRange values = loop(k.index(0), whole, panelGroup, start);
  values = loop(whole, k.columns, 1, values);
  return {SmallVector<Value>(values.take_front(sumsStart.size())),
          SmallVector<Value>(values.drop_front(sumsStart.size()))};
}

SmallVector<RowValues> PipedPanels::prepare(ValueRange maxima, Value copy) {
  SmallVector<RowValues> rows(k.statistics.size());
  PanelReduction reduction(k, 0, {statistic});
  prepareRows(k, 0, {statistic}, reduction.finish(maxima), rows);
  Stage own = stageAt(copy);
  for (unsigned pass = 1; pass < lastPass; ++pass)
    emitPass(
        k, needs, pass, rows,
        [&](unsigned p, ArrayRef<unsigned> active, ArrayRef<RowValues> values) {
          PanelReduction between(k, p, active);
          auto forOp = scf::ForOp::create(
              k.b, k.loc, k.index(0), k.columns, k.index(1), between.start(),
              [&](OpBuilder &, Location, Value i, ValueRange args) {
                StatisticBuilder builder = k.statistic();
                Value logit = k.load(own.view, k.add(own.offset, at(i)));
                LiftedValue lifted = k.statistics[statistic].buildLift(
                    builder, p, logit, values[statistic]);
                scf::YieldOp::create(k.b, k.loc, between.add({{lifted}}, args));
              });
          return between.finish(forOp.getResults());
        });
  return rows;
}

void PipedPanels::emit(ArrayRef<Value> outer, Value begin, Value end,
                       bool nontemporal) {
  k.lanes = width;
  Value step = k.index(width), one = k.index(1);
  RowList shape;

  // The first panel's logits, as copy 0: `emitWalk` packs into the other one.
  Panel first(k, outer, begin, nullptr);
  Walk packing;
  packing.early = &first;
  SmallVector<Value> state =
      shape.flatten(prepare(emitWalk(packing, one, false).second, k.index(0)));
  size_t numValues = state.size();
  llvm::append_range(state, SmallVector<Value>(state));
  SmallVector<WideValue> sumsLike;
  {
    Value zero = k.zero(k.vectorOf(k.b.getF64Type(), width));
    sumsLike.push_back({zero, k.computeType.isF64() ? zero : Value()});
  }
  llvm::append_range(state, flattenWide(sumsLike));

  // Carried: row values of this panel, of the one before, and its sums.
  scf::ForOp::create(
      k.b, k.loc, begin, k.add(end, step), step, state,
      [&](OpBuilder &, Location, Value inner, ValueRange args) {
        Value copy = k.rem(k.div(k.sub(inner, begin), step), k.index(2));
        Value other = k.sub(one, copy);
        SmallVector<RowValues> prepared =
            shape.unflatten(args.take_front(numValues));
        SmallVector<RowValues> finished =
            shape.unflatten(args.slice(numValues, numValues));
        prepareRows(k, lastPass, {statistic},
                    unflattenWide(args.drop_front(2 * numValues), sumsLike),
                    finished);
        finishRows(k, finished);
        // There is no panel before the first: its own per-row results are
        // written with nothing in them, and again in the next step.
        Panel before(k, outer, k.max(k.sub(inner, step), begin), nullptr);
        Panel after(k, outer, k.min(k.add(inner, step), k.sub(end, step)),
                    nullptr);
        SmallVector<Value> handedOn = emitRowRegion(k, before, finished);

        Walk writing, summing, packing;
        writing.results = &before;
        writing.finished = finished;
        writing.handedOn = handedOn;
        summing.sums = true;
        summing.prepared = prepared;
        packing.early = &after;
        Walk all = writing;
        all.sums = true;
        all.prepared = prepared;
        all.early = &after;

        Value hasBefore = k.lessThan(begin, inner);
        Value hasThis = k.lessThan(inner, end);
        Value hasAfter = k.lessThan(k.add(inner, step), end);
        Value hasAll = arith::AndIOp::create(k.b, k.loc, hasBefore, hasAfter);
        size_t numSums = 0;
        auto yield = [&](ArrayRef<Value> sums, ArrayRef<Value> maxima) {
          numSums = sums.size();
          SmallVector<Value> values(sums);
          llvm::append_range(values, maxima);
          scf::YieldOp::create(k.b, k.loc, values);
        };
        auto ifOp = scf::IfOp::create(
            k.b, k.loc, hasAll,
            [&](OpBuilder &, Location) {
              auto [sums, maxima] = emitWalk(all, copy, nontemporal);
              yield(sums, maxima);
            },
            [&](OpBuilder &, Location) {
              scf::IfOp::create(k.b, k.loc, hasBefore,
                                [&](OpBuilder &, Location) {
                                  emitWalk(writing, copy, nontemporal);
                                  scf::YieldOp::create(k.b, k.loc);
                                });
              auto maybe = [&](Value condition,
                               function_ref<SmallVector<Value>()> run,
                               SmallVector<Value> nothing) {
                auto inside = scf::IfOp::create(
                    k.b, k.loc, condition,
                    [&](OpBuilder &, Location) {
                      scf::YieldOp::create(k.b, k.loc, run());
                    },
                    [&](OpBuilder &, Location) {
                      scf::YieldOp::create(k.b, k.loc, nothing);
                    });
                return llvm::to_vector_of<Value>(inside.getResults());
              };
              SmallVector<Value> sums = maybe(
                  hasThis, [&] { return emitWalk(summing, copy, false).first; },
                  PanelReduction(k, lastPass, {statistic}).start());
              SmallVector<Value> maxima = maybe(
                  hasAfter,
                  [&] { return emitWalk(packing, copy, false).second; },
                  PanelReduction(k, 0, {statistic}).start());
              yield(sums, maxima);
            });
        SmallVector<Value> sums =
            llvm::to_vector_of<Value>(ifOp.getResults().take_front(numSums));
        SmallVector<Value> next = shape.flatten(
            prepare(ifOp.getResults().drop_front(numSums), other));
        llvm::append_range(next, args.take_front(numValues));
        llvm::append_range(
            next,
            flattenWide(PanelReduction(k, lastPass, {statistic}).finish(sums)));
        scf::YieldOp::create(k.b, k.loc, next);
      });
}

/// Whether aligned vectors of one row of the destination are aligned in all.
static Value buildSameAlignment(KernelBuilder &k) {
  const OperandView &view = k.inits[0];
  int64_t perLine = std::max<int64_t>(lineBytes / view.elementBytes(), 1);
  Value rest = k.index(0);
  for (int64_t dim = 0; dim + 1 < k.op.getIterationRank(); ++dim)
    if (view.strides[dim])
      rest = arith::OrIOp::create(k.b, k.loc, rest,
                                  k.rem(view.strides[dim], k.index(perLine)));
  return k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::eq, rest,
                                         k.index(0));
}

void mlir::softmax::emitPipedPanels(KernelBuilder &k, const RowNeeds &needs,
                                    AlternativeAttr alternative) {
  int64_t lanes = alternative.getLanes();
  int64_t width = lanes * alternative.getVectors();
  bool nontemporal = canStorePastCaches(k, alternative);
  PipedPanels panels(k, needs, alternative);
  std::optional<Stage> stage = panels.getStage();
  Value aligned = nontemporal ? buildSameAlignment(k) : Value();
  forEachOuter(k, [&](ArrayRef<Value> outer, Value begin, Value end) {
    // Narrow panels up to where stores are aligned, and for what is left.
    auto narrow = [&](Value from, Value to) {
      emitPanels(k, needs, outer, from, to, {lanes}, stage, Staging::Scratch);
    };
    Value from = begin;
    if (nontemporal) {
      k.lanes = std::max<int64_t>(lineBytes / k.inits[0].elementBytes(), 1);
      SmallVector<Value> at(outer);
      at[k.op.getIterationRank() - 1] = begin;
      from = k.min(
          k.add(begin, k.misalignment(k.inits[0], k.offset(k.inits[0], at))),
          end);
      narrow(begin, from);
    }
    Value left = k.max(k.sub(end, from), k.index(0));
    Value to = k.add(from, k.sub(left, k.rem(left, k.index(width))));
    scf::IfOp::create(k.b, k.loc, k.lessThan(from, to),
                      [&](OpBuilder &, Location) {
                        if (!nontemporal) {
                          panels.emit(outer, from, to, false);
                        } else {
                          scf::IfOp::create(
                              k.b, k.loc, aligned,
                              [&](OpBuilder &, Location) {
                                panels.emit(outer, from, to, true);
                                scf::YieldOp::create(k.b, k.loc);
                              },
                              [&](OpBuilder &, Location) {
                                panels.emit(outer, from, to, false);
                                scf::YieldOp::create(k.b, k.loc);
                              });
                        }
                        scf::YieldOp::create(k.b, k.loc);
                      });
    narrow(to, end);
  });
  if (nontemporal)
    emitFence(k);
}
