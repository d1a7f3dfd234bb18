// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Conversion/KernelsToSPIRV/Passes.h"

#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::softmax;

VulkanArguments mlir::softmax::layOutVulkanArguments(TypeRange types) {
  VulkanArguments arguments;
  for (Type type : types) {
    if (isa<MemRefType>(type)) {
      arguments.places.push_back(arguments.numBindings++);
      continue;
    }
    unsigned bytes =
        type.isIndex() || type.getIntOrFloatBitWidth() <= 32 ? 4 : 8;
    arguments.pushConstantBytes = static_cast<unsigned>(
        llvm::alignTo(arguments.pushConstantBytes, bytes));
    arguments.places.push_back(arguments.pushConstantBytes);
    arguments.pushConstantBytes += bytes;
  }
  return arguments;
}

spirv::TargetEnvAttr mlir::softmax::getVulkanTargetEnv(MLIRContext *context,
                                                       int64_t subgroupSize) {
  using spirv::Capability;
  using spirv::Extension;
  Capability capabilities[] = {
      Capability::Shader,
      Capability::Int8,
      Capability::Int16,
      Capability::Int64,
      Capability::Float16,
      Capability::Float64,
      Capability::StorageBuffer8BitAccess,
      Capability::StorageBuffer16BitAccess,
      Capability::GroupNonUniform,
      Capability::GroupNonUniformArithmetic,
      Capability::GroupNonUniformShuffle,
      Capability::SignedZeroInfNanPreserve,
      Capability::RoundingModeRTE,
  };
  Extension extensions[] = {
      Extension::SPV_KHR_storage_buffer_storage_class,
      Extension::SPV_KHR_8bit_storage,
      Extension::SPV_KHR_16bit_storage,
      Extension::SPV_KHR_float_controls,
  };
  auto triple = spirv::VerCapExtAttr::get(spirv::Version::V_1_3, capabilities,
                                          extensions, context);
  auto defaults = spirv::getDefaultResourceLimits(context);
  auto limits = spirv::ResourceLimitsAttr::get(
      context, defaults.getMaxComputeSharedMemorySize(),
      defaults.getMaxComputeWorkgroupInvocations(),
      defaults.getMaxComputeWorkgroupSize(), static_cast<int>(subgroupSize),
      std::nullopt, std::nullopt, defaults.getCooperativeMatrixPropertiesKhr(),
      defaults.getCooperativeMatrixPropertiesNv());
  return spirv::TargetEnvAttr::get(triple, limits, spirv::ClientAPI::Vulkan);
}
