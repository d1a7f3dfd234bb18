// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Schedules.h"
#include "SharedRow.h"
#include "softmax/Dialect/Transforms/Schedule.h"

using namespace mlir;
using namespace mlir::softmax;

RowShare mlir::softmax::shareOfRow(GPUBuilder &k, Value rank, int64_t cluster) {
  RowShare share;
  int64_t size = k.numeric.getBlock();
  share.all = k.div(k.add(k.columns, k.index(size - 1)), k.index(size));
  share.perRank =
      k.div(k.add(share.all, k.index(cluster - 1)), k.index(cluster));
  share.first = k.mul(rank, share.perRank);
  share.count =
      k.max(k.min(k.sub(share.all, share.first), share.perRank), k.index(0));
  return share;
}

void mlir::softmax::emitClusterPerRow(GPUBuilder &k, const RowNeeds &needs,
                                      GPUAlternativeAttr alternative,
                                      StringRef name) {
  int64_t cluster = alternative.getCluster(), size = k.numeric.getBlock();
  int64_t most = llvm::divideCeil(
      llvm::divideCeil(alternative.getMaxColumns(), size), cluster);
  bool inRegisters = most <= countGroups(k, alternative);
  LaunchForm form;
  form.threads = alternative.getThreads();
  form.blocksPerRow = form.cluster = cluster;
  if (!inRegisters)
    form.sharedBytes = getSharedRowBytes(k, most);
  form.registers = kGPUManyRegisters;
  if (inRegisters && countGroups(k, alternative) == 1 &&
      k.lanes <= kGPUFewRegistersLanes &&
      k.numeric.getAccuracy() != Accuracy::Strict &&
      describeGPUShape(k.op, k.numeric.getAccuracy()).keepsLittle)
    form.registers = kGPUFewRegisters;
  k.beginKernel(name, form);
  if (inRegisters) {
    beginGroups(k, alternative);
  } else {
    k.rowThreads = form.threads;
    k.thread = k.threadInBlock;
  }
  Value rank = k.rem(k.block, k.index(cluster));
  RowPosition row = beginRow(k, needs, k.div(k.block, k.index(cluster)));
  RowShare share = shareOfRow(k, rank, cluster);
  if (inRegisters)
    emitBlocksInRegisters(k, needs, row, share, cluster);
  else
    emitBlocksInSharedMemory(k, needs, row, share, cluster, most);
  k.groups = 1;
}
