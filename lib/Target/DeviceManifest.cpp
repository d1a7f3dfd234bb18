// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SPIRVRequirements.h"
#include "softmax/Conversion/KernelsToSPIRV/Passes.h"
#include "softmax/Target/DeviceKernels.h"
#include "softmax/Target/LibraryText.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;
namespace json = llvm::json;

static json::Value describeDim(const KernelDim &dim) {
  if (dim.isStatic())
    return dim.size;
  return dim.symbol;
}

static json::Array describeDims(ArrayRef<KernelDim> dims) {
  json::Array list;
  for (const KernelDim &dim : dims)
    list.push_back(describeDim(dim));
  return list;
}

static json::Object describeLaunch(const DeviceFunction &function,
                                   const DeviceLaunch &launch,
                                   const GPUDescription &chip) {
  json::Array arguments;
  for (const DeviceArgument &argument : launch.arguments) {
    if (argument.kind == DeviceArgument::Kind::Workspace) {
      arguments.push_back(json::Object{{"kind", "workspace"}});
      continue;
    }
    const KernelOperand &operand = function.info.operands[argument.operand];
    json::Object object{{"operand", operand.name}};
    if (argument.kind == DeviceArgument::Kind::Pointer) {
      object["kind"] = "pointer";
    } else if (argument.kind == DeviceArgument::Kind::Size) {
      object["kind"] = "size";
      object["type"] = "int64";
      object["dimension"] = argument.dimension;
    } else {
      object["kind"] = "scalar";
      object["type"] = operand.typeName();
    }
    arguments.push_back(std::move(object));
  }
  json::Object object{{"name", launch.name},
                      {"block", json::Array{launch.threads, 1, 1}},
                      {"rows_per_block", launch.rowsPerBlock},
                      {"cluster", launch.cluster},
                      {"shared_bytes", launch.sharedBytes},
                      {"arguments", std::move(arguments)}};
  if (launch.columnsPerBlock)
    object["columns_per_block"] = launch.columnsPerBlock;
  else
    object["blocks_per_row"] = launch.blocksPerRow;
  if (launch.resources)
    object["resources"] = toJSON(*launch.resources, chip);
  return object;
}

static json::Object describeKernel(const DeviceFunction &function,
                                   const DeviceKernel &kernel,
                                   const GPUDescription &chip) {
  json::Array launches;
  for (const DeviceLaunch &launch : kernel.launches)
    launches.push_back(describeLaunch(function, launch, chip));
  json::Object object{{"strategy", kernel.strategy},
                      {"launches", std::move(launches)}};
  if (kernel.minColumns)
    object["min_columns"] = kernel.minColumns;
  if (kernel.maxColumns)
    object["max_columns"] = kernel.maxColumns;
  if (kernel.maxRows)
    object["max_rows"] = kernel.maxRows;
  if (kernel.workspaceBytes)
    object["workspace"] =
        json::Object{{"bytes_per_slice", kernel.workspaceBytes},
                     {"columns_per_slice", kernel.workspaceColumns},
                     {"alignment", 8}};
  return object;
}

/// The same for Vulkan.
static json::Object describeVulkanKernel(const DeviceFunction &function,
                                         const DeviceKernel &kernel,
                                         const GPUDescription &chip) {
  const DeviceLaunch &launch = kernel.launches.front();
  json::Array bindings, constants;
  for (const DeviceArgument &argument : launch.arguments) {
    const KernelOperand &operand = function.info.operands[argument.operand];
    json::Object object{{"operand", operand.name}};
    if (argument.kind == DeviceArgument::Kind::Pointer) {
      object["set"] = 0;
      object["binding"] = argument.place;
      object["access"] =
          operand.kind == KernelOperand::Kind::Output ? "write" : "read";
      bindings.push_back(std::move(object));
      continue;
    }
    object["offset"] = argument.place;
    bool isSize = argument.kind == DeviceArgument::Kind::Size;
    object["kind"] = isSize ? "size" : "scalar";
    object["type"] =
        isSize || operand.elementType.isIndex() ? "int32" : operand.typeName();
    if (isSize)
      object["dimension"] = argument.dimension;
    constants.push_back(std::move(object));
  }
  json::Object object{{"entry_point", launch.name},
                      {"strategy", kernel.strategy},
                      {"workgroup_size", json::Array{launch.threads, 1, 1}},
                      {"subgroup_size", chip.warpSize},
                      {"rows_per_workgroup", launch.rowsPerBlock},
                      {"bindings", std::move(bindings)},
                      {"push_constant_bytes", launch.pushConstantBytes},
                      {"push_constants", std::move(constants)}};
  if (kernel.minColumns)
    object["min_columns"] = kernel.minColumns;
  if (kernel.maxColumns)
    object["max_columns"] = kernel.maxColumns;
  return object;
}

