// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "BlockExchange.h"
#include "Schedules.h"
#include "SharedRow.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitBlocksInSharedMemory(GPUBuilder &k,
                                             const RowNeeds &needs,
                                             const RowPosition &row,
                                             const RowShare &share,
                                             int64_t cluster, int64_t most) {
  SharedRow blocks(k, needs, row, share.first, share.count, most);
  blocks.read();
  SmallVector<RowValues> rows(k.statistics.size());
  std::optional<BlockExchange> exchange;
  if (needs.numPasses != 0) {
    exchange.emplace(k, needs, most, cluster);
    blocks.runPasses([&](Value number, ArrayRef<RowValues> block) {
      exchange->publish(number, block);
    });
    rows = exchange->gather(share.all, share.perRank);
  }
  finishRows(k, rows);
  k.rowWriter = k.isZero(share.first);
  GPURowScope scope(k, row);
  SmallVector<Value> handedOn = emitRowRegion(k, scope, rows);
  k.rowWriter = nullptr;
  if (k.op.hasResult())
    blocks.writeResults(rows, handedOn, [&](Value number) {
      return stagedOf(needs, exchange->published(number));
    });
  if (exchange)
    exchange->finish();
}

void mlir::softmax::emitBlockShared(GPUBuilder &k, const RowNeeds &needs,
                                    GPUAlternativeAttr alternative,
                                    StringRef name) {
  int64_t most =
      llvm::divideCeil(alternative.getMaxColumns(), k.numeric.getBlock());
  k.rowThreads = alternative.getThreads();
  LaunchForm form;
  form.threads = alternative.getThreads();
  form.sharedBytes = getSharedRowBytes(k, most);
  form.registers = registersOfBlocks(k);
  k.beginKernel(name, form);
  k.thread = k.threadInBlock;
  RowPosition row = beginRow(k, needs, k.block);
  emitBlocksInSharedMemory(k, needs, row,
                           shareOfRow(k, k.index(0), /*cluster=*/1),
                           /*cluster=*/1, most);
}
