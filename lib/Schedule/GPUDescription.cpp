// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/GPUDescription.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::softmax;

/// What the cost model asks for beside.
static GPUDescription withRates(GPUDescription chip, double issueRate,
                                unsigned reservedSharedBytes = 1024,
                                unsigned blocks = 32) {
  chip.issueRate = issueRate;
  chip.reservedSharedBytes = reservedSharedBytes;
  chip.blocks = blocks;
  return chip;
}

static llvm::ArrayRef<GPUDescription> allGPUs() {
  // T4, A100 (80 GB), H100 (SXM), B200.
  static const GPUDescription chips[] = {
      withRates({"sm_75", "+ptx70", 40, 65536, 65536, 1024, 512, 16, 1, 320e9,
                 false, false},
                1.0e11, 0, 16),
      withRates({"sm_80", "+ptx80", 108, 65536, 167936, 2048, 512, 16, 1,
                 2039e9, true, true},
                0.9e11),
      withRates({"sm_90", "+ptx80", 132, 65536, 233472, 2048, 512, 16, 16,
                 3350e9, true, true},
                2.2e11),
      withRates({"sm_100", "+ptx88", 148, 65536, 233472, 2048, 512, 32, 16,
                 8000e9, true, true},
                2.4e11),
      // MI250X (one die), MI300X, RX 7900 XTX.  The model's instructions per
      // element are NVIDIA's, so that a rate would say nothing.
      withRates({"gfx90a", "", 110, 131072, 65536, 2048, 512, 16, 1, 1638e9,
                 false, false, GPUKind::AMD, 64},
                0, 0),
      withRates({"gfx942", "", 304, 131072, 65536, 2048, 512, 16, 1, 5300e9,
                 false, false, GPUKind::AMD, 64},
                0, 0),
      withRates({"gfx1100", "", 96, 98304, 65536, 1024, 512, 16, 1, 960e9,
                 false, false, GPUKind::AMD, 32, 2, 24},
                0, 0),
  };
  return chips;
}

static llvm::SmallVector<std::string> namesOf(std::optional<GPUKind> kind) {
  llvm::SmallVector<std::string> names;
  for (const GPUDescription &chip : allGPUs())
    if (!kind || chip.kind == *kind)
      names.push_back(chip.name);
  if (!kind || *kind == GPUKind::Vulkan)
    names.push_back("vulkan");
  return names;
}

std::string GPUDescription::targetName() const {
  switch (kind) {
  case GPUKind::NVIDIA:
    return "nvptx:" + name;
  case GPUKind::AMD:
    return "amdgcn:" + name;
  case GPUKind::Vulkan:
    return name;
  }
  llvm_unreachable("a kind of GPU");
}

/// Any device of Vulkan 1.2: what its specification has every one do, whatever
/// it is.  The figures are those of a small discrete GPU.
static GPUDescription describeVulkan(unsigned subgroupSize) {
  GPUDescription chip;
  chip.name = "vulkan";
  if (subgroupSize != 32)
    chip.name += ":subgroup=" + std::to_string(subgroupSize);
  chip.multiprocessors = 20;
  chip.sharedBytes = 16384;
  chip.threads = 1024;
  chip.accessElements = 4;
  chip.bandwidth = 250e9;
  // Integers of exact sums fit 32 bits over 32 threads.
  chip.reducesIntegers = subgroupSize <= 32;
  chip.fusesMultiplyAdd = chip.convertsF16 = chip.hasLongGrid = false;
  chip.kind = GPUKind::Vulkan;
  chip.warpSize = subgroupSize;
  return chip;
}

/// Of "vulkan" or "vulkan:subgroup=N"; nullopt for any other name.
static std::optional<llvm::Expected<GPUDescription>>
parseVulkan(llvm::StringRef name) {
  llvm::StringRef rest = name;
  if (!rest.consume_front("vulkan") || (!rest.empty() && rest.front() != ':'))
    return std::nullopt;
  unsigned size = 32;
  if (!rest.empty() &&
      (!rest.consume_front(":subgroup=") || rest.getAsInteger(10, size) ||
       size < 4 || size > 128 || !llvm::isPowerOf2_32(size)))
    return llvm::createStringError(
        "unknown chip '" + name.str() +
        "'; use vulkan, or vulkan:subgroup=N with the device's subgroup size, "
        "a power of two from 4 to 128");
  return describeVulkan(size);
}

std::string mlir::softmax::listGPUs(std::optional<GPUKind> kind) {
  llvm::SmallVector<std::string> names = namesOf(kind);
  if (names.size() == 1)
    return names.front();
  return llvm::join(llvm::ArrayRef(names).drop_back(), ", ") + " or " +
         names.back();
}

llvm::Expected<GPUDescription>
mlir::softmax::parseGPU(llvm::StringRef name, std::optional<GPUKind> kind) {
  for (const GPUDescription &chip : allGPUs())
    if (chip.name == name && (!kind || chip.kind == *kind))
      return chip;
  if (kind.value_or(GPUKind::Vulkan) == GPUKind::Vulkan)
    if (auto vulkan = parseVulkan(name))
      return std::move(*vulkan);
  std::string message =
      "unknown chip '" + name.str() + "'; use " + listGPUs(kind);
  // Only NVIDIA's chips are compatible, in one direction.
  if (!name.starts_with("gfx") && kind != GPUKind::AMD)
    return llvm::createStringError(
        message + " (later chips run the code of earlier ones)");
  const std::string *nearest = nullptr;
  unsigned least = 0;
  for (const GPUDescription &chip : allGPUs()) {
    unsigned distance = name.edit_distance(chip.name);
    if (chip.kind == GPUKind::AMD && (!nearest || distance < least)) {
      nearest = &chip.name;
      least = distance;
    }
  }
  return llvm::createStringError(
      message + " (code of one chip runs on no other; the nearest name is " +
      *nearest + ")");
}
