// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Target/Status.h"

using namespace mlir::softmax;

llvm::ArrayRef<KernelStatusText> mlir::softmax::kernelStatuses() {
  static constexpr KernelStatusText statuses[] = {
      {KernelStatus::Ok, "SOFTMAX_OK", "success"},
      {KernelStatus::NullArgument, "SOFTMAX_NULL_ARGUMENT", "null argument"},
      {KernelStatus::WrongDevice, "SOFTMAX_WRONG_DEVICE", "wrong device"},
      {KernelStatus::WrongType, "SOFTMAX_WRONG_TYPE", "wrong element type"},
      {KernelStatus::WrongRank, "SOFTMAX_WRONG_RANK", "wrong rank"},
      {KernelStatus::WrongShape, "SOFTMAX_WRONG_SHAPE",
       "wrong or disagreeing shape, or a range outside of [0, units]"},
      {KernelStatus::UnsupportedStrides, "SOFTMAX_UNSUPPORTED_STRIDES",
       "unsupported strides, misaligned data, or overlapping buffers"},
      {KernelStatus::OutOfMemory, "SOFTMAX_OUT_OF_MEMORY", "out of memory"},
      {KernelStatus::LabelOutOfRange, "SOFTMAX_LABEL_OUT_OF_RANGE",
       "label out of range"},
      {KernelStatus::NoCpuVersion, "SOFTMAX_NO_CPU_VERSION",
       "no version of the kernel for this CPU"},
  };
  return statuses;
}
