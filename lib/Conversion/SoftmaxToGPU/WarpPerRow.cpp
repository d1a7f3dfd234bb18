// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Schedules.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitWarpPerRow(GPUBuilder &k, const RowNeeds &needs,
                                   GPUAlternativeAttr alternative,
                                   StringRef name) {
  int64_t rows = alternative.getRows();
  k.rowThreads = k.warpSize;
  k.beginKernel(name, {alternative.getThreads(), rows});
  k.thread = k.rem(k.threadInBlock, k.index(k.warpSize));
  Value number = k.add(k.mul(k.block, k.index(rows)),
                       k.div(k.threadInBlock, k.index(k.warpSize)));
  // The same for all threads of a warp.
  scf::IfOp::create(k.b, k.loc, k.lessThan(number, k.rowCount),
                    [&](OpBuilder &, Location) {
                      emitRowInRegisters(k, needs, number);
                      scf::YieldOp::create(k.b, k.loc);
                    });
}
