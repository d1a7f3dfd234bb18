// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowAccess.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::forEachRow(KernelBuilder &k,
                               function_ref<void(const RowPosition &)> body) {
  scf::ForOp::create(k.b, k.loc, k.rowBegin, k.rowEnd, k.index(1), ValueRange{},
                     [&](OpBuilder &, Location, Value r, ValueRange) {
                       RowPosition row = positionOf(k, r);
                       loadInvariants(k, row);
                       body(row);
                       scf::YieldOp::create(k.b, k.loc);
                     });
}

SmallVector<Value> mlir::softmax::loadElements(KernelBuilder &k,
                                               const RowPosition &row, Value i,
                                               const Tail *tail) {
  SmallVector<Value> elements;
  for (auto [j, view] : llvm::enumerate(k.inputs))
    elements.push_back(row.invariants[j]
                           ? row.invariants[j]
                           : k.load(view, k.add(row.inputOffsets[j], i), tail));
  return elements;
}

SmallVector<Value> mlir::softmax::buildLogits(KernelBuilder &k,
                                              const RowPosition &row,
                                              ValueRange elements, Value i) {
  Region &region = k.countingLogit ? *k.countingLogit : k.op.getLogit();
  SmallVector<Value> logits =
      k.inlineRegion(region, elements, k.lanes, [&](int64_t dim) {
        return elementCoordinate(k, row, dim, i);
      });
  for (Value &logit : logits)
    logit = k.broadcast(logit, k.lanes);
  return logits;
}

Value mlir::softmax::elementCoordinate(KernelBuilder &k, const RowPosition &row,
                                       int64_t dim, Value i) {
  if (row.coordinates[dim])
    return row.coordinates[dim];
  VectorType type = k.vectorOf(k.b.getIndexType(), k.lanes);
  Value position = arith::AddIOp::create(
      k.b, k.loc, vector::StepOp::create(k.b, k.loc, type).getResult(),
      k.broadcast(i, k.lanes));
  return coordinateInRow(k, dim, position);
}
