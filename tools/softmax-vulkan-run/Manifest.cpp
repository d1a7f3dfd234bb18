// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Manifest.h"

using namespace mlir::softmax;
namespace json = llvm::json;

namespace mlir::softmax {
// llvm::json::fromJSON finds these by the types.

static bool fromJSON(const json::Value &value, ManifestDim &dim,
                     json::Path path) {
  if (auto symbol = value.getAsString()) {
    dim.symbol = symbol->str();
    return true;
  }
  return json::fromJSON(value, dim.size, path);
}

static bool fromJSON(const json::Value &value, ManifestOperand &operand,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("name", operand.name) &&
         map.map("kind", operand.kind) && map.map("dtype", operand.type) &&
         map.map("shape", operand.shape);
}

static bool fromJSON(const json::Value &value, ManifestBinding &binding,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("operand", binding.operand) &&
         map.map("binding", binding.binding);
}

static bool fromJSON(const json::Value &value, ManifestConstant &constant,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("operand", constant.operand) &&
         map.map("kind", constant.kind) && map.map("type", constant.type) &&
         map.map("offset", constant.offset) &&
         map.mapOptional("dimension", constant.dimension);
}

static bool fromJSON(const json::Value &value, ManifestKernel &kernel,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("entry_point", kernel.entryPoint) &&
         map.mapOptional("min_columns", kernel.minColumns) &&
         map.mapOptional("max_columns", kernel.maxColumns) &&
         map.map("rows_per_workgroup", kernel.rowsPerWorkgroup) &&
         map.map("push_constant_bytes", kernel.pushConstantBytes) &&
         map.map("bindings", kernel.bindings) &&
         map.map("push_constants", kernel.constants);
}

static bool fromJSON(const json::Value &value, ManifestFunction &function,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("name", function.name) &&
         map.map("operands", function.operands) &&
         map.map("rows", function.rows) &&
         map.map("columns", function.columns) &&
         map.map("kernels", function.kernels);
}

static bool fromJSON(const json::Value &value, Manifest &manifest,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  if (!map || !map.map("functions", manifest.functions))
    return false;
  const json::Value *target = value.getAsObject()->get("target");
  if (!target) {
    path.report("has no target");
    return false;
  }
  json::ObjectMapper inner(*target, path.field("target"));
  return inner && inner.map("subgroup_size", manifest.subgroupSize) &&
         inner.map("capabilities", manifest.capabilities);
}

} // namespace mlir::softmax

llvm::Expected<Manifest> mlir::softmax::parseManifest(llvm::StringRef text) {
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  Manifest manifest;
  json::Path::Root root("manifest");
  if (!fromJSON(*value, manifest, root))
    return root.getError();
  for (const ManifestFunction &function : manifest.functions)
    for (const ManifestKernel &kernel : function.kernels) {
      bool right = kernel.rowsPerWorkgroup > 0 &&
                   kernel.pushConstantBytes >= 0 &&
                   kernel.pushConstantBytes <= 65536;
      for (const ManifestBinding &binding : kernel.bindings)
        right &= binding.binding >= 0 &&
                 binding.binding < static_cast<int64_t>(kernel.bindings.size());
      for (const ManifestConstant &constant : kernel.constants)
        right &= constant.offset >= 0 && constant.dimension >= 0 &&
                 constant.offset + 8 <= kernel.pushConstantBytes + 4;
      if (!right)
        return llvm::createStringError("kernel '" + kernel.entryPoint +
                                       "' has numbers that cannot be");
    }
  return manifest;
}
