// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "DeviceNames.h"

#include "softmax/Target/CNames.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <limits>

using namespace mlir;
using namespace mlir::softmax;

static constexpr StringLiteral preamble = R"(
#include <stddef.h>
#include <stdint.h>

#ifndef SOFTMAX_DEVICE_PLAN
#define SOFTMAX_DEVICE_PLAN
/* What cuLaunchKernel and hipModuleLaunchKernel take: the function called
   `kernel` of the loaded module,
   `grid` blocks of `block` threads (both in x; 1 in y and z), `shared_bytes` of
   dynamic shared memory, and `arguments` as kernelParams.  Before the first
   launch of a function set, with cuFuncSetAttribute,
     CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES to `shared_bytes` where they
       are more than 49152;
     CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED to 1 where `cluster` is
       more than 8.
   `cluster` is the number of blocks of a cluster; the kernel has it compiled
   in, so cuLaunchKernel needs not be told. */
typedef struct softmax_device_launch {
  const char *kernel;
  unsigned grid, block, cluster, shared_bytes;
  void *arguments[32];
  union { void *pointer; int64_t size; float f32; double f64; int32_t i32; int64_t i64; } values[32];
} softmax_device_launch;

/* The first `count` of `launches` do the work, in this order on one stream; 0 of
   them where there is nothing to do.  Where `workspace_bytes` is not 0, set
   `workspace` to as much device memory, aligned to 8 bytes, before launching;
   nothing is expected of its contents, and it is free again behind the last
   launch.  `arguments` points into the structure: do not copy it. */
typedef struct softmax_device_plan {
  unsigned count;
  int64_t workspace_bytes;
  void *workspace;
  softmax_device_launch launches[2];
} softmax_device_plan;
#endif
)";

static constexpr StringLiteral vulkanPreamble = R"(
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef SOFTMAX_VULKAN_LAUNCH
#define SOFTMAX_VULKAN_LAUNCH
/* A dispatch: of a compute pipeline of `entry_point`, the `push_constant_bytes`
   bytes of `push_constants`, and `groups` for vkCmdDispatch.  The storage
   buffer at binding i of set 0 is the operand that `buffers[i]` was given for,
   which may point to anything, as to its VkDescriptorBufferInfo; in row-major
   order, at an offset that is a multiple of 16.  Nothing is to be dispatched
   where `groups[0]` is 0. */
typedef struct softmax_vulkan_launch {
  const char *entry_point;
  uint32_t groups[3];
  uint32_t workgroup_size, subgroup_size;
  uint32_t buffer_count, push_constant_bytes;
  const void *buffers[32];
  unsigned char push_constants[128];
} softmax_vulkan_launch;
#endif
)";

namespace {
class Writer {
public:
  Writer(const DeviceFunction &function, const GPUDescription &chip,
         llvm::raw_ostream &os)
      : function(function), chip(chip), os(os), names(function.info) {}

  void write() {
    writeComment();
    std::string name = function.info.name;
    os << "static inline int " << name << "_plan(";
    SmallVector<std::string> parameters = names.parameters(function.info);
    bool vulkan = chip.kind == GPUKind::Vulkan;
    parameters.push_back(vulkan ? "softmax_vulkan_launch *softmax_launch"
                                : "softmax_device_plan *softmax_device");
    os << llvm::join(parameters, ", ") << ") {\n";
    os << "  int64_t softmax_rows = 1, softmax_columns = 1;\n";
    for (const std::string &symbol : names.symbols)
      os << "  if (" << names.sizes[symbol] << " < 0)\n    return 5;\n";
    multiply("softmax_rows", function.rows);
    multiply("softmax_columns", function.columns);
    os << "  if (softmax_columns != 0 && softmax_rows > " << mostElements()
       << " / softmax_columns)\n    return 5;\n";
    if (vulkan)
      checkVulkanSizes();
    else
      os << "  softmax_device->count = 0;\n"
            "  softmax_device->workspace_bytes = 0;\n"
            "  softmax_device->workspace = NULL;\n"
            "  if (softmax_rows == 0)\n    return 0;\n";
    for (const DeviceKernel &kernel : function.kernels)
      writeKernel(kernel);
    os << "  (void)softmax_columns;\n  return 5;\n}\n";
  }

private:
  /// More elements than any memory holds; products of them with the bytes of a
  /// workspace have 64 bits.  An index has 32 bits in Vulkan.
  StringRef mostElements() const {
    return chip.kind == GPUKind::Vulkan ? "INT64_C(2147483647)"
                                        : "INT64_C(1125899906842624)";
  }

