// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/VulkanHost/Device.h"
#include "Loader.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"

#include <cstring>

using namespace mlir::softmax::vulkan;

namespace {
/// What of a device kernels may ask for, by the names of SPIR-V's capabilities.
struct Features {
  VkPhysicalDeviceVulkan12Features vulkan12 = {};
  VkPhysicalDeviceVulkan11Features vulkan11 = {};
  VkPhysicalDeviceFeatures2 base = {};

  Features() {
    vulkan12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    vulkan11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
    vulkan11.pNext = &vulkan12;
    base.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    base.pNext = &vulkan11;
  }
  Features(const Features &) = delete;
  Features &operator=(const Features &) = delete;

  /// Calls `handle` with each capability and whether it is there, or enabled.
  void visit(llvm::function_ref<void(llvm::StringRef, VkBool32 &)> handle) {
    handle("Int16", base.features.shaderInt16);
    handle("Int64", base.features.shaderInt64);
    handle("Float64", base.features.shaderFloat64);
    handle("Int8", vulkan12.shaderInt8);
    handle("Float16", vulkan12.shaderFloat16);
    handle("StorageBuffer8BitAccess", vulkan12.storageBuffer8BitAccess);
    handle("StorageBuffer16BitAccess", vulkan11.storageBuffer16BitAccess);
  }
};
} // namespace

static llvm::Error check(VkResult result, const char *what) {
  if (result == VK_SUCCESS)
    return llvm::Error::success();
  return llvm::createStringError("Vulkan could not %s (VkResult %d)", what,
                                 static_cast<int>(result));
}

struct Device::Implementation {
  Functions vk;
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
  VkQueue queue = VK_NULL_HANDLE;
  uint32_t family = 0;
  std::string name;
  // Filled in by `describe`.
  VkPhysicalDeviceVulkan12Properties properties12;
  VkPhysicalDeviceVulkan11Properties properties11;
  VkPhysicalDeviceMemoryProperties memory = {};
  std::vector<std::string> capabilities;

  explicit Implementation(const Functions &functions) : vk(functions) {}
  ~Implementation() {
    if (device)
      vk.destroyDevice(device, nullptr);
    vk.destroyInstance(vk.instance, nullptr);
  }

  llvm::Error choose(llvm::StringRef wanted, bool preferCPU);
  void describe();
  llvm::Error create();
  llvm::Expected<uint32_t> findMemory(uint32_t types) const;
};

llvm::Error Device::Implementation::choose(llvm::StringRef wanted,
                                           bool preferCPU) {
  uint32_t count = 0;
  vk.enumeratePhysicalDevices(vk.instance, &count, nullptr);
  std::vector<VkPhysicalDevice> devices(count);
  vk.enumeratePhysicalDevices(vk.instance, &count, devices.data());
  std::string names;
  for (VkPhysicalDevice candidate : devices) {
    VkPhysicalDeviceProperties2 properties = {};
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    vk.getPhysicalDeviceProperties2(candidate, &properties);
    llvm::StringRef found = properties.properties.deviceName;
    names += (names.empty() ? "" : ", ") + found.str();
    bool cpu = properties.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    if (properties.properties.apiVersion < VK_API_VERSION_1_2 ||
        !found.contains_insensitive(wanted) ||
        (physical && !(preferCPU && cpu)))
      continue;
    physical = candidate;
    if (!preferCPU || cpu)
      break;
  }
  if (physical)
    return llvm::Error::success();
  return llvm::createStringError(
      names.empty() ? "there is no Vulkan device; install a driver, as "
                      "mesa-vulkan-drivers"
                    : "no device of Vulkan 1.2 is called '" + wanted.str() +
                          "'; there is " + names);
}

void Device::Implementation::describe() {
  std::memset(&properties12, 0, sizeof properties12);
  std::memset(&properties11, 0, sizeof properties11);
  properties12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES;
  properties11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES;
  properties11.pNext = &properties12;
  VkPhysicalDeviceProperties2 properties = {};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &properties11;
  vk.getPhysicalDeviceProperties2(physical, &properties);
  name = properties.properties.deviceName;
  vk.getPhysicalDeviceMemoryProperties(physical, &memory);
  // Matrix is a part of Shader.
  capabilities = {"Shader", "Matrix"};
  auto has = [&](bool supported, const char *capability) {
    if (supported)
      capabilities.push_back(capability);
  };
  VkSubgroupFeatureFlags subgroups = properties11.subgroupSupportedOperations;
  has(subgroups & VK_SUBGROUP_FEATURE_BASIC_BIT, "GroupNonUniform");
  has(subgroups & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT,
      "GroupNonUniformArithmetic");
  has(subgroups & VK_SUBGROUP_FEATURE_SHUFFLE_BIT, "GroupNonUniformShuffle");
  has(properties12.shaderSignedZeroInfNanPreserveFloat32 &&
          properties12.shaderSignedZeroInfNanPreserveFloat64,
      "SignedZeroInfNanPreserve");
  has(properties12.shaderRoundingModeRTEFloat32 &&
          properties12.shaderRoundingModeRTEFloat64,
      "RoundingModeRTE");
}

