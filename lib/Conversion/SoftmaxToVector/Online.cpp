// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// online: rows too long for a scratch row.  One walk over the row takes the
// statistics, block by block, each relative to its own maximum (Milakov and
// Gimelshein 2018, arXiv 1805.02867, with blocks for elements); a second one
// forms the exponentials again and writes the results, past the caches where
// the schedule says so.

#include "OnlineRunner.h"
#include "Strategies.h"
#include "Streaming.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitOnline(KernelBuilder &k, const RowNeeds &needs,
                               AlternativeAttr alternative) {
  k.visitCountingOnly(needs.extent);
  forEachRow(k, [&](const RowPosition &row) {
    OnlineRunner runner(k, needs, row, alternative);
    emitRowProgram(k, needs, runner);
  });
  if (canStorePastCaches(k, alternative))
    emitFence(k);
}