  /// Multiplies the variable `name` by sizes that are not negative.
  void multiply(StringRef name, ArrayRef<KernelDim> dims) {
    for (const KernelDim &dim : dims) {
      std::string size = names.text(dim);
      if (!dim.isStatic())
        os << "  if (" << size << " != 0 && " << name << " > " << mostElements()
           << " / " << size << ")\n    return 5;\n";
      else if (dim.size > 1)
        os << "  if (" << name << " > " << mostElements() << " / INT64_C("
           << size << "))\n    return 5;\n";
      os << "  " << name << " *= INT64_C(1) * " << size << ";\n";
    }
  }

  void writeComment() {
    os << describeDeviceOperands(function.info, names);
    os << "   Returns 0, or 5 for sizes that are negative or too large"
       << (chip.kind == GPUKind::Vulkan ? ", and indices beyond 2^30. */\n"
                                        : ". */\n");
  }

  static std::string ceiling(StringRef what, int64_t by) {
    if (by == 1)
      return what.str();
    std::string number = std::to_string(by);
    return ("(" + what + " / " + number + " + (" + what + " % " + number +
            " != 0))")
        .str();
  }

  void writeKernel(const DeviceKernel &kernel) {
    SmallVector<std::string> guards;
    if (kernel.minColumns)
      guards.push_back("softmax_columns >= " +
                       std::to_string(kernel.minColumns));
    if (kernel.maxColumns)
      guards.push_back("softmax_columns <= " +
                       std::to_string(kernel.maxColumns));
    if (kernel.maxRows)
      guards.push_back("softmax_rows <= " + std::to_string(kernel.maxRows));
    os << "  "
       << (guards.empty() ? "" : "if (" + llvm::join(guards, " && ") + ") ")
       << "{\n";
    if (chip.kind == GPUKind::Vulkan)
      return writeVulkanLaunch(kernel.launches.front());
    if (kernel.workspaceBytes)
      os << "    softmax_device->workspace_bytes = softmax_rows * "
         << ceiling("softmax_columns", kernel.workspaceColumns) << " * "
         << kernel.workspaceBytes << ";\n";
    for (auto [i, launch] : llvm::enumerate(kernel.launches))
      writeLaunch(i, launch);
    os << "    softmax_device->count = " << kernel.launches.size()
       << ";\n    return 0;\n  }\n";
  }

  void writeLaunch(size_t number, const DeviceLaunch &launch) {
    std::string to =
        "    softmax_device->launches[" + std::to_string(number) + "].";
    os << "    {\n    const int64_t softmax_groups = "
       << ceiling("softmax_rows", launch.rowsPerBlock) << ", softmax_blocks = ";
    if (launch.columnsPerBlock)
      os << ceiling("softmax_columns", launch.columnsPerBlock);
    else
      os << launch.blocksPerRow;
    os << ";\n    if (softmax_blocks != 0 && softmax_groups > 2147483647 / "
          "softmax_blocks)\n      return 5;\n";
    // hipModuleLaunchKernel takes fewer than 2^32 threads.
    if (chip.kind == GPUKind::AMD)
      os << "    if (softmax_groups * softmax_blocks > "
         << std::numeric_limits<uint32_t>::max() / launch.threads
         << ")\n      return 5;\n";
    os << to << "kernel = \"" << launch.name << "\";\n";
    os << to << "grid = (unsigned)(softmax_groups * softmax_blocks);\n";
    os << to << "block = " << launch.threads << ";\n";
    os << to << "cluster = " << launch.cluster << ";\n";
    os << to << "shared_bytes = " << launch.sharedBytes << ";\n";
    for (auto [i, argument] : llvm::enumerate(launch.arguments)) {
      std::string place = to + "arguments[" + std::to_string(i) + "] = ";
      if (argument.kind == DeviceArgument::Kind::Workspace) {
        os << place << "&softmax_device->workspace;\n";
        continue;
      }
      std::string value = to + "values[" + std::to_string(i) + "]";
      const KernelOperand &operand = function.info.operands[argument.operand];
      const std::string &id = names.operands[argument.operand];
      if (argument.kind == DeviceArgument::Kind::Pointer)
        os << value << ".pointer = (void *)" << id << ";\n";
      else if (argument.kind == DeviceArgument::Kind::Size)
        os << value
           << ".size = " << names.text(operand.shape[argument.dimension])
           << ";\n";
      else
        os << value << "." << getDeviceScalarType(operand).second << " = " << id
           << ";\n";
      os << place << "&" << StringRef(value).ltrim() << ";\n";
    }
    os << "    }\n";
  }

