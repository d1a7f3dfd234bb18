// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Schedules.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitBlockPerRow(GPUBuilder &k, const RowNeeds &needs,
                                    GPUAlternativeAttr alternative,
                                    StringRef name) {
  int64_t threads = alternative.getThreads();
  k.beginKernel(name, {threads});
  if (alternative.getMaxColumns() <= k.numeric.getBlock()) {
    k.rowThreads = threads;
    k.thread = k.threadInBlock;
    return emitRowInRegisters(k, needs, k.block);
  }
  beginGroups(k, alternative);
  RowPosition row = beginRow(k, needs, k.block);
  emitBlocksInRegisters(k, needs, row, shareOfRow(k, k.index(0), /*cluster=*/1),
                        /*cluster=*/1);
  k.groups = 1;
}
