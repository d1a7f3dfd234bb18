// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The way down to device code: what all GPUs share.

#include "PipelineParts.h"

#include "softmax/Conversion/SoftmaxToGPU/Passes.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "softmax/Math/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::buildToGPUSchedulePipeline(
    OpPassManager &manager, const GPUPipelineOptions &options) {
  addInlining(manager);
  PipelineOptions front;
  front.fuse = options.fuse;
  front.accuracy = options.accuracy;
  buildToMemRefPipeline(manager, front);
  SoftmaxAssignGPUSchedulePassOptions schedule;
  schedule.chip = options.chip.name;
  schedule.accuracy = options.accuracy;
  schedule.forceStrategy = options.forceStrategy;
  manager.addPass(createSoftmaxAssignGPUSchedulePass(schedule));
}

void mlir::softmax::buildFromGPUSchedulePipeline(
    OpPassManager &manager, const GPUPipelineOptions &options) {
  ConvertSoftmaxToGPUPassOptions lowering;
  lowering.redux = options.chip.reducesIntegers;
  lowering.native =
      options.chip.kind == GPUKind::NVIDIA ? NativeInstructions::NVVM
      : options.chip.kind == GPUKind::AMD  ? NativeInstructions::ROCDL
                                           : NativeInstructions::None;
  lowering.fma = options.chip.fusesMultiplyAdd;
  lowering.longGrid = options.chip.hasLongGrid;
  manager.addNestedPass<func::FuncOp>(createConvertSoftmaxToGPUPass(lowering));
  manager.addPass(createSoftmaxCheckLoweredPass());
  // At once: what is computed twice, on the host and in a kernel, would become
  // an argument.
  manager.addPass(createGpuKernelOutliningPass());
  manager.addPass(createSoftmaxSetLaunchBoundsPass());
  SoftmaxExpandMathOptions math;
  math.fma = options.chip.fusesMultiplyAdd;
  math.f16c = options.chip.convertsF16;
  math.bf16 = options.chip.convertsBF16;
  manager.addPass(createSoftmaxExpandMath(math));
  addCleanUp(manager);

  switch (options.chip.kind) {
  case GPUKind::NVIDIA:
    return addNVVMPipeline(manager, options);
  case GPUKind::AMD:
    return addROCDLPipeline(manager, options);
  case GPUKind::Vulkan:
    return addVulkanPipeline(manager, options);
  }
}

void mlir::softmax::addToControlFlow(OpPassManager &device) {
  device.addPass(memref::createExpandStridedMetadataPass());
  device.addPass(createLowerAffinePass());
  device.addPass(createSCFToControlFlowPass());
}

void mlir::softmax::addBinary(OpPassManager &manager, DeviceFormat format) {
  if (format == DeviceFormat::Dialect)
    return;
  GpuModuleToBinaryPassOptions binary;
  binary.compilationTarget = format == DeviceFormat::LLVM  ? "llvm"
                             : format == DeviceFormat::Isa ? "isa"
                                                           : "bin";
  manager.addPass(createGpuModuleToBinaryPass(binary));
}

void mlir::softmax::buildToGPUBinaryPipeline(
    OpPassManager &manager, const GPUPipelineOptions &options) {
  buildToGPUSchedulePipeline(manager, options);
  buildFromGPUSchedulePipeline(manager, options);
}

namespace {
/// The textual options of --softmax-to-gpu-binary.
struct ToGPUOptions : PassPipelineOptions<ToGPUOptions> {
  Option<std::string> chip{
      *this, "chip",
      llvm::cl::desc("sm_75, sm_80, sm_90, sm_100, gfx90a, gfx942, gfx1100, "
                     "or vulkan[:subgroup=N]"),
      llvm::cl::init("sm_90")};
  Option<std::string> format{
      *this, "format",
      llvm::cl::desc(
          "dialect (NVVM, ROCDL or SPIR-V), llvm (bitcode), isa (PTX or AMDGCN "
          "assembly) or bin (machine code, for which ptxas is needed for "
          "NVIDIA's; SPIR-V)"),
      llvm::cl::init("isa")};
  Option<std::string> accuracy{*this, "accuracy",
                               llvm::cl::desc("default, strict or fast"),
                               llvm::cl::init("default")};
  Option<std::string> forceStrategy{
      *this, "force-strategy",
      llvm::cl::desc("the one strategy to use for all rows"),
      llvm::cl::init("")};
  Option<bool> fuse{
      *this, "fuse",
      llvm::cl::desc("make element-wise neighbours a part of softmax ops"),
      llvm::cl::init(true)};
};
} // namespace

static void buildFromText(OpPassManager &manager, const ToGPUOptions &given) {
  llvm::StringRef name = "softmax-to-gpu-binary";
  llvm::Expected<GPUDescription> chip = parseGPU(given.chip);
  if (!chip)
    return addRefusal(manager, name, llvm::toString(chip.takeError()));
  auto format = llvm::StringSwitch<std::optional<DeviceFormat>>(given.format)
                    .Case("dialect", DeviceFormat::Dialect)
                    .Case("llvm", DeviceFormat::LLVM)
                    .Case("isa", DeviceFormat::Isa)
                    .Case("bin", DeviceFormat::Binary)
                    .Default(std::nullopt);
  if (!format)
    return addRefusal(manager, name,
                      "unknown format '" + given.format +
                          "'; use dialect, llvm, isa or bin");
  if (chip->kind == GPUKind::Vulkan && *format != DeviceFormat::Dialect &&
      *format != DeviceFormat::Binary)
    return addRefusal(manager, name,
                      "Vulkan has neither bitcode of LLVM nor assembly; use "
                      "format=bin (SPIR-V) or dialect");
  GPUPipelineOptions options;
  options.chip = *chip;
  options.format = *format;
  options.accuracy = given.accuracy;
  options.forceStrategy = given.forceStrategy;
  options.fuse = given.fuse;
  buildToGPUBinaryPipeline(manager, options);
}

void mlir::softmax::registerGPUPipelines() {
  PassPipelineRegistration<ToGPUOptions>("softmax-to-gpu-binary",
                                         "lower the softmax dialect on tensors "
                                         "or memrefs to kernels for a GPU",
                                         buildFromText);
}