llvm::Error Device::Implementation::create() {
  uint32_t count = 0;
  vk.getPhysicalDeviceQueueFamilyProperties(physical, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vk.getPhysicalDeviceQueueFamilyProperties(physical, &count, families.data());
  while (family < count &&
         !(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT))
    ++family;
  if (family == count)
    return llvm::createStringError("device '" + name +
                                   "' has no compute queue; use another one");
  Features supported;
  vk.getPhysicalDeviceFeatures2(physical, &supported.base);
  Features enabled;
  supported.visit([&](llvm::StringRef capability, VkBool32 &has) {
    if (!has)
      return;
    capabilities.push_back(capability.str());
    enabled.visit([&](llvm::StringRef other, VkBool32 &enable) {
      if (other == capability)
        enable = VK_TRUE;
    });
  });
  float priority = 1;
  VkDeviceQueueCreateInfo queueInfo = {};
  queueInfo.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queueInfo.queueFamilyIndex = family;
  queueInfo.queueCount = 1;
  queueInfo.pQueuePriorities = &priority;
  VkDeviceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &enabled.base;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queueInfo;
  if (llvm::Error error = check(
          vk.createDevice(physical, &info, nullptr, &device), "make a device"))
    return error;
  vk.getDeviceQueue(device, family, 0, &queue);
  return llvm::Error::success();
}

llvm::Expected<uint32_t>
Device::Implementation::findMemory(uint32_t types) const {
  constexpr VkMemoryPropertyFlags needed = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                           VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
    if ((types >> i & 1) &&
        (memory.memoryTypes[i].propertyFlags & needed) == needed)
      return i;
  return llvm::createStringError("device '" + name +
                                 "' has no memory that the host may map");
}

Device::Device(std::unique_ptr<Implementation> given)
    : implementation(std::move(given)) {}
Device::~Device() = default;

llvm::Expected<std::unique_ptr<Device>> Device::open(llvm::StringRef name,
                                                     bool preferCPU) {
  llvm::Expected<Functions> functions = loadVulkan();
  if (!functions)
    return functions.takeError();
  auto implementation = std::make_unique<Implementation>(*functions);
  if (llvm::Error error = implementation->choose(name, preferCPU))
    return error;
  implementation->describe();
  if (llvm::Error error = implementation->create())
    return error;
  return std::unique_ptr<Device>(new Device(std::move(implementation)));
}

llvm::StringRef Device::getName() const { return implementation->name; }

uint32_t Device::getSubgroupSize() const {
  return implementation->properties11.subgroupSize;
}

std::string
Device::findMissing(llvm::ArrayRef<std::string> capabilities) const {
  for (const std::string &capability : capabilities)
    if (!llvm::is_contained(implementation->capabilities, capability))
      return capability;
  return "";
}

//===----------------------------------------------------------------------===//
// One dispatch
//===----------------------------------------------------------------------===//

namespace {
/// The objects that a dispatch needs; destroyed with it.
class Dispatch {
public:
  Dispatch(const Functions &vk, VkDevice device, VkQueue queue, uint32_t family)
      : vk(vk), device(device), queue(queue), family(family) {}
  ~Dispatch();

  llvm::Error
  addBuffer(llvm::ArrayRef<char> contents,
            llvm::function_ref<llvm::Expected<uint32_t>(uint32_t)> findMemory);
  llvm::Error prepare(llvm::ArrayRef<uint32_t> code, const Launch &launch);
  llvm::Error run(const Launch &launch);
  void readBuffer(size_t i, llvm::MutableArrayRef<char> to) const {
    std::memcpy(to.data(), buffers[i].mapped, to.size());
  }

private:
  struct Buffer {
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    void *mapped = nullptr;
  };
  llvm::Error makeLayout(size_t numBuffers, size_t pushBytes);
  llvm::Error makePipeline(llvm::ArrayRef<uint32_t> code,
                           const std::string &entryPoint);
  llvm::Error makeDescriptors(const Launch &launch);

  const Functions &vk;
  VkDevice device;
  VkQueue queue;
  uint32_t family;
  std::vector<Buffer> buffers;
  VkShaderModule module = VK_NULL_HANDLE;
  VkDescriptorSetLayout setLayout = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkPipeline pipeline = VK_NULL_HANDLE;
  VkDescriptorPool descriptors = VK_NULL_HANDLE;
  VkDescriptorSet set = VK_NULL_HANDLE;
  VkCommandPool commands = VK_NULL_HANDLE;
};
} // namespace

Dispatch::~Dispatch() {
  // Of what was never made there is the null handle, which is passed over.
  vk.destroyCommandPool(device, commands, nullptr);
  vk.destroyDescriptorPool(device, descriptors, nullptr);
  vk.destroyPipeline(device, pipeline, nullptr);
  vk.destroyPipelineLayout(device, layout, nullptr);
  vk.destroyDescriptorSetLayout(device, setLayout, nullptr);
  vk.destroyShaderModule(device, module, nullptr);
  for (const Buffer &buffer : buffers) {
    vk.destroyBuffer(device, buffer.buffer, nullptr);
    vk.freeMemory(device, buffer.memory, nullptr);
  }
}

llvm::Error Dispatch::addBuffer(
    llvm::ArrayRef<char> contents,
    llvm::function_ref<llvm::Expected<uint32_t>(uint32_t)> findMemory) {
  Buffer &buffer = buffers.emplace_back();
  VkBufferCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = std::max<size_t>(contents.size(), 4);
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  if (llvm::Error error =
          check(vk.createBuffer(device, &info, nullptr, &buffer.buffer),
                "make a buffer"))
    return error;
  VkMemoryRequirements needs;
  vk.getBufferMemoryRequirements(device, buffer.buffer, &needs);
  llvm::Expected<uint32_t> type = findMemory(needs.memoryTypeBits);
  if (!type)
    return type.takeError();
  VkMemoryAllocateInfo allocation = {};
  allocation.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  allocation.allocationSize = needs.size;
  allocation.memoryTypeIndex = *type;
  if (llvm::Error error =
          check(vk.allocateMemory(device, &allocation, nullptr, &buffer.memory),
                "allocate a buffer"))
    return error;
  if (llvm::Error error =
          check(vk.bindBufferMemory(device, buffer.buffer, buffer.memory, 0),
                "bind a buffer"))
    return error;
  if (llvm::Error error = check(vk.mapMemory(device, buffer.memory, 0,
                                             VK_WHOLE_SIZE, 0, &buffer.mapped),
                                "map a buffer"))
    return error;
  std::memcpy(buffer.mapped, contents.data(), contents.size());
  return llvm::Error::success();
}

llvm::Error Dispatch::makeLayout(size_t numBuffers, size_t pushBytes) {
  std::vector<VkDescriptorSetLayoutBinding> bindings(numBuffers);
  for (auto [i, binding] : llvm::enumerate(bindings)) {
    binding = {};
    binding.binding = static_cast<uint32_t>(i);
    binding.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    binding.descriptorCount = 1;
    binding.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
  }
  VkDescriptorSetLayoutCreateInfo setInfo = {};
  setInfo.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  setInfo.bindingCount = static_cast<uint32_t>(bindings.size());
  setInfo.pBindings = bindings.data();
  if (llvm::Error error = check(
          vk.createDescriptorSetLayout(device, &setInfo, nullptr, &setLayout),
          "make a descriptor set layout"))
    return error;
  VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0,
                               static_cast<uint32_t>(pushBytes)};
  VkPipelineLayoutCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.setLayoutCount = 1;
  info.pSetLayouts = &setLayout;
  info.pushConstantRangeCount = pushBytes ? 1 : 0;
  info.pPushConstantRanges = &range;
  return check(vk.createPipelineLayout(device, &info, nullptr, &layout),
               "make a pipeline layout");
}

