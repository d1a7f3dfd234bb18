// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Loader.h"

#include "llvm/Support/DynamicLibrary.h"

using namespace mlir::softmax::vulkan;

llvm::Expected<Functions> mlir::softmax::vulkan::loadVulkan() {
  std::string problem;
  llvm::sys::DynamicLibrary library =
      llvm::sys::DynamicLibrary::getPermanentLibrary("libvulkan.so.1",
                                                     &problem);
  if (!library.isValid())
    return llvm::createStringError(
        "there is no Vulkan loader (%s); install libvulkan1 and a driver, as "
        "mesa-vulkan-drivers",
        problem.c_str());
  auto getAddress = reinterpret_cast<PFN_vkGetInstanceProcAddr>(
      library.getAddressOfSymbol("vkGetInstanceProcAddr"));
  auto create = getAddress ? reinterpret_cast<PFN_vkCreateInstance>(
                                 getAddress(VK_NULL_HANDLE, "vkCreateInstance"))
                           : nullptr;
  if (!create)
    return llvm::createStringError("libvulkan.so.1 is no Vulkan loader; "
                                   "install libvulkan1");
  VkApplicationInfo application = {};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.apiVersion = VK_API_VERSION_1_2;
  VkInstanceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  Functions functions;
  if (VkResult result = create(&info, nullptr, &functions.instance))
    return llvm::createStringError(
        "Vulkan makes no instance (VkResult %d); install a driver of Vulkan "
        "1.2 or later, as mesa-vulkan-drivers",
        static_cast<int>(result));
#define SOFTMAX_LOAD(member, function)                                         \
  functions.member = reinterpret_cast<PFN_vk##function>(                       \
      getAddress(functions.instance, "vk" #function));                         \
  if (!functions.member)                                                       \
    return llvm::createStringError("the Vulkan loader has no vk" #function     \
                                   "; install a driver of Vulkan 1.2");
  SOFTMAX_VULKAN_FUNCTIONS(SOFTMAX_LOAD)
#undef SOFTMAX_LOAD
  return functions;
}
