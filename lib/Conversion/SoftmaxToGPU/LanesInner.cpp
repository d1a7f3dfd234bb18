// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A thread block has a fixed number of rows, which it takes in vectors of as
// many as the schedule says, or, where sizes and addresses do not allow that,
// of half as many, and so on down to one by one.  All threads of a launch find
// the same, so the host need not know.

#include "RowLanes.h"
#include "Schedules.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::softmax;

/// The rows of a thread block, `width` at a time.
static void emitRows(GPUBuilder &k, const RowNeeds &needs,
                     GPUAlternativeAttr alternative, int64_t width) {
  int64_t threads = alternative.getThreads();
  int64_t turns = alternative.getRows() / (threads * width);
  k.lanes = width;
  k.lanesAreRows = width > 1;
  Value first =
      k.add(k.mul(k.block, k.index(threads * turns)), k.threadInBlock);
  auto emitTurn = [&](Value turn) {
    Value group = k.add(first, k.mul(turn, k.index(threads)));
    Value number = k.mul(group, k.index(width));
    scf::IfOp::create(k.b, k.loc, k.lessThan(number, k.rowCount),
                      [&](OpBuilder &, Location) {
                        if (alternative.getMaxColumns())
                          emitRowInRegisters(k, needs, number);
                        else
                          emitRowOnline(k, needs, number);
                        scf::YieldOp::create(k.b, k.loc);
                      });
  };
  if (turns == 1)
    emitTurn(k.index(0));
  else
    scf::ForOp::create(k.b, k.loc, k.index(0), k.index(turns), k.index(1),
                       ValueRange{},
                       [&](OpBuilder &, Location, Value turn, ValueRange) {
                         emitTurn(turn);
                         scf::YieldOp::create(k.b, k.loc);
                       });
  k.lanesAreRows = false;
}

void mlir::softmax::emitLanesInnerOnGPU(GPUBuilder &k, const RowNeeds &needs,
                                        GPUAlternativeAttr alternative,
                                        StringRef name) {
  k.rowThreads = 1;
  k.contiguous = false;
  k.beginKernel(name, {alternative.getThreads(), alternative.getRows()});
  k.thread = k.index(0);
  OpBuilder::InsertPoint end = k.b.saveInsertionPoint();
  for (int64_t width = alternative.getLanes(); width > 1; width /= 2) {
    Value fits = buildRowsFit(k, width);
    std::optional<int64_t> known = getConstantIntValue(fits);
    if (known && *known == 0)
      continue;
    auto ifOp = scf::IfOp::create(k.b, k.loc, fits, /*withElseRegion=*/true);
    k.b.setInsertionPointToStart(ifOp.thenBlock());
    emitRows(k, needs, alternative, width);
    k.b.setInsertionPointToStart(ifOp.elseBlock());
  }
  emitRows(k, needs, alternative, 1);
  k.b.restoreInsertionPoint(end);
}
