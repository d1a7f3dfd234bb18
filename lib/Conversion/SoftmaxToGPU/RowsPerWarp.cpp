// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Schedules.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitRowsPerWarp(GPUBuilder &k, const RowNeeds &needs,
                                    GPUAlternativeAttr alternative,
                                    StringRef name) {
  int64_t rows = alternative.getRows();
  k.rowThreads = alternative.getThreads() / rows;
  k.beginKernel(name, {alternative.getThreads(), rows});
  k.thread = k.rem(k.threadInBlock, k.index(k.rowThreads));
  Value number = k.add(k.mul(k.block, k.index(rows)),
                       k.div(k.threadInBlock, k.index(k.rowThreads)));
  // All threads of a warp shuffle.  Those behind the last row have its
  // row-invariant inputs, and no elements.
  k.rowValid = k.lessThan(number, k.rowCount);
  k.makeUniform = [&](Value condition) {
    Value any = k.overWarp(
        arith::ExtUIOp::create(k.b, k.loc, k.b.getI32Type(), condition),
        [&](Value x, Value y) {
          return arith::OrIOp::create(k.b, k.loc, x, y);
        });
    return arith::TruncIOp::create(k.b, k.loc, k.b.getI1Type(), any)
        .getResult();
  };
  emitRowInRegisters(k, needs, k.min(number, k.sub(k.rowCount, k.index(1))));
  k.rowValid = nullptr;
  k.makeUniform = nullptr;
}
