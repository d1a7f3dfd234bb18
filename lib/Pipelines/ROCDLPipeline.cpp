// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From outlined kernels to AMD device code.

#include "PipelineParts.h"

#include "softmax/Target/CodeObject.h"
#include "softmax/Target/Passes.h"

#include "mlir/Conversion/GPUToROCDL/GPUToROCDLPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::addROCDLPipeline(OpPassManager &manager,
                                     const GPUPipelineOptions &options) {
  GpuROCDLAttachTargetOptions target;
  target.triple = amdTriple;
  target.chip = options.chip.name;
  target.features = options.chip.features;
  target.abiVersion = amdCodeObjectABI;
  target.optLevel = 3;
  target.wave64Flag = options.chip.warpSize == 64;
  manager.addPass(createGpuROCDLAttachTarget(target));
  OpPassManager &device = manager.nest<gpu::GPUModuleOp>();
  addToControlFlow(device);
  SoftmaxWarpShufflesToROCDLPassOptions shuffles;
  shuffles.chip = options.chip.name;
  shuffles.warpSize = options.chip.warpSize;
  device.addPass(createSoftmaxWarpShufflesToROCDLPass(shuffles));
  ConvertGpuOpsToROCDLOpsOptions rocdl;
  rocdl.chipset = options.chip.name;
  rocdl.useBarePtrCallConv = true;
  device.addPass(createConvertGpuOpsToROCDLOps(rocdl));
  device.addPass(createSoftmaxResolveDeviceFunctionsPass());
  device.addPass(createSoftmaxLayOutSharedMemoryPass());
  addCleanUp(device);
  device.addPass(createReconcileUnrealizedCastsPass());
  device.addPass(createSoftmaxCheckDeviceCodePass());
  // Upstream's way from assembly to a code object starts ROCm's linker.
  bool link = options.format == DeviceFormat::Binary;
  addBinary(manager, link ? DeviceFormat::Isa : options.format);
  if (link)
    manager.addPass(createLinkCodeObjectsPass());
}
