// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowProgram.h"
#include "Parts.h"
#include "ResultBody.h"
#include "Selection.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

void SingleRowScope::storeRow(unsigned i, Value value) {
  const OperandView &view = k.inits[i];
  auto type = dyn_cast<VectorType>(value.getType());
  if (!type) {
    k.storeScalar(value, view, row.initOffsets[i]);
    return;
  }
  for (int64_t j = 0; j < type.getNumElements(); ++j)
    k.storeScalar(
        vector::ExtractOp::create(k.b, k.loc, value, j), view,
        k.add(row.initOffsets[i], k.mul(view.trailingStride, k.index(j))));
}

SmallVector<Value> SingleRowScope::select(unsigned s, int64_t count) {
  RowNeeds needs(k.op);
  RowPassAccess access(k, needs, row, /*active=*/{}, /*stage=*/nullptr);
  return emitSelection(k, access, s, count);
}

SmallVector<RowValues> mlir::softmax::emitPasses(KernelBuilder &k,
                                                 const RowNeeds &needs,
                                                 RowRunner &runner,
                                                 ElementRange range) {
  SmallVector<RowValues> rows(k.statistics.size());
  for (unsigned pass = 0; pass < needs.numPasses; ++pass)
    emitPass(
        k, needs, pass, rows,
        [&](unsigned p, ArrayRef<unsigned> active, ArrayRef<RowValues> values) {
          return runner.reduce(p, active, values, range);
        });
  return rows;
}

void mlir::softmax::emitBlockResults(KernelBuilder &k, RowRunner &runner,
                                     Parts &parts, ArrayRef<RowValues> rows,
                                     ValueRange handedOn, ElementRange range) {
  scf::ForOp::create(
      k.b, k.loc, range.begin, range.end, k.index(k.numeric.getBlock()),
      ValueRange{}, [&](OpBuilder &, Location, Value i, ValueRange) {
        emitWithCommonCase(k, RowNeeds::results, getAllStatistics(k),
                           parts.view(i, rows),
                           [&](ArrayRef<RowValues> values) {
                             runner.writeResults(values, handedOn,
                                                 parts.rangeAt(i, range.end));
                             return SmallVector<Value>();
                           });
        scf::YieldOp::create(k.b, k.loc);
      });
}

SmallVector<RowValues>
mlir::softmax::emitMerge(KernelBuilder &k, Parts &parts, Value end,
                         function_ref<SmallVector<RowValues>(Value)> block) {
  auto forOp = scf::ForOp::create(
      k.b, k.loc, k.index(0), end, k.index(k.numeric.getBlock()),
      parts.buildEmpty(), [&](OpBuilder &, Location, Value i, ValueRange args) {
        scf::YieldOp::create(
            k.b, k.loc,
            parts.flatten(parts.merge(parts.unflatten(args), block(i))));
      });
  return parts.unflatten(forOp.getResults());
}

/// A row of several blocks: statistics of each, merged in index order.
static void emitBlocks(KernelBuilder &k, const RowNeeds &needs,
                       RowRunner &runner, ElementRange range) {
  Parts parts(k, needs);
  SmallVector<RowValues> rows(k.statistics.size());
  if (needs.numPasses != 0)
    rows = emitMerge(k, parts, range.end, [&](Value i) {
      SmallVector<RowValues> block =
          emitPasses(k, needs, runner, parts.rangeAt(i, range.end));
      if (k.op.hasResult())
        parts.store(i, block);
      return block;
    });
  finishRows(k, rows);
  SmallVector<Value> handedOn = emitRowRegion(k, runner, rows);
  if (!k.op.hasResult())
    return;
  emitBlockResults(k, runner, parts, rows, handedOn, range);
  if (range.end != k.columns)
    runner.writeMasked(rows, handedOn, {range.end, k.columns});
}

void mlir::softmax::emitRowProgram(KernelBuilder &k, const RowNeeds &needs,
                                   RowRunner &runner) {
  Value end = runner.end();
  ElementRange range{k.index(0), end ? end : k.columns};
  if (!k.singleBlock && runner.rowLanes() == 0)
    return emitBlocks(k, needs, runner, range);
  SmallVector<RowValues> rows = emitPasses(k, needs, runner, range);
  finishRows(k, rows);
  SmallVector<Value> handedOn = emitRowRegion(k, runner, rows);
  if (!k.op.hasResult())
    return;
  runner.writeResults(rows, handedOn, range);
  if (end)
    runner.writeMasked(rows, handedOn, {end, k.columns});
}