llvm::Error Dispatch::makePipeline(llvm::ArrayRef<uint32_t> code,
                                   const std::string &entryPoint) {
  VkShaderModuleCreateInfo moduleInfo = {};
  moduleInfo.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  moduleInfo.codeSize = code.size() * sizeof(uint32_t);
  moduleInfo.pCode = code.data();
  if (llvm::Error error =
          check(vk.createShaderModule(device, &moduleInfo, nullptr, &module),
                "load the SPIR-V module"))
    return error;
  VkComputePipelineCreateInfo info;
  std::memset(&info, 0, sizeof info);
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = entryPoint.c_str();
  info.layout = layout;
  return check(vk.createComputePipelines(device, VK_NULL_HANDLE, 1, &info,
                                         nullptr, &pipeline),
               "compile the kernel");
}

llvm::Error Dispatch::makeDescriptors(const Launch &launch) {
  size_t count = launch.buffers.size();
  VkDescriptorPoolSize size = {
      VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
      static_cast<uint32_t>(std::max<size_t>(count, 1))};
  VkDescriptorPoolCreateInfo poolInfo = {};
  poolInfo.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  poolInfo.maxSets = 1;
  poolInfo.poolSizeCount = 1;
  poolInfo.pPoolSizes = &size;
  if (llvm::Error error = check(
          vk.createDescriptorPool(device, &poolInfo, nullptr, &descriptors),
          "make a descriptor pool"))
    return error;
  VkDescriptorSetAllocateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  info.descriptorPool = descriptors;
  info.descriptorSetCount = 1;
  info.pSetLayouts = &setLayout;
  if (llvm::Error error = check(vk.allocateDescriptorSets(device, &info, &set),
                                "allocate a descriptor set"))
    return error;
  std::vector<VkDescriptorBufferInfo> infos(count);
  std::vector<VkWriteDescriptorSet> writes(count);
  for (size_t i = 0; i < count; ++i) {
    size_t source = i;
    for (auto [binding, other] : launch.shared)
      if (binding == i)
        source = other;
    infos[i] = {buffers[source].buffer, 0, VK_WHOLE_SIZE};
    writes[i] = {};
    writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    writes[i].dstSet = set;
    writes[i].dstBinding = static_cast<uint32_t>(i);
    writes[i].descriptorCount = 1;
    writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    writes[i].pBufferInfo = &infos[i];
  }
  vk.updateDescriptorSets(device, static_cast<uint32_t>(count), writes.data(),
                          0, nullptr);
  return llvm::Error::success();
}

