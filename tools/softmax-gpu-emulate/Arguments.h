// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Between .npy files and the arguments of a kernel.
#ifndef SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_ARGUMENTS_H
#define SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_ARGUMENTS_H

#include "Options.h"

#include "softmax/Reference/Npy.h"
#include "softmax/Target/OutputFiles.h"

namespace mlir::softmax {

/// The buffers of a launch.
struct LaunchBuffers {
  /// Per --arg; none for scalars and for addresses in another's buffer.
  std::vector<std::unique_ptr<emulator::Buffer>> buffers;
  std::vector<std::vector<int64_t>> shapes;
  std::vector<reference::NpyType> types;
};

/// Reads what the options name and appends the arguments to the launch.
llvm::Expected<LaunchBuffers> makeArguments(llvm::ArrayRef<ArgumentSpec> specs,
                                            emulator::Launch &launch);

/// The .npy files that the options ask for.
std::vector<OutputFile> makeOutputs(llvm::ArrayRef<ArgumentSpec> specs,
                                    const LaunchBuffers &buffers);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_ARGUMENTS_H
