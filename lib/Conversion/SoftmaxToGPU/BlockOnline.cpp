// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Schedules.h"
#include "softmax/Dialect/Transforms/Schedule.h"

using namespace mlir;
using namespace mlir::softmax;

int64_t mlir::softmax::registersOfBlocks(GPUBuilder &k) {
  bool simple = describeGPUShape(k.op, k.numeric.getAccuracy()).simple;
  bool few = simple && k.numeric.getExp() == ExpForm::Scaled;
  return few || k.capabilities.native != NativeInstructions::NVVM
             ? 0
             : kGPUManyRegisters;
}

void mlir::softmax::emitBlockOnline(GPUBuilder &k, const RowNeeds &needs,
                                    GPUAlternativeAttr alternative,
                                    StringRef name) {
  k.rowThreads = alternative.getThreads();
  LaunchForm form;
  form.threads = alternative.getThreads();
  form.registers = registersOfBlocks(k);
  k.beginKernel(name, form);
  k.thread = k.threadInBlock;
  emitRowOnline(k, needs, k.block);
}