/// What the kernels are compiled for; `code` is a SPIR-V module or unused.
static json::Object describeTarget(const GPUDescription &chip, StringRef code) {
  if (chip.kind != GPUKind::Vulkan)
    return json::Object{{"name", chip.targetName()},
                        {"triple", chip.kind == GPUKind::AMD
                                       ? StringRef(amdTriple)
                                       : StringRef("nvptx64-nvidia-cuda")},
                        {"chip", chip.name},
                        {"features", chip.features},
                        {"warp_size", chip.warpSize}};
  SPIRVRequirements needs = readSPIRVRequirements(code);
  return json::Object{{"name", chip.name},
                      {"environment", "Vulkan 1.2, SPIR-V 1.3"},
                      {"subgroup_size", chip.warpSize},
                      {"capabilities", json::Array(needs.capabilities)},
                      {"extensions", json::Array(needs.extensions)}};
}

std::string
mlir::softmax::emitDeviceManifest(ArrayRef<DeviceFunction> functions,
                                  const GPUDescription &chip,
                                  StringRef accuracy, StringRef code) {
  bool vulkan = chip.kind == GPUKind::Vulkan;
  json::Array list;
  for (const DeviceFunction &function : functions) {
    json::Array operands, kernels, bounds;
    for (auto [i, operand] : llvm::enumerate(function.info.operands)) {
      static constexpr StringLiteral kinds[] = {"input", "output", "scalar"};
      operands.push_back(
          json::Object{{"name", operand.name},
                       {"kind", kinds[static_cast<unsigned>(operand.kind)]},
                       {"dtype", operand.typeName()},
                       {"shape", describeDims(operand.shape)}});
      if (operand.kind == KernelOperand::Kind::Output)
        bounds.push_back(json::Object{
            {"output", operand.name},
            {"bound", describeAccuracy(function.info, i, accuracy)}});
    }
    for (const DeviceKernel &kernel : function.kernels)
      kernels.push_back(vulkan ? describeVulkanKernel(function, kernel, chip)
                               : describeKernel(function, kernel, chip));
    list.push_back(json::Object{
        {"name", function.info.name},
        {"op", function.info.op},
        {"operands", std::move(operands)},
        {"layout", vulkan ? "row-major, contiguous, in storage buffers whose "
                            "offsets are multiples of 16 bytes"
                          : "row-major, contiguous, on the device; elements "
                            "aligned to their size"},
        {"rows", describeDims(function.rows)},
        {"columns", describeDims(function.columns)},
        {"choice", "the first of kernels whose bounds hold; all of its "
                   "launches in order; nothing to launch for 0 rows"},
        {"grid", vulkan ? "n = ceil(rows / rows_per_workgroup) workgroups, as "
                          "(min(n, 65535), ceil(n / 65535), 1); nothing to "
                          "dispatch for 0 rows"
                        : "ceil(rows / rows_per_block) * blocks_per_row, which "
                          "is ceil(columns / columns_per_block) where that is "
                          "given"},
        {"workspace_bytes",
         "rows * ceil(columns / columns_per_slice) * bytes_per_slice"},
        {"accuracy",
         json::Object{{"mode", accuracy}, {"bounds", std::move(bounds)}}},
        {"kernels", std::move(kernels)}});
  }
  json::Value manifest = json::Object{
      {"manifest_version", 2},
      {"target", describeTarget(chip, code)},
      {"versions", json::Object{{"softmax-mlir", getProjectVersion()},
                                {"llvm", LLVM_VERSION_STRING}}},
      {"functions", std::move(list)}};
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", manifest) << '\n';
  return text;
}
