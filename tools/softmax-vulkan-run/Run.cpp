// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Run.h"

#include "Manifest.h"

#include "softmax/Reference/Npy.h"
#include "softmax/VulkanHost/Device.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

constexpr int kFails = 1;
constexpr int kWrongUsage = 2;

int fail(int status, const llvm::Twine &message) {
  llvm::errs() << "softmax-vulkan-run: " << message << '\n';
  return status;
}

/// The operands of a function, and the sizes that their shapes tell.
struct Operands {
  const ManifestFunction &function;
  std::vector<NpyArray> arrays;
  llvm::StringMap<int64_t> sizes;

  int64_t sizeOf(const ManifestDim &dim) const {
    return dim.symbol.empty() ? dim.size : sizes.lookup(dim.symbol);
  }
  int64_t product(llvm::ArrayRef<ManifestDim> dims) const {
    int64_t product = 1;
    for (const ManifestDim &dim : dims)
      product *= sizeOf(dim);
    return product;
  }
  const ManifestOperand *find(llvm::StringRef name, size_t &number) const {
    for (const auto &[i, operand] : llvm::enumerate(function.operands))
      if (operand.name == name) {
        number = i;
        return &operand;
      }
    return nullptr;
  }

  llvm::Error addInput(const ManifestOperand &operand, const std::string &file);
  llvm::Error addOutput(const ManifestOperand &operand);
};

llvm::Error Operands::addInput(const ManifestOperand &operand,
                               const std::string &file) {
  llvm::Expected<NpyArray> array = readNpy(file);
  if (!array)
    return array.takeError();
  array->makeRowMajor();
  std::string wanted = operand.type + " of shape (";
  bool fits = getNpyName(array->type) == operand.type &&
              array->shape.size() == operand.shape.size();
  for (const auto &[i, dim] : llvm::enumerate(operand.shape)) {
    wanted += (i ? ", " : "") +
              (dim.symbol.empty() ? std::to_string(dim.size) : dim.symbol);
    if (!fits)
      continue;
    if (dim.symbol.empty())
      fits = array->shape[i] == dim.size;
    else
      fits = sizes.insert({dim.symbol, array->shape[i]}).first->second ==
             array->shape[i];
  }
  if (!fits)
    return llvm::createStringError("'" + file + "' is " + array->describe() +
                                   ", and operand '" + operand.name +
                                   "' must be " + wanted + ")");
  arrays.push_back(std::move(*array));
  return llvm::Error::success();
}

llvm::Error Operands::addOutput(const ManifestOperand &operand) {
  NpyArray array;
  std::optional<NpyType> type;
  for (NpyType candidate : {NpyType::Int32, NpyType::Int64, NpyType::F16,
                            NpyType::F32, NpyType::F64})
    if (getNpyName(candidate) == operand.type)
      type = candidate;
  if (!type)
    return llvm::createStringError("output '" + operand.name + "' is of type " +
                                   operand.type +
                                   ", which .npy files are not written of");
  array.type = *type;
  for (const ManifestDim &dim : operand.shape)
    array.shape.push_back(sizeOf(dim));
  array.data.resize(array.getNumElements() * getNpyByteSize(*type));
  arrays.push_back(std::move(array));
  return llvm::Error::success();
}

/// Writes the push constants of `kernel`.
llvm::Error writeConstants(const Operands &operands,
                           const ManifestKernel &kernel,
                           std::vector<char> &bytes) {
  bytes.resize(kernel.pushConstantBytes);
  for (const ManifestConstant &constant : kernel.constants) {
    size_t number = 0;
    const ManifestOperand *operand = operands.find(constant.operand, number);
    if (!operand)
      return llvm::createStringError("the manifest names no operand '" +
                                     constant.operand + "'");
    const NpyArray &array = operands.arrays[number];
    char *to = bytes.data() + constant.offset;
    bool isSize = constant.kind == "size";
    if (isSize || constant.type == "int32") {
      if (isSize &&
          constant.dimension >= static_cast<int64_t>(array.shape.size()))
        return llvm::createStringError("operand '" + constant.operand +
                                       "' has fewer dimensions");
      int64_t value = 0;
      if (isSize)
        value = array.shape[constant.dimension];
      else
        std::memcpy(&value, array.data.data(),
                    std::min<size_t>(array.data.size(), 8));
      // As the plan of the header does.
      constexpr int64_t most = int64_t(1) << 30;
      if (!isSize && array.data.size() == 8 && (value < -most || value > most))
        return llvm::createStringError(
            "operand '" + constant.operand +
            "' is an index beyond 2^30 in size, and kernels for Vulkan count "
            "with 32 bits; pass a smaller one");
      auto narrow = static_cast<int32_t>(value);
      std::memcpy(to, &narrow, sizeof narrow);
      continue;
    }
    if (constant.offset + static_cast<int64_t>(array.data.size()) >
        kernel.pushConstantBytes)
      return llvm::createStringError("operand '" + constant.operand +
                                     "' is larger than its push constant");
    std::memcpy(to, array.data.data(), array.data.size());
  }
  return llvm::Error::success();
}

llvm::Expected<std::vector<uint32_t>> readCode(const std::string &path) {
  auto contents = llvm::MemoryBuffer::getFile(path);
  if (!contents)
    return llvm::createStringError("cannot read '" + path +
                                   "': " + contents.getError().message());
  llvm::StringRef bytes = (*contents)->getBuffer();
  std::vector<uint32_t> words(bytes.size() / 4);
  std::memcpy(words.data(), bytes.data(), words.size() * 4);
  if (words.size() < 5 || bytes.size() % 4 || words[0] != 0x07230203)
    return llvm::createStringError(
        "'" + path +
        "' is no SPIR-V module; write one with softmaxc "
        "--target=vulkan --emit=spirv,manifest");
  return words;
}

