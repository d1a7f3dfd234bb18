// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Schedules.h"
#include "SegmentRunner.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitRowInRegisters(GPUBuilder &k, const RowNeeds &needs,
                                       Value number) {
  k.setPairSums(true);
  RowPosition row = beginRow(k, needs, number);
  Segment segment(k, row, k.index(0), k.columns, k.leastColumns);
  segment.load();
  // Before the passes: they leave exponentials in registers.
  RowSelections selections(k);
  selections.take(segment);
  SegmentRunner runner(k, needs, segment);
  SmallVector<RowValues> rows = runner.runPasses();
  finishRows(k, rows);
  GPURowScope scope(k, row, &selections);
  SmallVector<Value> handedOn = emitRowRegion(k, scope, rows);
  if (k.op.hasResult())
    runner.writeResults(rows, handedOn, /*keepsLifted=*/true);
  k.setPairSums(false);
}
