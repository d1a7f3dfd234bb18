// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// online: rows too long for a scratch row.  One walk over the row takes the
// statistics, block by block, each relative to its own maximum (Milakov and
// Gimelshein 2018, arXiv 1805.02867, with blocks for elements); a second one
// forms the exponentials again and writes the results, past the caches where
// the schedule says so.

#include "RowProgram.h"
#include "Strategies.h"
#include "Streaming.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class OnlineRunner : public RowRunner {
public:
  OnlineRunner(KernelBuilder &k, const RowNeeds &needs, const RowPosition &row,
               AlternativeAttr alternative)
      : k(k), needs(needs), row(row), scope(k, row), alternative(alternative) {}

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows,
                                ElementRange range) override {
    SmallVector<WideValue> results;
    SmallVector<Value> flat = emitWithCommonCase(
        k, pass, active, rows, [&](ArrayRef<RowValues> values) {
          RowPassAccess access(k, needs, row, active, nullptr);
          PassBody body(k, pass, active, values, access);
          SmallVector<GroupBody *> bodies = {&body};
          // The last pass finds its block in cache; meanwhile the next comes.
          std::optional<PrefetchBody> prefetch;
          if (pass + 1 == needs.numPasses && alternative.getPrefetch()) {
            prefetch.emplace(k, row, distance());
            bodies.push_back(&*prefetch);
          }
          emitGroups(k, bodies, range);
          results = body.results;
          return flattenWide(results);
        });
    return unflattenWide(flat, results);
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    ElementRange range) override {
    bool nontemporal = canStorePastCaches(k, alternative);
    ResultBody body(k, needs, row, rows, handedOn, /*stage=*/nullptr,
                    nontemporal);
    std::optional<PrefetchBody> prefetch;
    if (alternative.getPrefetch())
      prefetch.emplace(k, row, distance());
    forEachVector(
        k, range, alternative.getVectors(),
        [&](Value i, const Tail *tail) {
          if (prefetch && !tail)
            prefetch->prefetch(i, k.lanes);
          body.write(i, tail);
        },
        nontemporal ? headOf(k, row) : Value());
  }

  Value rowInput(unsigned i) override { return scope.rowInput(i); }
  Value rowCoordinate(int64_t dim) override { return scope.rowCoordinate(dim); }
  void storeRow(unsigned i, Value value) override { scope.storeRow(i, value); }

private:
  Value distance() {
    return k.index(alternative.getPrefetch() * k.numeric.getBlock());
  }

  KernelBuilder &k;
  const RowNeeds &needs;
  const RowPosition &row;
  SingleRowScope scope;
  AlternativeAttr alternative;
};
} // namespace

void mlir::softmax::emitOnline(KernelBuilder &k, const RowNeeds &needs,
                               AlternativeAttr alternative) {
  forEachRow(k, [&](const RowPosition &row) {
    OnlineRunner runner(k, needs, row, alternative);
    emitRowProgram(k, needs, runner);
  });
  if (canStorePastCaches(k, alternative))
    emitFence(k);
}
