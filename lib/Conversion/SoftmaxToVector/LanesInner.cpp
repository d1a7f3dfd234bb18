// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// lanes_inner: the last iteration dimension is parallel and contiguous, so
// each lane computes a row of its own, walking along the softmax dimensions.

#include "Panel.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class PanelRunner : public RowRunner {
public:
  PanelRunner(KernelBuilder &k, const RowNeeds &needs, Panel &panel,
              const std::optional<Stage> &stage, Staging staging)
      : k(k), needs(needs), panel(panel), stage(stage), staging(staging) {}

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows,
                                ElementRange range) override;
  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    ElementRange range) override;
  Value rowInput(unsigned i) override { return panel.rowInput(i); }
  Value rowCoordinate(int64_t dim) override { return panel.rowCoordinate(dim); }
  void storeRow(unsigned i, Value value) override { panel.storeRow(i, value); }
  int64_t rowLanes() const override { return k.lanes; }

private:
  SmallVector<LiftedValue> lifted(unsigned pass, ArrayRef<unsigned> active,
                                  ArrayRef<RowValues> rows, Value i);
  Value scratchOffset(Value i) { return k.mul(i, k.vectorLength(k.lanes)); }
  /// Scratch keeps the logits between the passes of a lone statistic.
  bool keepsLogits() { return stage && k.statistics.size() == 1; }

  KernelBuilder &k;
  const RowNeeds &needs;
  Panel &panel;
  /// In scratch: element i of the panel's rows at i * lanes.
  const std::optional<Stage> &stage;
  Staging staging;
};
} // namespace

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
    values = panel.logits(i);

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
        panel.store(value.value, k.inits[0], panel.coordinates(i));
    }
    result.push_back(value);
  }
  return result;
}

SmallVector<WideValue> PanelRunner::reduce(unsigned pass,
                                           ArrayRef<unsigned> active,
                                           ArrayRef<RowValues> rows,
                                           ElementRange range) {
  PanelReduction reduction(k, pass, active);
  auto loop = [&](Value begin, Value end, int64_t step, ValueRange init) {
    auto forOp = scf::ForOp::create(
        k.b, k.loc, begin, end, k.index(step), init,
        [&](OpBuilder &, Location, Value i, ValueRange args) {
          SmallVector<SmallVector<LiftedValue>> group;
          for (int64_t e = 0; e < step; ++e)
            group.push_back(lifted(pass, active, rows, k.add(i, k.index(e))));
          scf::YieldOp::create(k.b, k.loc, reduction.add(group, args));
        });
    return forOp.getResults();
  };
  Value whole = k.sub(range.end, k.rem(range.end, k.index(panelGroup)));
  ValueRange values = loop(range.begin, whole, panelGroup, reduction.start());
  return reduction.finish(loop(whole, range.end, 1, values));
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
        SmallVector<Value> at = panel.coordinates(i);
        SmallVector<Value> logits(k.statistics.size());
        if (needsLogits)
          logits = panel.logits(i);
        LiftedValue staged;
        if (inScratch)
          staged = stage->load(k, scratchOffset(i), nullptr);
        else if (inOutput)
          staged.value = panel.load(k.inits[0], at);
        SmallVector<Value> results =
            panel.results(needs, i, logits, staged, rows, handedOn);
        for (auto [o, result] : llvm::enumerate(results))
          panel.store(result, k.inits[o], at);
        scf::YieldOp::create(k.b, k.loc);
      });
}

void mlir::softmax::emitPanels(KernelBuilder &k, const RowNeeds &needs,
                               ArrayRef<Value> outer, Value from, Value end,
                               ArrayRef<int64_t> widths,
                               const std::optional<Stage> &stage,
                               Staging staging) {
  auto run = [&](Value inner, const Tail *tail) {
    Panel panel(k, outer, inner, tail);
    PanelRunner runner(k, needs, panel, stage, staging);
    emitRowProgram(k, needs, runner);
  };
  for (int64_t width : widths) {
    k.lanes = width;
    Value left = k.max(k.sub(end, from), k.index(0));
    Value step = k.vectorLength(width);
    Value to = k.add(from, k.sub(left, k.rem(left, step)));
    scf::ForOp::create(k.b, k.loc, from, to, step, ValueRange{},
                       [&](OpBuilder &, Location, Value j, ValueRange) {
                         run(j, nullptr);
                         scf::YieldOp::create(k.b, k.loc);
                       });
    from = to;
  }
  scf::IfOp::create(k.b, k.loc, k.lessThan(from, end),
                    [&](OpBuilder &, Location) {
                      Tail tail = k.tail(k.sub(end, from));
                      run(from, &tail);
                      scf::YieldOp::create(k.b, k.loc);
                    });
}

void mlir::softmax::emitLanesInner(KernelBuilder &k, const RowNeeds &needs,
                                   AlternativeAttr alternative) {
  int64_t panelLanes = alternative.getVectors() * alternative.getLanes();
  Staging staging = alternative.getStaging();
  std::optional<Stage> stage;
  if (staging == Staging::Scratch)
    stage = allocateStage(
        k, needs, k.atMostColumns(alternative.getMaxColumns(), panelLanes));
  SmallVector<int64_t> widths = {panelLanes};
  if (panelLanes > alternative.getLanes())
    widths.push_back(alternative.getLanes());
  forEachOuter(k, [&](ArrayRef<Value> outer, Value begin, Value end) {
    emitPanels(k, needs, outer, begin, end, widths, stage, staging);
  });
}
