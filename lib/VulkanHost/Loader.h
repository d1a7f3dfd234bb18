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
  X(destroyInstance, DestroyInstance)                                          \
  X(enumeratePhysicalDevices, EnumeratePhysicalDevices)                        \
  X(getPhysicalDeviceProperties2, GetPhysicalDeviceProperties2)                \
  X(getPhysicalDeviceFeatures2, GetPhysicalDeviceFeatures2)                    \
  X(getPhysicalDeviceMemoryProperties, GetPhysicalDeviceMemoryProperties)      \
  X(getPhysicalDeviceQueueFamilyProperties,                                    \
    GetPhysicalDeviceQueueFamilyProperties)                                    \
  X(createDevice, CreateDevice)                                                \
  X(destroyDevice, DestroyDevice)                                              \
  X(getDeviceQueue, GetDeviceQueue)                                            \
  X(createBuffer, CreateBuffer)                                                \
  X(destroyBuffer, DestroyBuffer)                                              \
  X(getBufferMemoryRequirements, GetBufferMemoryRequirements)                  \
  X(allocateMemory, AllocateMemory)                                            \
  X(freeMemory, FreeMemory)                                                    \
  X(bindBufferMemory, BindBufferMemory)                                        \
  X(mapMemory, MapMemory)                                                      \
  X(unmapMemory, UnmapMemory)                                                  \
  X(createShaderModule, CreateShaderModule)                                    \
  X(destroyShaderModule, DestroyShaderModule)                                  \
  X(createDescriptorSetLayout, CreateDescriptorSetLayout)                      \
  X(destroyDescriptorSetLayout, DestroyDescriptorSetLayout)                    \
  X(createPipelineLayout, CreatePipelineLayout)                                \
  X(destroyPipelineLayout, DestroyPipelineLayout)                              \
  X(createComputePipelines, CreateComputePipelines)                            \
  X(destroyPipeline, DestroyPipeline)                                          \
  X(createDescriptorPool, CreateDescriptorPool)                                \
  X(destroyDescriptorPool, DestroyDescriptorPool)                              \
  X(allocateDescriptorSets, AllocateDescriptorSets)                            \
  X(updateDescriptorSets, UpdateDescriptorSets)                                \
  X(createCommandPool, CreateCommandPool)                                      \
  X(destroyCommandPool, DestroyCommandPool)                                    \
  X(allocateCommandBuffers, AllocateCommandBuffers)                            \
  X(beginCommandBuffer, BeginCommandBuffer)                                    \
  X(endCommandBuffer, EndCommandBuffer)                                        \
  X(cmdBindPipeline, CmdBindPipeline)                                          \
  X(cmdBindDescriptorSets, CmdBindDescriptorSets)                              \
  X(cmdPushConstants, CmdPushConstants)                                        \
  X(cmdDispatch, CmdDispatch)                                                  \
  X(cmdPipelineBarrier, CmdPipelineBarrier)                                    \
  X(queueSubmit, QueueSubmit)                                                  \
  X(queueWaitIdle, QueueWaitIdle)

/// vkCreateBuffer is called createBuffer here.
struct Functions {
  VkInstance instance = VK_NULL_HANDLE;
#define SOFTMAX_DECLARE(member, function) PFN_vk##function member = nullptr;
  SOFTMAX_VULKAN_FUNCTIONS(SOFTMAX_DECLARE)
#undef SOFTMAX_DECLARE
};

/// Opens the loader and makes an instance of Vulkan 1.2, which the caller
/// destroys.  Fails, and says what to install, if that cannot be.
llvm::Expected<Functions> loadVulkan();

} // namespace mlir::softmax::vulkan

#endif // SOFTMAX_LIB_VULKANHOST_LOADER_H
