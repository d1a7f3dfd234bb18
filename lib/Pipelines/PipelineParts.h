// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the CPU and GPU pipelines share.

#ifndef SOFTMAX_LIB_PIPELINES_PIPELINEPARTS_H
#define SOFTMAX_LIB_PIPELINES_PIPELINEPARTS_H

#include "softmax/Pipelines/Pipelines.h"

namespace mlir::softmax {

/// Canonicalization and common subexpressions.
void addCleanUp(OpPassManager &manager);
/// What kernels call becomes a part of them.
void addInlining(OpPassManager &manager);
/// Makes the pipeline `name` fail with `message`: a pipeline's builder cannot
/// report a wrong option itself.
void addRefusal(OpPassManager &manager, StringRef name, std::string message);

/// From tensors or memrefs to softmax.generic on memrefs: raise, generalize,
/// fuse, results to destinations, bufferize.
void buildToMemRefPipeline(OpPassManager &manager,
                           const PipelineOptions &options);

/// From outlined kernels, in modules of the gpu dialect and the upstream ones
/// that it stands among, to code for the kind of GPU.
void addNVVMPipeline(OpPassManager &manager, const GPUPipelineOptions &options);
void addROCDLPipeline(OpPassManager &manager,
                      const GPUPipelineOptions &options);
/// Views and structured control flow of a gpu.module become plain memrefs and
/// branches.
void addToControlFlow(OpPassManager &device);
void addVulkanPipeline(OpPassManager &manager,
                       const GPUPipelineOptions &options);
/// From a gpu.module with a target to the gpu.binary of `format`; none for
/// DeviceFormat::Dialect.
void addBinary(OpPassManager &manager, DeviceFormat format);

/// Registers --softmax-to-gpu-binary.
void registerGPUPipelines();

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_PIPELINES_PIPELINEPARTS_H
