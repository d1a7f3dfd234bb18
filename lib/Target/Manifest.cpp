// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The manifest of a library of kernels.

#include "softmax/Target/LibraryText.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;
namespace json = llvm::json;

/// Names come from source files and may hold any bytes.
static json::Value toText(StringRef text) {
  return json::isUTF8(text) ? text.str() : json::fixUTF8(text);
}

static json::Object describeOperand(const KernelOperand &operand) {
  static constexpr StringLiteral kinds[] = {"input", "output", "scalar"};
  std::string type;
  if (operand.elementType.isInteger(1))
    type = "bool";
  else
    llvm::raw_string_ostream(type) << operand.elementType;
  json::Object object{{"name", toText(operand.name)},
                      {"kind", kinds[static_cast<unsigned>(operand.kind)]},
                      {"type", std::move(type)},
                      {"dtype", operand.typeName()}};
  if (!operand.source.empty())
    object["source"] = toText(operand.source);
  if (!operand.isTensor())
    return object;
  if (operand.alsoRead)
    object["also_read"] = true;
  json::Array shape;
  for (const KernelDim &dim : operand.shape) {
    if (dim.isStatic())
      shape.push_back(dim.size);
    else
      shape.push_back(toText(dim.symbol));
  }
  object["shape"] = std::move(shape);
  if (operand.classes) {
    json::Object labels;
    if (operand.classes->isStatic())
      labels["classes"] = operand.classes->size;
    else
      labels["classes"] = toText(operand.classes->symbol);
    if (operand.ignoredClass)
      labels["ignore_index"] = *operand.ignoredClass;
    object["labels"] = std::move(labels);
  }
  return object;
}

static json::Object describeTarget(const LibraryInfo &library) {
  json::Object object{{"name", describeTargetNames(library)},
                      {"triple", library.targets.front().triple},
                      {"requirement", describeRequirement(library)},
                      {"threads", library.threads}};
  if (library.targets.size() == 1) {
    object["cpu"] = library.targets.front().cpu;
    object["features"] = library.targets.front().features;
    return object;
  }
  json::Array versions;
  for (const TargetDescription &target : library.targets)
    versions.push_back(
        json::Object{{"name", target.name},
                     {"cpu", target.cpu},
                     {"features", target.features},
                     {"requirement", describeRequirement(target)}});
  object["versions"] = std::move(versions);
  return object;
}

static json::Object describeVersions() {
  return json::Object{{"softmax-mlir", getProjectVersion()},
                      {"llvm", LLVM_VERSION_STRING}};
}

/// C-NAN-1, C-INF-1, C-INF-2, C-INF-3, C-DEN-1.
static json::Object describeSpecialValues(const KernelInfo &kernel) {
  bool maskedZero = llvm::any_of(kernel.ops, [](const KernelOpInfo &op) {
    return StringRef(op.statistics).contains("masked_row = zero");
  });
  json::Object policy{{"masked_row", maskedZero ? "zero" : "nan"},
                      {"denormals", "kept"}};
  if (kernel.op == "logsumexp") {
    policy["nan"] = "lse of the row is NaN";
    policy["positive_infinity"] = "lse of the row is +inf";
    policy["all_negative_infinity"] = "lse of the row is -inf";
    policy["some_negative_infinity"] = "adds nothing to lse";
    return policy;
  }
  if (StringRef(kernel.op).starts_with("cross_entropy")) {
    bool isLoss = kernel.op == "cross_entropy";
    if (!isLoss)
      policy["masked_row"] = "as the source says, nan by default";
    policy["nan"] = isLoss ? "loss and lse of the row are NaN"
                           : "every element of the row is NaN";
    policy["positive_infinity"] = isLoss ? "loss of the row is NaN; lse is +inf"
                                         : "every element of the row is NaN";
    return policy;
  }
  if (StringRef(kernel.op).ends_with("softmax_backward")) {
    // The zeros of a fully masked row follow from the probabilities.
    policy["masked_row"] = "as the source says, nan by default";
    policy["nan"] = "every element of the row is NaN";
    policy["positive_infinity"] = "that of the formula";
    return policy;
  }
  bool isLog = kernel.op == "log_softmax";
  if (!isLog && kernel.op != "softmax") {
    // What the regions of a softmax.generic make of them, only they know.
    policy["rule"] = "that of every softmax operation in it (docs/Spec.md)";
    return policy;
  }
  policy["nan"] = "every element of the row is NaN, and lse is";
  policy["positive_infinity"] = "every element of the row is NaN; lse is +inf";
  policy["all_negative_infinity"] =
      !maskedZero ? "every element of the row is NaN; lse is -inf"
      : isLog     ? "every element of the row is -inf; lse is -inf"
                  : "every element of the row is 0; lse is -inf";
  policy["some_negative_infinity"] =
      isLog ? "exactly -inf there" : "exactly 0 there";
  return policy;
}

