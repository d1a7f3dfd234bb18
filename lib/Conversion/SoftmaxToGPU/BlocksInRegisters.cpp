// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "BlockExchange.h"
#include "Schedules.h"
#include "SegmentRunner.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

int64_t mlir::softmax::countGroups(GPUBuilder &k,
                                   GPUAlternativeAttr alternative) {
  return alternative.getThreads() * k.vectors * k.lanes / k.numeric.getBlock();
}

void mlir::softmax::beginGroups(GPUBuilder &k, GPUAlternativeAttr alternative) {
  k.groups = countGroups(k, alternative);
  k.rowThreads = alternative.getThreads() / k.groups;
  Value threads = k.index(k.rowThreads);
  k.thread = k.rem(k.threadInBlock, threads);
  k.group = k.div(k.threadInBlock, threads);
}

/// Makes a condition that differs among the groups of a thread block the same
/// for all: those that wait for each other run the same passes.
static Value anyGroup(GPUBuilder &k, Value condition) {
  Type i32 = k.b.getI32Type();
  Value flags = k.shared(i32, k.groups);
  Value first = k.isZero(k.thread);
  scf::IfOp::create(k.b, k.loc, first, [&](OpBuilder &, Location) {
    memref::StoreOp::create(k.b, k.loc,
                            arith::ExtUIOp::create(k.b, k.loc, i32, condition),
                            flags, k.group);
    scf::YieldOp::create(k.b, k.loc);
  });
  k.barrier();
  Value any;
  for (int64_t i = 0; i < k.groups; ++i) {
    Value flag = memref::LoadOp::create(k.b, k.loc, flags, k.index(i));
    any = any ? arith::OrIOp::create(k.b, k.loc, any, flag).getResult() : flag;
  }
  return arith::TruncIOp::create(k.b, k.loc, k.b.getI1Type(), any);
}

void mlir::softmax::emitBlocksInRegisters(GPUBuilder &k, const RowNeeds &needs,
                                          const RowPosition &row,
                                          const RowShare &share,
                                          int64_t cluster) {
  Value number = k.add(share.first, k.group);
  // Groups without a block have one behind the row's end.
  Value place = k.select(k.lessThan(k.group, share.count), number, share.all);
  Segment segment = blockOfRow(k, row, place);
  segment.load();
  SegmentRunner runner(k, needs, segment);
  SmallVector<RowValues> rows(k.statistics.size()), block(rows);
  std::optional<BlockExchange> exchange;
  Value isKept;
  if (needs.numPasses != 0) {
    if (k.groups > 1)
      k.makeUniform = [&](Value condition) { return anyGroup(k, condition); };
    exchange.emplace(k, needs, k.groups, cluster);
    block = runner.runPasses();
    k.makeUniform = nullptr;
    exchange->publish(k.group, block);
    SmallVector<Value *> places = runner.getKept();
    SmallVector<Value> kept =
        llvm::map_to_vector(places, [](Value *place) { return *place; });
    rows = exchange->gather(share.all, share.perRank, kept, &isKept);
    for (auto [place, value] : llvm::zip(places, kept))
      *place = value;
  }
  finishRows(k, rows);
  GPURowScope scope(k, row);
  scope.later = true;
  SmallVector<Value> handedOn = emitRowRegion(k, scope, rows);
  if (k.op.hasResult())
    runner.writeResultsOfPart(rows, stagedOf(needs, block), handedOn, isKept);
  k.rowWriter = k.isZero(number);
  scope.flush();
  k.rowWriter = nullptr;
  if (exchange)
    exchange->finish();
}