llvm::Error run(const Manifest &manifest, Operands &operands,
                llvm::ArrayRef<uint32_t> code, llvm::StringRef deviceName) {
  int64_t rows = operands.product(operands.function.rows),
          columns = operands.product(operands.function.columns);
  const ManifestKernel *kernel = nullptr;
  for (const ManifestKernel &candidate : operands.function.kernels)
    if (!kernel && columns >= candidate.minColumns &&
        (!candidate.maxColumns || columns <= candidate.maxColumns))
      kernel = &candidate;
  if (!kernel)
    return llvm::createStringError("there is no kernel for rows of " +
                                   std::to_string(columns) + " elements");
  for (const NpyArray &array : operands.arrays)
    if (array.getNumElements() > INT32_MAX)
      return llvm::createStringError("an operand has 2^31 elements or more, "
                                     "which kernels for Vulkan do not index");
  vulkan::Launch launch;
  launch.entryPoint = kernel->entryPoint;
  launch.subgroupSize = static_cast<uint32_t>(manifest.subgroupSize);
  int64_t groups = llvm::divideCeil(rows, kernel->rowsPerWorkgroup);
  launch.groups = {static_cast<uint32_t>(std::min<int64_t>(groups, 65535)),
                   static_cast<uint32_t>(llvm::divideCeil(groups, 65535)), 1};
  launch.buffers.resize(kernel->bindings.size());
  for (const ManifestBinding &binding : kernel->bindings) {
    size_t number = 0;
    if (!operands.find(binding.operand, number))
      return llvm::createStringError("the manifest names no operand '" +
                                     binding.operand + "'");
    launch.buffers[binding.binding] = operands.arrays[number].data;
  }
  if (llvm::Error error =
          writeConstants(operands, *kernel, launch.pushConstants))
    return error;
  auto device = vulkan::Device::open(deviceName, /*preferCPU=*/false);
  if (!device)
    return device.takeError();
  if (std::string missing = (*device)->findMissing(manifest.capabilities);
      !missing.empty())
    return llvm::createStringError("device '" + (*device)->getName().str() +
                                   "' has not the capability " + missing +
                                   ", which the kernels need");
  return (*device)->run(code, launch);
}

/// The path that two outputs would go to, however it is spelled; empty if there
/// is none.
std::string findSharedPath(llvm::ArrayRef<std::string> outputs) {
  llvm::StringSet<> paths;
  for (const std::string &output : outputs) {
    llvm::SmallString<128> path(output);
    // Where that fails there is no current folder, and spellings do not matter.
    (void)llvm::sys::fs::make_absolute(path);
    llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
    if (!paths.insert(path).second)
      return output;
  }
  return "";
}

} // namespace

int mlir::softmax::runOnVulkan(const VulkanRunOptions &options) {
  if (std::string path = findSharedPath(options.outputs); !path.empty())
    return fail(kWrongUsage, "two outputs go to '" + path +
                                 "'; give each a file of its own");
  auto text = llvm::MemoryBuffer::getFile(options.manifest);
  if (!text)
    return fail(kWrongUsage, "cannot read '" + options.manifest +
                                 "': " + text.getError().message());
  llvm::Expected<Manifest> manifest = parseManifest((*text)->getBuffer());
  if (!manifest)
    return fail(kFails, "'" + options.manifest +
                            "' is no manifest of kernels for Vulkan: " +
                            llvm::toString(manifest.takeError()));
  const ManifestFunction *function = nullptr;
  std::string names;
  for (const ManifestFunction &candidate : manifest->functions) {
    names += (names.empty() ? "" : ", ") + candidate.name;
    if (candidate.name == options.function ||
        (options.function.empty() && manifest->functions.size() == 1))
      function = &candidate;
  }
  if (!function)
    return fail(kWrongUsage, "choose a function with --function: " + names);
  auto count = [&](bool outputs) {
    return static_cast<size_t>(
        llvm::count_if(function->operands, [&](const ManifestOperand &operand) {
          return (operand.kind == "output") == outputs;
        }));
  };
  if (options.inputs.size() != count(false) ||
      options.outputs.size() != count(true))
    return fail(kWrongUsage, "'" + function->name + "' takes " +
                                 llvm::Twine(count(false)) + " --input and " +
                                 llvm::Twine(count(true)) +
                                 " --output, in the order of "
                                 "the manifest's operands");

  Operands operands{*function, {}, {}};
  size_t input = 0;
  for (const ManifestOperand &operand : function->operands)
    if (llvm::Error error =
            operand.kind == "output"
                ? operands.addOutput(operand)
                : operands.addInput(operand, options.inputs[input++]))
      return fail(kWrongUsage, llvm::toString(std::move(error)));
  std::string path = options.code;
  if (path.empty()) {
    llvm::SmallString<128> beside(options.manifest);
    llvm::sys::path::replace_extension(beside, "spv");
    path = beside.str().str();
  }
  llvm::Expected<std::vector<uint32_t>> code = readCode(path);
  if (!code)
    return fail(kWrongUsage, llvm::toString(code.takeError()));
  if (llvm::Error error = run(*manifest, operands, *code, options.device))
    return fail(kFails, llvm::toString(std::move(error)));
  size_t output = 0;
  for (auto [operand, array] : llvm::zip(function->operands, operands.arrays))
    if (operand.kind == "output")
      if (llvm::Error error = writeNpy(options.outputs[output++], array))
        return fail(kWrongUsage, llvm::toString(std::move(error)));
  return 0;
}
