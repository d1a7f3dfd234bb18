// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/GPUDescription.h"
#include "llvm/ADT/ArrayRef.h"

using namespace mlir::softmax;

static llvm::ArrayRef<GPUDescription> allGPUs() {
  // T4, A100 (80 GB), H100 (SXM), B200.
  static const GPUDescription chips[] = {
      {"sm_75", "+ptx70", 40, 65536, 65536, 1024, 512, 16, 1, 320e9, false,
       false},
      {"sm_80", "+ptx80", 108, 65536, 167936, 2048, 512, 16, 1, 2039e9, true,
       true},
      {"sm_90", "+ptx80", 132, 65536, 233472, 2048, 512, 16, 16, 3350e9, true,
       true},
      {"sm_100", "+ptx88", 148, 65536, 233472, 2048, 512, 32, 16, 8000e9, true,
       true},
  };
  return chips;
}

std::string mlir::softmax::listGPUs() {
  std::string list;
  llvm::ArrayRef<GPUDescription> chips = allGPUs();
  for (size_t i = 0; i < chips.size(); ++i)
    list += (i == 0                  ? ""
             : i + 1 == chips.size() ? " or "
                                     : ", ") +
            chips[i].name;
  return list;
}

llvm::Expected<GPUDescription> mlir::softmax::parseGPU(llvm::StringRef name) {
  for (const GPUDescription &chip : allGPUs())
    if (chip.name == name)
      return chip;
  return llvm::createStringError("unknown chip '" + name.str() + "'; use " +
                                 listGPUs() +
                                 " (later chips run the code of earlier ones)");
}
