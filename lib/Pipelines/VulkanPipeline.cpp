// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From outlined kernels to SPIR-V for Vulkan.

#include "PipelineParts.h"

#include "softmax/Conversion/KernelsToSPIRV/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::addVulkanPipeline(OpPassManager &manager,
                                      const GPUPipelineOptions &options) {
  SoftmaxConvertKernelsToSPIRVPassOptions conversion;
  conversion.subgroupSize = options.chip.warpSize;
  manager.addPass(createSoftmaxConvertKernelsToSPIRVPass(conversion));
  OpPassManager &device = manager.nest<spirv::ModuleOp>();
  device.addPass(spirv::createSPIRVLowerABIAttributesPass());
  device.addPass(createSoftmaxDecorateSPIRVPass());
  addCleanUp(device);
  device.addPass(spirv::createSPIRVUpdateVCEPass());
  if (options.format != DeviceFormat::Dialect)
    manager.addPass(createSoftmaxSerializeSPIRVPass());
}
