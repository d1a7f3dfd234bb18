// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The functions of Vulkan, from the loader.
#ifndef SOFTMAX_LIB_VULKANHOST_LOADER_H
#define SOFTMAX_LIB_VULKANHOST_LOADER_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

#include "llvm/Support/Error.h"

namespace mlir::softmax::vulkan {

#define SOFTMAX_VULKAN_FUNCTIONS(X)                                            \
  X(DestroyInstance)                                                           \
  X(EnumeratePhysicalDevices)                                                  \
  X(GetPhysicalDeviceProperties2)                                              \
  X(GetPhysicalDeviceFeatures2)                                                \
  X(GetPhysicalDeviceMemoryProperties)                                         \
  X(GetPhysicalDeviceQueueFamilyProperties)                                    \
  X(CreateDevice)                                                              \
  X(DestroyDevice)                                                             \
  X(GetDeviceQueue)                                                            \
  X(CreateBuffer)                                                              \
  X(DestroyBuffer)                                                             \
  X(GetBufferMemoryRequirements)                                               \
  X(AllocateMemory)                                                            \
  X(FreeMemory)                                                                \
  X(BindBufferMemory)                                                          \
  X(MapMemory)                                                                 \
  X(UnmapMemory)                                                               \
  X(CreateShaderModule)                                                        \
  X(DestroyShaderModule)                                                       \
  X(CreateDescriptorSetLayout)                                                 \
  X(DestroyDescriptorSetLayout)                                                \
  X(CreatePipelineLayout)                                                      \
  X(DestroyPipelineLayout)                                                     \
  X(CreateComputePipelines)                                                    \
  X(DestroyPipeline)                                                           \
  X(CreateDescriptorPool)                                                      \
  X(DestroyDescriptorPool)                                                     \
  X(AllocateDescriptorSets)                                                    \
  X(UpdateDescriptorSets)                                                      \
  X(CreateCommandPool)                                                         \
  X(DestroyCommandPool)                                                        \
  X(AllocateCommandBuffers)                                                    \
  X(BeginCommandBuffer)                                                        \
  X(EndCommandBuffer)                                                          \
  X(CmdBindPipeline)                                                           \
  X(CmdBindDescriptorSets)                                                     \
  X(CmdPushConstants)                                                          \
  X(CmdDispatch)                                                               \
  X(CmdPipelineBarrier)                                                        \
  X(QueueSubmit)                                                               \
  X(QueueWaitIdle)

/// vk##NAME is called NAME here.
struct Functions {
  VkInstance instance = VK_NULL_HANDLE;
#define SOFTMAX_DECLARE(name) PFN_vk##name name = nullptr;
  SOFTMAX_VULKAN_FUNCTIONS(SOFTMAX_DECLARE)
#undef SOFTMAX_DECLARE
};

/// Opens the loader and makes an instance of Vulkan 1.2, which the caller
/// destroys.  Fails, and says what to install, if that cannot be.
llvm::Expected<Functions> loadVulkan();

} // namespace mlir::softmax::vulkan

#endif // SOFTMAX_LIB_VULKANHOST_LOADER_H
