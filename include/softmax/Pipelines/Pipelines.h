// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The whole way down to LLVM's dialect, as pass pipelines.
#ifndef SOFTMAX_PIPELINES_PIPELINES_H
#define SOFTMAX_PIPELINES_PIPELINES_H

#include "softmax/Schedule/GPUDescription.h"
#include "softmax/Schedule/TargetDescription.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/Pass.h"

#include <string>

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace mlir::softmax {

#define GEN_PASS_DECL
#include "softmax/Pipelines/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "softmax/Pipelines/Passes.h.inc"

struct PipelineOptions {
  TargetDescription target;
  /// "default", "strict" or "fast"; the pass that assigns schedules refuses
  /// what it does not know.
  std::string accuracy = "default";
  /// "none", or "openmp": kernels run on the threads of the OpenMP runtime.
  std::string threads = "none";
  /// A strategy to use wherever it applies, or empty.
  std::string forceStrategy;
  /// Whether element-wise neighbours become a part of softmax ops, which
  /// changes no bit of a result.
  bool fuse = true;
  /// Whether the functions become kernels with the C interface: memrefs of any
  /// stride, scratch from a workspace, a range of rows.  Otherwise they keep
  /// memref arguments in row-major order and allocate their scratch.
  bool kernels = false;
  /// Whether kernels get their C interface.  Without it they are versions for
  /// mergeVersions (softmax/Target/Versions.h).
  bool interface = true;
};

/// Registers every dialect and external model that the pipelines and their
/// inputs need.
void registerPipelineDialects(DialectRegistry &registry);

/// What spells out softmax becomes softmax operations; operations of arith and
/// math on tensors become linalg.
void buildRaisePipeline(OpPassManager &manager);

/// From tensors or memrefs to scheduled softmax.generic on memrefs: raise,
/// generalize, fuse, results to destinations, bufferize, assign schedules.
void buildToSchedulePipeline(OpPassManager &manager,
                             const PipelineOptions &options);

/// From there to the LLVM dialect.  A softmax op that cannot be lowered is a
/// diagnostic and a failure, never left behind.
void buildToLLVMPipeline(OpPassManager &manager,
                         const PipelineOptions &options);

/// The last step of kernels by itself, for versions that were merged.
void buildInterfacePipeline(OpPassManager &manager,
                            const PipelineOptions &options);

/// What becomes of device code.
enum class DeviceFormat {
  /// A gpu.module in the dialects of LLVM and of the vendor (NVVM, ROCDL).
  Dialect,
  /// LLVM bitcode in a gpu.binary.
  LLVM,
  /// PTX or AMDGCN assembly in a gpu.binary; needs no tool of a vendor's.
  Isa,
  /// Machine code in a gpu.binary: a cubin, which needs ptxas, or a code object
  /// of AMD's.
  Binary
};

struct GPUPipelineOptions {
  GPUDescription chip;
  DeviceFormat format = DeviceFormat::Isa;
  /// As for CPUs.
  std::string accuracy = "default";
  std::string forceStrategy;
  bool fuse = true;
};

/// From tensors or memrefs to kernels for a GPU and the code that
/// launches them, in row-major buffers.  What cannot be lowered is a diagnostic
/// and a failure.
void buildToGPUBinaryPipeline(OpPassManager &manager,
                              const GPUPipelineOptions &options);
/// Its first part, which ends with scheduled softmax.generic on memrefs.
void buildToGPUSchedulePipeline(OpPassManager &manager,
                                const GPUPipelineOptions &options);
/// The rest.
void buildFromGPUSchedulePipeline(OpPassManager &manager,
                                  const GPUPipelineOptions &options);

/// Registers the pipelines --softmax-to-gpu-binary, and --softmax-to-llvm, both
/// of the above in order.
void registerSoftmaxPipelines();

} // namespace mlir::softmax

#endif // SOFTMAX_PIPELINES_PIPELINES_H
