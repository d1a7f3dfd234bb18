// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Schedules.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitBlockOnline(GPUBuilder &k, const RowNeeds &needs,
                                    GPUAlternativeAttr alternative,
                                    StringRef name) {
  k.rowThreads = alternative.getThreads();
  k.beginKernel(name, {alternative.getThreads()});
  k.thread = k.threadInBlock;
  emitRowOnline(k, needs, k.block);
}
