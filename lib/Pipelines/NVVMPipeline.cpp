// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From outlined kernels to NVIDIA device code.

#include "PipelineParts.h"

#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::addNVVMPipeline(OpPassManager &manager,
                                    const GPUPipelineOptions &options) {
  GpuNVVMAttachTargetOptions target;
  target.chip = options.chip.name;
  target.features = options.chip.features;
  target.optLevel = 3;
  manager.addPass(createGpuNVVMAttachTarget(target));
  OpPassManager &device = manager.nest<gpu::GPUModuleOp>();
  addToControlFlow(device);
  ConvertGpuOpsToNVVMOpsOptions nvvm;
  nvvm.useBarePtrCallConv = true;
  nvvm.hasRedux = options.chip.reducesIntegers;
  device.addPass(createConvertGpuOpsToNVVMOps(nvvm));
  device.addPass(createSoftmaxResolveDeviceFunctionsPass());
  device.addPass(createSoftmaxLayOutSharedMemoryPass());
  addCleanUp(device);
  device.addPass(createReconcileUnrealizedCastsPass());
  device.addPass(createSoftmaxCheckDeviceCodePass());
  addBinary(manager, options.format);
}
