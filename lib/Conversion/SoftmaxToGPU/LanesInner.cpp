// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Schedules.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitLanesInnerOnGPU(GPUBuilder &k, const RowNeeds &needs,
                                        GPUAlternativeAttr alternative,
                                        StringRef name) {
  int64_t rows = alternative.getRows();
  k.rowThreads = 1;
  k.contiguous = false;
  k.beginKernel(name, {alternative.getThreads(), rows});
  k.thread = k.index(0);
  Value number = k.add(k.mul(k.block, k.index(rows)), k.threadInBlock);
  scf::IfOp::create(k.b, k.loc, k.lessThan(number, k.rowCount),
                    [&](OpBuilder &, Location) {
                      if (alternative.getMaxColumns())
                        emitRowInRegisters(k, needs, number);
                      else
                        emitRowOnline(k, needs, number);
                      scf::YieldOp::create(k.b, k.loc);
                    });
}
