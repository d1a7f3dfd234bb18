// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

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

static json::Object describeResources(const DeviceKernel &kernel,
                                      const GPUDescription &chip) {
  const KernelResources &resources = *kernel.resources;
  return json::Object{{"wave_size", resources.waveSize},
                      {"vgprs", resources.vgprs},
                      {"agprs", resources.agprs},
                      {"sgprs", resources.sgprs},
                      {"vgpr_spills", resources.vgprSpills},
      {"sgpr_spills", resources.sgprSpills},
                      {"scratch_bytes", resources.scratchBytes},
                      {"lds_bytes", resources.ldsBytes},
                      {"waves_per_simd", getWavesPerSIMD(resources, chip)}};
}

static json::Object describeKernel(const DeviceFunction &function,
                                   const DeviceKernel &kernel,
                                   const GPUDescription &chip) {
  json::Array arguments;
  for (const DeviceArgument &argument : kernel.arguments) {
    const KernelOperand &operand = function.info.operands[argument.operand];
    json::Object object{{"operand", operand.name}};
    switch (argument.kind) {
    case DeviceArgument::Kind::Pointer:
      object["kind"] = "pointer";
      break;
    case DeviceArgument::Kind::Size:
      object["kind"] = "size";
      object["type"] = "int64";
      object["dimension"] = argument.dimension;
      break;
    case DeviceArgument::Kind::Scalar:
      object["kind"] = "scalar";
      object["type"] = operand.typeName();
      break;
    }
    arguments.push_back(std::move(object));
  }
  json::Object object{{"name", kernel.name},
                      {"strategy", kernel.strategy},
                      {"block", json::Array{kernel.threads, 1, 1}},
                      {"rows_per_block", kernel.rowsPerBlock},
                      {"dynamic_shared_bytes", 0},
                      {"arguments", std::move(arguments)}};
  if (kernel.minColumns)
    object["min_columns"] = kernel.minColumns;
  if (kernel.maxColumns)
    object["max_columns"] = kernel.maxColumns;
  if (kernel.resources)
    object["resources"] = describeResources(kernel, chip);
  return object;
}

std::string
mlir::softmax::emitDeviceManifest(ArrayRef<DeviceFunction> functions,
                                  const GPUDescription &chip,
                                  StringRef accuracy) {
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
      kernels.push_back(describeKernel(function, kernel, chip));
    list.push_back(json::Object{
        {"name", function.info.name},
        {"op", function.info.op},
        {"operands", std::move(operands)},
        {"layout", "row-major, contiguous, on the device; elements aligned to "
                   "their size"},
        {"rows", describeDims(function.rows)},
        {"columns", describeDims(function.columns)},
        {"grid", "ceil(rows / rows_per_block); nothing to launch for 0 rows"},
        {"accuracy",
         json::Object{{"mode", accuracy}, {"bounds", std::move(bounds)}}},
        {"kernels", std::move(kernels)}});
  }
  json::Value manifest = json::Object{
      {"manifest_version", 1},
      {"target",
       json::Object{{"name", chip.targetName()},
                    {"triple", chip.kind == GPUKind::AMD
                                   ? StringRef(amdTriple)
                                   : StringRef("nvptx64-nvidia-cuda")},
                    {"chip", chip.name},
                    {"features", chip.features},
                    {"warp_size", chip.warpSize}}},
      {"versions", json::Object{{"softmax-mlir", getProjectVersion()},
                                {"llvm", LLVM_VERSION_STRING}}},
      {"functions", std::move(list)}};
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", manifest) << '\n';
  return text;
}
