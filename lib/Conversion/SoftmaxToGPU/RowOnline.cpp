// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "../Common/Partials.h"
#include "../Common/RowEnd.h"
#include "RowLanes.h"
#include "Schedules.h"
#include "SegmentRunner.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

/// Whether the result region takes an element of the row itself.
static bool usesElements(GenericOp op) {
  if (!op.hasResult())
    return false;
  for (unsigned i = 0; i < op.getInputs().size(); ++i)
    if (!op.isRowInvariant(op.getInputMap(i)) &&
        !op.getResult().getArgument(i).use_empty())
      return true;
  return false;
}

RowPosition mlir::softmax::beginRow(GPUBuilder &k, const RowNeeds &needs,
                                    Value number) {
  RowPosition row = positionOf(k, number);
  k.rowEnd = nullptr;
  bool endsEarly = needs.extent && !usesElements(k.op);
  if (!k.lanesAreRows) {
    loadInvariants(k, row);
    if (endsEarly)
      k.rowEnd = buildRowEnd(k, *needs.extent, row);
    return row;
  }
  for (auto [view, offset] : llvm::zip(k.inputs, row.inputOffsets))
    row.invariants.push_back(view.alongRow ? Value()
                                           : loadRows(k, view, offset));
  if (endsEarly)
    k.rowEnd = buildLastRowEnd(k, *needs.extent, row);
  return row;
}

Segment mlir::softmax::blockOfRow(GPUBuilder &k, const RowPosition &row,
                                  Value number) {
  int64_t size = k.numeric.getBlock();
  Value begin = k.mul(number, k.index(size));
  Value count =
      k.max(k.min(k.sub(k.columns, begin), k.index(size)), k.index(0));
  return Segment(k, row, begin, count, /*least=*/0);
}

void mlir::softmax::emitRowOnline(GPUBuilder &k, const RowNeeds &needs,
                                  Value number) {
  RowPosition row = beginRow(k, needs, number);
  Value size = k.index(k.numeric.getBlock());
  auto segmentAt = [&](Value i) {
    return Segment(k, row, i, k.min(k.sub(k.columns, i), size), /*least=*/1);
  };

  SmallVector<RowValues> rows(k.statistics.size());
  Partials partials(k, needs);
  RowSelections selections(k);
  if (needs.numPasses != 0 || !selections.empty()) {
    SmallVector<Value> init = partials.buildEmpty();
    for (Value &value : init)
      if (k.lanesAreRows)
        value = k.broadcast(value, k.lanes);
    size_t numPartials = init.size();
    llvm::append_range(init, selections.begin());
    auto loop = scf::ForOp::create(
        k.b, k.loc, k.index(0), k.columns, size, init,
        [&](OpBuilder &, Location, Value i, ValueRange args) {
          Segment segment = segmentAt(i);
          segment.load();
          SmallVector<Value> selected =
              selections.merge(segment, i, args.drop_front(numPartials));
          SegmentRunner runner(k, needs, segment);
          SmallVector<RowValues> block = runner.runPasses();
          SmallVector<Value> next = partials.flatten(partials.merge(
              partials.unflatten(args.take_front(numPartials)), block));
          llvm::append_range(next, selected);
          scf::YieldOp::create(k.b, k.loc, next);
        });
    ValueRange results = loop.getResults();
    rows = partials.unflatten(results.take_front(numPartials));
    selections.end(results.drop_front(numPartials));
  }
  finishRows(k, rows);
  GPURowScope scope(k, row, &selections);
  SmallVector<Value> handedOn = emitRowRegion(k, scope, rows);
  if (!k.op.hasResult())
    return;
  scf::ForOp::create(k.b, k.loc, k.index(0), k.columns, size, ValueRange{},
                     [&](OpBuilder &, Location, Value i, ValueRange) {
                       Segment segment = segmentAt(i);
                       segment.load();
                       SegmentRunner runner(k, needs, segment);
                       RowValues part;
                       if (SegmentRunner::needsPart(k, needs))
                         part = runner.runReference();
                       runner.writeResultsOfPart(rows, part, handedOn);
                       scf::YieldOp::create(k.b, k.loc);
                     });
}
