// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// three_pass: maximum, sum, results, over a contiguous row in cache.  The
// exponentials of the second pass are computed again in the third, or wait for
// it in the destination or in a scratch row.

#include "RowSweep.h"
#include "Strategies.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class ThreePassRunner : public SingleRowRunner {
public:
  ThreePassRunner(KernelBuilder &k, const RowNeeds &needs,
                  const RowPosition &row, int64_t vectors,
                  std::optional<OperandView> stage, Value stageOffset)
      : SingleRowRunner(k, needs, row), vectors(vectors),
        stage(std::move(stage)), stageOffset(stageOffset) {}

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows) override {
    auto source = [&](Value i, const Tail *tail) {
      return buildLogits(loadElements(i, tail), i);
    };
    auto sink = [&](Value i, const Tail *tail, ArrayRef<Value> lifted) {
      const unsigned *position = llvm::find(active, *needs.staged);
      k.store(lifted[position - active.begin()], *stage, k.add(stageOffset, i),
              tail);
    };
    bool stages = stage && llvm::is_contained(active, *needs.staged) &&
                  pass == k.statistics[*needs.staged].getLiftedPass();
    return sweepRow(k, pass, active, rows, source,
                    stages ? LiftedSink(sink) : LiftedSink());
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn) override {
    bool needsLogits = needs.resultUsesLogits || (needs.staged && !stage);
    forEachVector(k, vectors, [&](Value i, const Tail *tail) {
      SmallVector<Value> elements(k.inputs.size());
      SmallVector<Value> logits(k.statistics.size());
      if (needsLogits || needs.resultUsesElements)
        elements = loadElements(i, tail);
      else
        for (auto [j, invariant] : llvm::enumerate(row.invariants))
          elements[j] =
              invariant ? invariant
                        : k.broadcast(k.zero(k.inputs[j].elementType), k.lanes);
      if (needsLogits)
        logits = buildLogits(elements, i);
      Value lifted =
          stage ? k.load(*stage, k.add(stageOffset, i), tail) : Value();
      SmallVector<Value> results = buildResults(
          k, needs, elements, logits, lifted, rows, handedOn, k.lanes,
          [&](int64_t dim) { return elementCoordinate(dim, i); });
      for (auto [o, result] : llvm::enumerate(results))
        k.store(result, k.inits[o], k.add(row.initOffsets[o], i), tail);
    });
  }

private:
  int64_t vectors;
  std::optional<OperandView> stage;
  Value stageOffset;
};
} // namespace

void mlir::softmax::emitThreePass(KernelBuilder &k, const RowNeeds &needs,
                                  AlternativeAttr alternative) {
  std::optional<OperandView> scratch;
  if (needs.staged && alternative.getStaging() == Staging::Scratch)
    scratch = k.scratch(alternative.getMaxColumns());
  forEachRow(k, [&](const RowPosition &row) {
    std::optional<OperandView> stage = scratch;
    Value stageOffset = k.index(0);
    if (needs.staged && alternative.getStaging() == Staging::Output) {
      stage = k.inits[0];
      stageOffset = row.initOffsets[0];
    }
    ThreePassRunner runner(k, needs, row, alternative.getVectors(), stage,
                           stageOffset);
    emitRowProgram(k, needs, runner);
  });
}
