// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels on their way to a GPU's code; one file per kind of GPU.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_DEVICECOMPILER_H
#define SOFTMAX_TOOLS_SOFTMAXC_DEVICECOMPILER_H

#include "CompileDevice.h"
#include "Targets.h"

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Target/DeviceLauncher.h"

namespace mlir::softmax {

class DeviceCompiler {
public:
  DeviceCompiler(const Options &options, SourceOperands &operands,
                 DeviceOutputs &outputs)
      : options(options), operands(operands), outputs(outputs) {}

  /// Schedules, and code if some is asked for.  `module` is used up.
  LogicalResult compile(ModuleOp module, const GPUDescription &chip);
  /// What holds the code for all chips.
  LogicalResult finish(ModuleOp module);

private:
  bool wants(EmitKind kind) const { return output(kind) != nullptr; }
  const Output *output(EmitKind kind) const;
  /// The name of a file that is written, for its own text.
  std::string fileName(EmitKind kind) const;
  /// The code of `module`, whose ops are scheduled, in `format`; leaves in it
  /// how its kernels are launched.
  static FailureOr<std::string>
  emitCode(ModuleOp module, GPUPipelineOptions pipeline, DeviceFormat format);
  /// Writes LLVM IR if it is asked for.
  LogicalResult emitLLVM(ModuleOp module, const GPUPipelineOptions &pipeline);
  /// Header and manifest; `code` is looked at for Vulkan.
  void describe(ArrayRef<DeviceFunction> functions, const GPUDescription &chip,
                StringRef code = {});

  // CompileNVIDIA.cpp
  LogicalResult compileNVIDIA(ModuleOp module,
                              const GPUPipelineOptions &pipeline);
  LogicalResult finishNVIDIA(ModuleOp module);
  LogicalResult emitShared(ModuleOp module);

  // CompileAMD.cpp
  LogicalResult compileAMD(ModuleOp module, const GPUPipelineOptions &pipeline);

  // CompileVulkan.cpp
  LogicalResult compileVulkan(ModuleOp module,
                              const GPUPipelineOptions &pipeline);

  const Options &options;
  SourceOperands &operands;
  DeviceOutputs &outputs;
  /// NVIDIA's code per chip.
  SmallVector<DeviceVersion, 1> versions;
};

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_DEVICECOMPILER_H
