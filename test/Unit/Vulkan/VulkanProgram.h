// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A function compiled for Vulkan and run on a device.
#ifndef SOFTMAX_TEST_UNIT_VULKAN_VULKANPROGRAM_H
#define SOFTMAX_TEST_UNIT_VULKAN_VULKANPROGRAM_H

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Reference/Comparison.h"
#include "softmax/Target/DeviceKernels.h"
#include "softmax/VulkanHost/Device.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::softmax {

class VulkanProgram {
public:
  /// The first function of `text`, on tensors.  Null, with a message in
  /// `problem`, if it does not compile.  `strategy` is empty for the schedule's
  /// own choice.
  static std::unique_ptr<VulkanProgram>
  compile(MLIRContext &context, StringRef text, unsigned subgroupSize,
          StringRef strategy, std::string &problem);

  struct Run {
    /// What went wrong; empty if nothing did.
    std::string problem;
    std::string kernel;
    /// Bytes of the results in order.
    std::vector<std::vector<char>> outputs;
  };
  /// Runs the kernel for `inputs`, in order.  With `inPlace` the first result
  /// has the buffer of the first input.
  Run run(vulkan::Device &device, ArrayRef<reference::ReferenceTensor> inputs,
          ArrayRef<reference::ReferenceTensor> expected, bool inPlace = false);

  /// The results that are right, with their bounds.
  FailureOr<SmallVector<reference::ReferenceTensor>>
  evaluate(ArrayRef<reference::ReferenceTensor> inputs);

private:
  OwningOpRef<ModuleOp> source;
  DeviceFunction function;
  std::vector<uint32_t> code;
  unsigned subgroupSize = 0;
};

} // namespace mlir::softmax

#endif // SOFTMAX_TEST_UNIT_VULKAN_VULKANPROGRAM_H
