// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TOOLS_SOFTMAXVULKANRUN_RUN_H
#define SOFTMAX_TOOLS_SOFTMAXVULKANRUN_RUN_H

#include <string>
#include <vector>

namespace mlir::softmax {

struct VulkanRunOptions {
  /// The manifest; the SPIR-V, empty for the file beside it; the function,
  /// empty for the only one; a part of the device's name.
  std::string manifest, code, function, device;
  /// Files of the inputs and scalars, and of the outputs, in order.
  std::vector<std::string> inputs, outputs;
};

/// Runs a kernel on .npy files.  Returns the exit status, with a message on
/// stderr if it is not 0.
int runOnVulkan(const VulkanRunOptions &options);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXVULKANRUN_RUN_H
