// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "../Common/Partials.h"
#include "Schedules.h"
#include "SharedRow.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitBlockShared(GPUBuilder &k, const RowNeeds &needs,
                                    GPUAlternativeAttr alternative,
                                    StringRef name) {
  int64_t size = k.numeric.getBlock();
  int64_t most = llvm::divideCeil(alternative.getMaxColumns(), size);
  k.rowThreads = alternative.getThreads();
  LaunchForm form;
  form.threads = alternative.getThreads();
  form.sharedBytes = getSharedRowBytes(k, most);
  k.beginKernel(name, form);
  k.thread = k.threadInBlock;
  RowPosition row = beginRow(k, needs, k.block);
  SharedRow blocks(k, needs, row, k.index(0),
                   k.div(k.add(k.columns, k.index(size - 1)), k.index(size)),
                   most);
  blocks.read();
  SmallVector<RowValues> rows(k.statistics.size());
  Partials partials(k, needs);
  if (needs.numPasses != 0)
    rows = partials.unflatten(blocks.runPasses(
        partials.buildEmpty(),
        [&](Value, ArrayRef<RowValues> block, ValueRange total) {
          return partials.flatten(
              partials.merge(partials.unflatten(total), block));
        }));
  finishRows(k, rows);
  GPURowScope scope(k, row);
  SmallVector<Value> handedOn = emitRowRegion(k, scope, rows);
  if (k.op.hasResult())
    blocks.writeResults(rows, handedOn);
}
