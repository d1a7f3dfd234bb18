// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// packed: any strides.  The logits of a row are computed element by element
// into a scratch row (one per statistic), reduced there in vectors, and the
// results computed and written element by element.  Order of summation and so
// the statistics' bits are those of contiguous rows.

#include "ResultBody.h"
#include "RowProgram.h"
#include "Selection.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// The scratch rows of a kernel: logits per statistic, and what the staged
/// one's exponentials round away.
struct Scratch {
  SmallVector<OperandView> logits;
  std::optional<OperandView> low;
};

/// Logits that have been packed.
struct ScratchAccess : PassAccess {
  ScratchAccess(KernelBuilder &k, const Scratch &scratch)
      : k(k), scratch(scratch) {}
  SmallVector<Value> load(Value i, const Tail *tail) override {
    return llvm::map_to_vector(scratch.logits, [&](const OperandView &view) {
      return k.load(view, i, tail);
    });
  }
  SmallVector<Value> logits(ArrayRef<Value> loaded, Value,
                            const Tail *) override {
    return SmallVector<Value>(loaded);
  }
  KernelBuilder &k;
  const Scratch &scratch;
};

class PackedRunner : public SingleRowRunner {
public:
  PackedRunner(KernelBuilder &k, const RowNeeds &needs, const RowPosition &row,
               const Scratch &scratch)
      : SingleRowRunner(k, row), needs(needs), scratch(scratch) {}

  /// Writes the row's logits to scratch.
  void pack() {
    forEachElement({k.index(0), k.columns}, [&](Value i, ArrayRef<Value> at) {
      SmallVector<Value> logits =
          k.inlineRegion(k.op.getLogit(), loadScalars(at), 0,
                         [&](int64_t dim) { return at[dim]; });
      for (auto [s, logit] : llvm::enumerate(logits))
        k.storeScalar(logit, scratch.logits[s], i);
    });
  }

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows,
                                ElementRange range) override {
    ScratchAccess access(k, scratch);
    PassBody body(k, pass, active, rows, access);
    emitGroups(k, {&body}, range);
    return body.results;
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    ElementRange range) override {
    // A vector pass turns the logits into exponentials, if that is all that the
    // results need of them.
    std::optional<Stage> stage;
    if (needs.staged && !needs.resultUsesLogits) {
      stage = Stage{scratch.logits[*needs.staged], k.index(0), scratch.low};
      StatisticAttrInterface statistic = k.statistics[*needs.staged];
      forEachVector(k, range, 4, [&](Value i, const Tail *tail) {
        StatisticBuilder builder = k.statistic();
        LiftedValue lifted = statistic.buildLift(
            builder, statistic.getLiftedPass(), k.load(stage->view, i, tail),
            rows[*needs.staged]);
        stage->store(k, lifted, i, tail);
      });
    }
    forEachElement(range, [&](Value i, ArrayRef<Value> at) {
      SmallVector<Value> logits(k.statistics.size());
      LiftedValue lifted;
      if (stage) {
        lifted.value = k.loadScalar(stage->view, i);
        if (stage->low)
          lifted.low = k.loadScalar(*stage->low, i);
      }
      for (auto [s, view] : llvm::enumerate(scratch.logits))
        if (!stage || s != *needs.staged)
          logits[s] = k.loadScalar(view, i);
      SmallVector<Value> results =
          buildResults(k, needs, loadScalars(at), logits, lifted, rows,
                       handedOn, 0, [&](int64_t dim) { return at[dim]; });
      for (auto [o, result] : llvm::enumerate(results))
        k.storeScalar(result, k.inits[o], k.offset(k.inits[o], at));
    });
  }

  SmallVector<Value> select(unsigned s, int64_t count) override {
    ScratchAccess access(k, scratch);
    return emitSelection(k, access, s, count);
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

  /// Calls `body` for the row's elements `i` of `range`.
  void forEachElement(ElementRange range,
                      function_ref<void(Value i, ArrayRef<Value> at)> body) {
    SmallVector<Value> at(row.coordinates);
    if (k.singleBlock && k.reduced.size() > 1)
      return nest(0, k.index(0), at, body);
    scf::ForOp::create(k.b, k.loc, range.begin, range.end, k.index(1),
                       ValueRange{},
                       [&](OpBuilder &, Location, Value i, ValueRange) {
                         for (auto [dim, value] :
                              llvm::zip(k.reduced, k.delinearize(i, k.reduced)))
                           at[dim] = value;
                         body(i, at);
                         scf::YieldOp::create(k.b, k.loc);
                       });
  }

  /// A loop nest over the softmax dimensions: no division per element.
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

  const RowNeeds &needs;
  const Scratch &scratch;
};
} // namespace

void mlir::softmax::emitPacked(KernelBuilder &k, const RowNeeds &needs,
                               AlternativeAttr alternative) {
  Scratch scratch;
  Value elements = k.atMostColumns(alternative.getMaxColumns());
  for (size_t s = 0; s < k.statistics.size(); ++s)
    scratch.logits.push_back(k.scratch(k.computeType, elements));
  if (needs.staged && !needs.resultUsesLogits && k.statistic().liftsPairs())
    scratch.low = k.scratch(k.computeType, elements);
  forEachRow(k, [&](const RowPosition &row) {
    PackedRunner runner(k, needs, row, scratch);
    if (!scratch.logits.empty())
      runner.pack();
    emitRowProgram(k, needs, runner);
  });
}
