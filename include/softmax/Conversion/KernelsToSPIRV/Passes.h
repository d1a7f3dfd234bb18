// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_KERNELSTOSPIRV_PASSES_H
#define SOFTMAX_CONVERSION_KERNELSTOSPIRV_PASSES_H

#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::softmax {

/// Where Vulkan passes the arguments of a kernel.
struct VulkanArguments {
  /// Per argument: of memrefs the binding in set 0, of sizes and scalars the
  /// offset in the push constants in bytes.
  SmallVector<unsigned> places;
  unsigned numBindings = 0, pushConstantBytes = 0;
};

/// Bytes of push constants that every Vulkan device has.
inline constexpr unsigned mostPushConstantBytes = 128;

/// The places of kernel arguments of the given types.  index, i32 and f32 have
/// 4 bytes of push constants, i64 and f64 have 8 at a multiple of 8.
VulkanArguments layOutVulkanArguments(TypeRange types);

/// What a softmax kernel may ask of a Vulkan device: SPIR-V 1.3 with
/// `subgroupSize` threads per subgroup.
spirv::TargetEnvAttr getVulkanTargetEnv(MLIRContext *context,
                                        int64_t subgroupSize);

#define GEN_PASS_DECL
#include "softmax/Conversion/KernelsToSPIRV/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "softmax/Conversion/KernelsToSPIRV/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_CONVERSION_KERNELSTOSPIRV_PASSES_H
