// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// packed: any strides.  The logits of a row are computed element by element
// into a scratch row (one per statistic), reduced there in vectors, and the
// results computed and written element by element.  Order of summation and so
// the statistics' bits are those of contiguous rows.

#include "RowSweep.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class PackedRunner : public SingleRowRunner {
public:
  PackedRunner(KernelBuilder &k, const RowNeeds &needs, const RowPosition &row,
               ArrayRef<OperandView> scratch)
      : SingleRowRunner(k, needs, row), scratch(scratch) {}

  /// Writes the row's logits to scratch.
  void pack() {
    forEachElement([&](Value i, ArrayRef<Value> at) {
      SmallVector<Value> logits =
          k.inlineRegion(k.op.getLogit(), loadScalars(at), 0,
                         [&](int64_t dim) { return at[dim]; });
      for (auto [s, logit] : llvm::enumerate(logits))
        k.storeScalar(logit, scratch[s], i);
    });
  }

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows) override {
    auto source = [&](Value i, const Tail *tail) {
      return llvm::map_to_vector(scratch, [&](const OperandView &view) {
        return k.load(view, i, tail);
      });
    };
    return sweepRow(k, pass, active, rows, source, LiftedSink());
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn) override {
    // The last vector pass turns the logits into exponentials, if that is all
    // that the results need of them.
    bool staged = needs.staged && !needs.resultUsesLogits;
    if (staged) {
      const OperandView &view = scratch[*needs.staged];
      forEachVector(k, 4, [&](Value i, const Tail *tail) {
        StatisticBuilder builder = k.statistic();
        StatisticAttrInterface statistic = k.statistics[*needs.staged];
        Value lifted =
            statistic.buildLift(builder, statistic.getLiftedPass(),
                                k.load(view, i, tail), rows[*needs.staged]);
        k.store(lifted, view, i, tail);
      });
    }
    forEachElement([&](Value i, ArrayRef<Value> at) {
      SmallVector<Value> logits(k.statistics.size());
      Value lifted;
      if (staged)
        lifted = k.loadScalar(scratch[*needs.staged], i);
      for (auto [s, view] : llvm::enumerate(scratch))
        if (!staged || s != *needs.staged)
          logits[s] = k.loadScalar(view, i);
      SmallVector<Value> results =
          buildResults(k, needs, loadScalars(at), logits, lifted, rows,
                       handedOn, 0, [&](int64_t dim) { return at[dim]; });
      for (auto [o, result] : llvm::enumerate(results))
        k.storeScalar(result, k.inits[o], k.offset(k.inits[o], at));
    });
  }

private:
  SmallVector<Value> loadScalars(ArrayRef<Value> at) {
    SmallVector<Value> values;
    for (auto [j, view] : llvm::enumerate(k.inputs))
      values.push_back(row.invariants[j]
                           ? row.invariants[j]
                           : k.loadScalar(view, k.offset(view, at)));
    return values;
  }

  /// A loop nest over the softmax dimensions; `i` counts the row's elements.
  void forEachElement(function_ref<void(Value i, ArrayRef<Value> at)> body) {
    SmallVector<Value> at(row.coordinates);
    nest(0, k.index(0), at, body);
  }

  void nest(size_t depth, Value base, SmallVector<Value> &at,
            function_ref<void(Value, ArrayRef<Value>)> body) {
    if (depth == k.reduced.size()) {
      body(base, at);
      return;
    }
    Value size = k.sizes[k.reduced[depth]];
    scf::ForOp::create(k.b, k.loc, k.index(0), size, k.index(1), ValueRange{},
                       [&](OpBuilder &, Location, Value j, ValueRange) {
                         at[k.reduced[depth]] = j;
                         nest(depth + 1, k.add(k.mul(base, size), j), at, body);
                         scf::YieldOp::create(k.b, k.loc);
                       });
  }

  ArrayRef<OperandView> scratch;
};
} // namespace

void mlir::softmax::emitPacked(KernelBuilder &k, const RowNeeds &needs,
                               AlternativeAttr alternative) {
  SmallVector<OperandView> scratch;
  for (size_t s = 0; s < k.statistics.size(); ++s)
    scratch.push_back(k.scratch(alternative.getMaxColumns()));
  forEachRow(k, [&](const RowPosition &row) {
    PackedRunner runner(k, needs, row, scratch);
    if (!scratch.empty())
      runner.pack();
    emitRowProgram(k, needs, runner);
  });
}