  /// An index has 32 bits there, and buffers no more bytes.
  void checkVulkanSizes() {
    for (const KernelOperand &operand : function.info.operands) {
      if (!operand.isTensor())
        continue;
      os << "  {\n    uint64_t softmax_count = 1;\n";
      for (const KernelDim &dim : operand.shape) {
        // Of an operand without elements nothing is too large.
        os << "    if (softmax_count && (uint64_t)" << names.text(dim)
           << " > 2147483647u / softmax_count)\n      return 5;\n";
        os << "    softmax_count *= (uint64_t)" << names.text(dim) << ";\n";
      }
      os << "    (void)softmax_count;\n  }\n";
    }
  }

  void writeVulkanLaunch(const DeviceLaunch &kernel) {
    os << "    const int64_t softmax_blocks = "
       << ceiling("softmax_rows", kernel.rowsPerBlock)
       // Counted in 32 bits and rounded up to whole rows of 65535.
       << ";\n    if (softmax_blocks > " << 2147483647 - 65535
       << ")\n      return 5;\n"
       << "    softmax_launch->entry_point = \"" << kernel.name << "\";\n"
       << "    softmax_launch->groups[0] = (uint32_t)(softmax_blocks < 65535 ? "
          "softmax_blocks : 65535);\n"
       << "    softmax_launch->groups[1] = (uint32_t)((softmax_blocks + 65534) "
          "/ 65535);\n"
       << "    softmax_launch->groups[2] = 1;\n"
       << "    softmax_launch->workgroup_size = " << kernel.threads << ";\n"
       << "    softmax_launch->subgroup_size = " << chip.warpSize << ";\n"
       << "    softmax_launch->buffer_count = " << kernel.numBindings << ";\n"
       << "    softmax_launch->push_constant_bytes = "
       << kernel.pushConstantBytes << ";\n"
       << "    memset(softmax_launch->push_constants, 0, 128);\n";
    auto write = [&](unsigned place, StringRef type, const Twine &value) {
      os << "    {\n      const " << type << " softmax_value = (" << type << ")"
         << value << ";\n      memcpy(softmax_launch->push_constants + "
         << place << ", &softmax_value, sizeof softmax_value);\n    }\n";
    };
    for (const DeviceArgument &argument : kernel.arguments) {
      const KernelOperand &operand = function.info.operands[argument.operand];
      const std::string &id = names.operands[argument.operand];
      switch (argument.kind) {
      case DeviceArgument::Kind::Pointer:
        os << "    softmax_launch->buffers[" << argument.place << "] = " << id
           << ";\n";
        break;
      case DeviceArgument::Kind::Size:
        write(argument.place, "int32_t",
              names.text(operand.shape[argument.dimension]));
        break;
      case DeviceArgument::Kind::Workspace:
        llvm_unreachable("kernels for Vulkan have no workspace");
      case DeviceArgument::Kind::Scalar:
        // An index has 32 bits, and room for one to be added.
        if (operand.elementType.isIndex())
          os << "    if (" << id << " < -1073741824 || " << id
             << " > 1073741824)\n      return 5;\n";
        write(argument.place,
              operand.elementType.isIndex()
                  ? "int32_t"
                  : getDeviceScalarType(operand).first,
              id);
        break;
      }
    }
    os << "    return 0;\n  }\n";
  }

  const DeviceFunction &function;
  const GPUDescription &chip;
  llvm::raw_ostream &os;
  DeviceNames names;
};
} // namespace

std::string mlir::softmax::emitDeviceHeader(ArrayRef<DeviceFunction> functions,
                                            const GPUDescription &chip,
                                            StringRef name) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string guard = "SOFTMAX_" + StringRef(toCIdentifier(name)).upper();
  bool amd = chip.kind == GPUKind::AMD, vulkan = chip.kind == GPUKind::Vulkan;
  StringRef driver = amd ? "hip" : "cu";
  if (vulkan)
    os << "/* Dispatches of softmax kernels for Vulkan: make a shader module "
          "of the SPIR-V beside\n   this file, and a compute pipeline of the "
          "entry point that a plan names, with subgroups\n   of "
       << chip.warpSize << ". */\n";
  else
    os << "/* Launches of softmax kernels for " << (amd ? "AMD " : "NVIDIA ")
       << chip.name << ": load the " << (amd ? "hsaco" : "PTX")
       << " beside this file with\n   " << driver
       << "ModuleLoadData, take the functions that a plan names with " << driver
       << "ModuleGetFunction,\n   and launch them. */\n";
  os << "#ifndef " << guard << "\n#define " << guard << "\n"
     << (vulkan ? vulkanPreamble : preamble);
  for (const DeviceFunction &function : functions)
    Writer(function, chip, os).write();
  os << "\n#endif\n";
  return text;
}
