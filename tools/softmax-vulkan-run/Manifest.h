// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The launch contract of kernels for Vulkan, read back.
#ifndef SOFTMAX_TOOLS_SOFTMAXVULKANRUN_MANIFEST_H
#define SOFTMAX_TOOLS_SOFTMAXVULKANRUN_MANIFEST_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::softmax {

/// A size: a number, or the name of one.
struct ManifestDim {
  int64_t size = 0;
  std::string symbol;
};

struct ManifestOperand {
  /// "input", "output" or "scalar"; a type as NumPy calls it.
  std::string name, kind, type;
  std::vector<ManifestDim> shape;
};

struct ManifestBinding {
  std::string operand;
  int64_t binding = 0;
};

struct ManifestConstant {
  std::string operand, kind, type;
  int64_t offset = 0, dimension = 0;
};

struct ManifestKernel {
  std::string entryPoint;
  int64_t minColumns = 0, maxColumns = 0, rowsPerWorkgroup = 1;
  int64_t pushConstantBytes = 0;
  std::vector<ManifestBinding> bindings;
  std::vector<ManifestConstant> constants;
};

struct ManifestFunction {
  std::string name;
  std::vector<ManifestOperand> operands;
  std::vector<ManifestDim> rows, columns;
  std::vector<ManifestKernel> kernels;
};

struct Manifest {
  int64_t subgroupSize = 0;
  std::vector<std::string> capabilities;
  std::vector<ManifestFunction> functions;
};

/// Reads the text of a manifest; fails, and says where, if it is not one of
/// Vulkan kernels.
llvm::Expected<Manifest> parseManifest(llvm::StringRef text);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXVULKANRUN_MANIFEST_H
