// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "ClusterExchange.h"
#include "Schedules.h"
#include "SharedRow.h"

using namespace mlir;
using namespace mlir::softmax;

// A thread block holds one block of the row in registers, or several in shared
// memory.
void mlir::softmax::emitClusterPerRow(GPUBuilder &k, const RowNeeds &needs,
                                      GPUAlternativeAttr alternative,
                                      StringRef name) {
  int64_t cluster = alternative.getCluster(), size = k.numeric.getBlock();
  int64_t most = llvm::divideCeil(
      llvm::divideCeil(alternative.getMaxColumns(), size), cluster);
  k.rowThreads = alternative.getThreads();
  LaunchForm form;
  form.threads = alternative.getThreads();
  form.blocksPerRow = form.cluster = cluster;
  if (most > 1)
    form.sharedBytes = getSharedRowBytes(k, most);
  k.beginKernel(name, form);
  k.thread = k.threadInBlock;
  Value rank = k.rem(k.block, k.index(cluster));
  RowPosition row = beginRow(k, needs, k.div(k.block, k.index(cluster)));

  // As evenly as blocks go; the last ranks may have none.
  Value all = k.div(k.add(k.columns, k.index(size - 1)), k.index(size));
  Value perRank = k.div(k.add(all, k.index(cluster - 1)), k.index(cluster));
  Value first = k.mul(rank, perRank);
  Value count = k.max(k.min(k.sub(all, first), perRank), k.index(0));

  std::optional<Segment> segment;
  std::optional<SegmentRunner> runner;
  std::optional<SharedRow> blocks;
  if (most == 1) {
    segment.emplace(blockOfRow(k, row, rank));
    segment->load();
    runner.emplace(k, needs, *segment);
  } else {
    blocks.emplace(k, needs, row, first, count, most);
    blocks->read();
  }
  SmallVector<RowValues> rows(k.statistics.size());
  Partials partials(k, needs);
  std::optional<ClusterExchange> exchange;
  if (needs.numPasses != 0) {
    exchange.emplace(k, partials, most);
    if (runner)
      exchange->publish(k.index(0), runner->runPasses());
    else
      blocks->runPasses(
          {}, [&](Value number, ArrayRef<RowValues> block, ValueRange) {
            exchange->publish(number, block);
            return SmallVector<Value>();
          });
    rows = exchange->gather(all, perRank);
  }
  finishRows(k, rows);
  k.rowWriter = k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::eq,
                                                rank, k.index(0));
  GPURowScope scope(k, row);
  SmallVector<Value> handedOn = emitRowRegion(k, scope, rows);
  k.rowWriter = nullptr;
  if (k.op.hasResult()) {
    if (runner)
      runner->writeResults(rows, handedOn, /*keepsLifted=*/false);
    else
      blocks->writeResults(rows, handedOn);
  }
  if (exchange)
    exchange->finish();
}
