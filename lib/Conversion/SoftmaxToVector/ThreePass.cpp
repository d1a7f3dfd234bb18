// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// three_pass: maximum, sum, results, over a contiguous row in cache.  The
// exponentials of the second pass are computed again in the third, or wait for
// it in the destination or in a scratch row.  Out of cache, the
// second pass asks for the data of rows to come, and results go to memory past
// the caches.

#include "RowSweep.h"
#include "Strategies.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class ThreePassRunner : public SingleRowRunner {
public:
  ThreePassRunner(KernelBuilder &k, const RowNeeds &needs,
                  const RowPosition &row, const RowPosition *ahead,
                  AlternativeAttr alternative, std::optional<OperandView> stage,
                  Value stageOffset)
      : SingleRowRunner(k, needs, row), ahead(ahead), alternative(alternative),
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
    auto hook = [&](Value i) { prefetch(i); };
    bool prefetches = ahead && pass + 1 == needs.numPasses;
    return sweepRow(k, pass, active, rows, source,
                    stages ? LiftedSink(sink) : LiftedSink(),
                    prefetches ? GroupHook(hook) : GroupHook());
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn) override {
    bool needsLogits = needs.resultUsesLogits || (needs.staged && !stage);
    bool nontemporal = storesPastCaches();
    Value head;
    if (nontemporal)
      head = k.misalignment(k.inits[0], row.initOffsets[0]);
    auto body = [&](Value i, const Tail *tail) {
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
        k.store(result, k.inits[o], k.add(row.initOffsets[o], i), tail,
                nontemporal);
    };
    forEachVector(k, alternative.getVectors(), body, head);
  }

private:
  /// Whether one peeled vector aligns all stores.
  bool storesPastCaches() {
    return alternative.getStores() == StoreMode::Nontemporal &&
           k.op.getNumElementwiseInits() == 1;
  }

  /// Asks for the group at `i` of a row to come.
  void prefetch(Value i) {
    auto touch = [&](const OperandView &view, Value offset, bool isWrite) {
      int64_t perLine = 64 / view.elementBytes();
      for (int64_t j = 0; j < k.numeric.getGroup(); j += perLine)
        memref::PrefetchOp::create(
            k.b, k.loc, view.flat,
            ValueRange{k.add(offset, k.add(i, k.index(j)))}, isWrite,
            /*localityHint=*/3, /*isDataCache=*/true);
    };
    for (auto [j, view] : llvm::enumerate(k.inputs))
      if (view.alongRow)
        touch(view, ahead->inputOffsets[j], /*isWrite=*/false);
    if (storesPastCaches())
      return;
    for (auto [o, view] : llvm::enumerate(k.inits))
      if (view.alongRow)
        touch(view, ahead->initOffsets[o], /*isWrite=*/true);
  }

  const RowPosition *ahead;
  AlternativeAttr alternative;
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
    std::optional<RowPosition> ahead;
    if (int64_t distance = alternative.getPrefetch())
      ahead = positionOf(k, k.min(k.add(row.number, k.index(distance)),
                                  k.sub(k.rowCount, k.index(1))));
    ThreePassRunner runner(k, needs, row, ahead ? &*ahead : nullptr,
                           alternative, stage, stageOffset);
    emitRowProgram(k, needs, runner);
  });
  // Stores past the caches are weakly ordered: whoever learns that the kernel
  // is done must see them.
  if (alternative.getStores() == StoreMode::Nontemporal)
    LLVM::FenceOp::create(k.b, k.loc, LLVM::AtomicOrdering::seq_cst);
}
