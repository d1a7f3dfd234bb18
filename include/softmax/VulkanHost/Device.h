// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A Vulkan device that runs kernels, for tests and softmax-vulkan-run.  The
// loader is opened when it is needed (libvulkan.so.1); building takes headers
// only.
#ifndef SOFTMAX_VULKANHOST_DEVICE_H
#define SOFTMAX_VULKANHOST_DEVICE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mlir::softmax::vulkan {

/// One dispatch.
struct Launch {
  /// An entry point of the module.
  std::string entryPoint;
  /// The storage buffers at the bindings of set 0: bytes that the kernel reads,
  /// and may write.
  std::vector<llvm::MutableArrayRef<char>> buffers;
  /// The bindings that share a buffer with another one: pairs of binding and
  /// the lower binding whose buffer it gets.
  std::vector<std::pair<unsigned, unsigned>> shared;
  std::vector<char> pushConstants;
  std::array<uint32_t, 3> groups = {1, 1, 1};
  /// Threads per subgroup that the kernel was compiled for.
  uint32_t subgroupSize = 32;
};

class Device {
public:
  /// The first device whose name contains `name`, without regard to case; of
  /// several that do one on the CPU (Mesa's lavapipe) with `preferCPU`.  Fails,
  /// and says what to install, where there is no loader or no device.
  static llvm::Expected<std::unique_ptr<Device>> open(llvm::StringRef name,
                                                      bool preferCPU);
  ~Device();

  /// "llvmpipe (LLVM 15.0.6, 256 bits)".
  llvm::StringRef getName() const;
  uint32_t getSubgroupSize() const;
  /// The first of SPIR-V capabilities, by name, that the device has not; empty
  /// if it has all.
  std::string findMissing(llvm::ArrayRef<std::string> capabilities) const;

  /// Runs an entry point of `code`, a SPIR-V module, and waits for it.
  llvm::Error run(llvm::ArrayRef<uint32_t> code, const Launch &launch);

private:
  struct Implementation;
  explicit Device(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation;
};

} // namespace mlir::softmax::vulkan

#endif // SOFTMAX_VULKANHOST_DEVICE_H
