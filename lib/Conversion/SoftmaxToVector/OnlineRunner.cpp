// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "OnlineRunner.h"
#include "../Common/RowEnd.h"
#include "ResultBody.h"
#include "Streaming.h"

using namespace mlir;
using namespace mlir::softmax;

SmallVector<WideValue> OnlineRunner::reduce(unsigned pass,
                                            ArrayRef<unsigned> active,
                                            ArrayRef<RowValues> rows,
                                            ElementRange range) {
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

void OnlineRunner::writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                                ElementRange range) {
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

Value OnlineRunner::end() {
  return needs.extent ? buildRowEnd(k, *needs.extent, row) : Value();
}

void OnlineRunner::writeMasked(ArrayRef<RowValues> rows, ValueRange handedOn,
                               ElementRange range) {
  writeMaskedResults(k, needs, row, rows, handedOn, range,
                     canStorePastCaches(k, alternative));
}