llvm::Error Dispatch::prepare(llvm::ArrayRef<uint32_t> code,
                              const Launch &launch) {
  if (llvm::Error error =
          makeLayout(launch.buffers.size(), launch.pushConstants.size()))
    return error;
  if (llvm::Error error = makePipeline(code, launch.entryPoint))
    return error;
  return makeDescriptors(launch);
}

llvm::Error Dispatch::run(const Launch &launch) {
  VkCommandPoolCreateInfo poolInfo = {};
  poolInfo.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  poolInfo.queueFamilyIndex = family;
  if (llvm::Error error =
          check(vk.createCommandPool(device, &poolInfo, nullptr, &commands),
                "make a command pool"))
    return error;
  VkCommandBufferAllocateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  info.commandPool = commands;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  VkCommandBuffer buffer = VK_NULL_HANDLE;
  if (llvm::Error error = check(
          vk.allocateCommandBuffers(device, &info, &buffer), "record commands"))
    return error;
  VkCommandBufferBeginInfo begin = {};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  if (llvm::Error error =
          check(vk.beginCommandBuffer(buffer, &begin), "record commands"))
    return error;
  vk.cmdBindPipeline(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  vk.cmdBindDescriptorSets(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1,
                           &set, 0, nullptr);
  if (!launch.pushConstants.empty())
    vk.cmdPushConstants(buffer, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                        static_cast<uint32_t>(launch.pushConstants.size()),
                        launch.pushConstants.data());
  vk.cmdDispatch(buffer, launch.groups[0], launch.groups[1], launch.groups[2]);
  VkMemoryBarrier barrier = {VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr,
                             VK_ACCESS_SHADER_WRITE_BIT,
                             VK_ACCESS_HOST_READ_BIT};
  vk.cmdPipelineBarrier(buffer, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                        VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, nullptr,
                        0, nullptr);
  if (llvm::Error error = check(vk.endCommandBuffer(buffer), "record commands"))
    return error;
  VkSubmitInfo submit = {};
  submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  submit.commandBufferCount = 1;
  submit.pCommandBuffers = &buffer;
  if (llvm::Error error = check(
          vk.queueSubmit(queue, 1, &submit, VK_NULL_HANDLE), "run the kernel"))
    return error;
  return check(vk.queueWaitIdle(queue), "run the kernel");
}

llvm::Error Device::run(llvm::ArrayRef<uint32_t> code, const Launch &launch) {
  Implementation &self = *implementation;
  if (launch.subgroupSize != getSubgroupSize())
    return llvm::createStringError(
        "the kernel is for subgroups of " +
        std::to_string(launch.subgroupSize) + ", and device '" + self.name +
        "' has " + std::to_string(getSubgroupSize()) +
        "; compile it with --target=vulkan:subgroup=" +
        std::to_string(getSubgroupSize()));
  if (launch.groups[0] == 0)
    return llvm::Error::success();
  Dispatch dispatch(self.vk, self.device, self.queue, self.family);
  for (llvm::ArrayRef<char> buffer : launch.buffers)
    if (llvm::Error error = dispatch.addBuffer(
            buffer, [&](uint32_t types) { return self.findMemory(types); }))
      return error;
  if (llvm::Error error = dispatch.prepare(code, launch))
    return error;
  if (llvm::Error error = dispatch.run(launch))
    return error;
  for (size_t i = 0; i < launch.buffers.size(); ++i)
    if (llvm::none_of(launch.shared,
                      [&](auto pair) { return pair.first == i; }))
      dispatch.readBuffer(i, launch.buffers[i]);
  return llvm::Error::success();
}