/// Of the operations `ops` as compiled for `target`, which is named where there
/// are several.
static void describeSchedules(ArrayRef<KernelOpInfo> ops, StringRef target,
                              json::Array &schedules) {
  for (const KernelOpInfo &op : ops) {
    json::Array strategies;
    for (const std::string &strategy : op.strategies)
      strategies.push_back(strategy);
    json::Object schedule{{"dimensions", json::Array(op.dimensions)},
                          {"statistics", toText(op.statistics)},
                          {"strategies", std::move(strategies)},
                          {"schedule", toText(op.schedule)}};
    if (!target.empty())
      schedule["target"] = target;
    schedules.push_back(std::move(schedule));
  }
}

static json::Object describeKernel(const KernelInfo &kernel,
                                   const LibraryInfo &library) {
  json::Array operands, bounds, inPlace, dropped, schedules;
  if (kernel.versions.empty())
    describeSchedules(kernel.ops, "", schedules);
  for (auto [i, version] : llvm::enumerate(kernel.versions))
    describeSchedules(version.ops, library.targets[i].name, schedules);
  for (const std::string &name : kernel.dropped)
    dropped.push_back(toText(name));
  for (auto [i, operand] : llvm::enumerate(kernel.operands)) {
    operands.push_back(describeOperand(operand));
    if (operand.kind != KernelOperand::Kind::Output)
      continue;
    bounds.push_back(
        json::Object{{"output", toText(operand.name)},
                     {"bound", describeAccuracy(kernel, i, library.accuracy)}});
    for (auto [j, input] : llvm::enumerate(kernel.operands))
      if (kernel.mayRunInPlace(j, i))
        inPlace.push_back(json::Object{{"input", toText(input.name)},
                                       {"output", toText(operand.name)}});
  }
  return json::Object{
      {"name", toText(kernel.name)},
      {"op", toText(kernel.op)},
      {"operands", std::move(operands)},
      {"in_place", std::move(inPlace)},
      {"source_destinations", std::move(dropped)},
      {"target", describeTarget(library)},
      {"accuracy",
       json::Object{{"mode", library.accuracy}, {"bounds", std::move(bounds)}}},
      {"special_values", describeSpecialValues(kernel)},
      {"schedule", std::move(schedules)},
      {"workspace_bytes", toText(describeWorkspace(kernel, library))},
      {"versions", describeVersions()}};
}

std::string softmax::emitManifest(ArrayRef<KernelInfo> kernels,
                                  const LibraryInfo &library) {
  json::Array list;
  for (const KernelInfo &kernel : kernels)
    list.push_back(describeKernel(kernel, library));
  json::Value manifest = json::Object{{"manifest_version", 1},
                                      {"target", describeTarget(library)},
                                      {"versions", describeVersions()},
                                      {"kernels", std::move(list)}};
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", manifest) << '\n';
  return text;
}
