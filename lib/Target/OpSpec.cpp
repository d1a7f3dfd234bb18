// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/OpSpec.h"

#include "ParsedSpec.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Target/CNames.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Expected<OpKind> parseKind(StringRef op) {
  std::optional<OpKind> kind =
      llvm::StringSwitch<std::optional<OpKind>>(op)
          .Case("softmax", OpKind::Softmax)
          .Case("log_softmax", OpKind::LogSoftmax)
          .Case("logsumexp", OpKind::LogSumExp)
          .Case("softmax_backward", OpKind::SoftmaxBackward)
          .Case("log_softmax_backward", OpKind::LogSoftmaxBackward)
          .Case("cross_entropy", OpKind::CrossEntropy)
          .Case("cross_entropy_backward", OpKind::CrossEntropyBackward)
          .Default(std::nullopt);
  if (kind)
    return *kind;
  return makeError("unknown --op=" + op +
                   "; choose one of softmax, log_softmax, logsumexp, "
                   "softmax_backward, log_softmax_backward, cross_entropy, "
                   "cross_entropy_backward");
}

llvm::Expected<FloatType> parseType(MLIRContext *context, StringRef spelling,
                                    StringRef option) {
  Builder builder(context);
  FloatType type = llvm::StringSwitch<FloatType>(spelling)
                       .Case("f16", builder.getF16Type())
                       .Case("bf16", builder.getBF16Type())
                       .Case("f32", builder.getF32Type())
                       .Case("f64", builder.getF64Type())
                       .Default(FloatType());
  if (!type)
    return makeError("--type=" + option + ": unknown type '" + spelling +
                     "'; use f16, bf16, f32 or f64, or two of them as "
                     "input:output");
  return type;
}

llvm::Error parseShape(StringRef text, ParsedSpec &parsed) {
  if (text.empty()) {
    parsed.scalarShape = true;
    parsed.shape = {1};
    return llvm::Error::success();
  }
  SmallVector<StringRef> parts;
  text.split(parts, 'x');
  int64_t elements = 1;
  for (StringRef part : parts) {
    int64_t size = 0;
    if (part == "?") {
      parsed.shape.push_back(ShapedType::kDynamic);
      continue;
    }
    if (part.empty() || !llvm::all_of(part, llvm::isDigit) ||
        part.getAsInteger(10, size))
      return makeError("--shape=" + text + ": '" + part +
                       "' is not a size; write sizes and ? joined by x, as in "
                       "?x10");
    parsed.shape.push_back(size);
    // A size of 0 keeps the product at 0, which every size may follow.
    if (elements != 0 && llvm::MulOverflow(elements, size, elements))
      return makeError("--shape=" + text + " has more than 2^63 elements");
  }
  // The bytes of an f64 tensor must be countable, too.
  if (elements > (int64_t(1) << 59))
    return makeError("--shape=" + text +
                     " has more elements than can be "
                     "addressed");
  return llvm::Error::success();
}

llvm::Error parseAxes(StringRef text, ParsedSpec &parsed) {
  int64_t rank = parsed.shape.size();
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  for (StringRef part : parts) {
    int64_t axis = 0;
    if (part.getAsInteger(10, axis))
      return makeError("--axis=" + text + ": '" + part +
                       "' is not a number; write one axis or several joined "
                       "by commas");
    if (axis < -rank || axis >= rank)
      return makeError("--axis=" + text + ": " + part +
                       " is out of range; a shape of rank " +
                       llvm::Twine(rank) + " has the axes " +
                       llvm::Twine(-rank) + " to " + llvm::Twine(rank - 1));
    parsed.axes.push_back(axis < 0 ? axis + rank : axis);
  }
  llvm::sort(parsed.axes);
  if (llvm::adjacent_find(parsed.axes) != parsed.axes.end())
    return makeError("--axis=" + text + " names the same axis twice");
  return llvm::Error::success();
}

llvm::Error parseWith(StringRef text, ParsedSpec &parsed) {
  SmallVector<StringRef> parts;
  text.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    bool *flag = llvm::StringSwitch<bool *>(part)
                     .Case("scale", &parsed.scale)
                     .Case("bias", &parsed.bias)
                     .Case("mask", &parsed.mask)
                     .Case("lse", &parsed.lse)
                     .Default(nullptr);
    if (!flag)
      return makeError("--with=" + text + ": unknown operand '" + part +
                       "'; use scale, bias, mask, lse");
    *flag = true;
  }
  bool backward = parsed.kind == OpKind::SoftmaxBackward ||
                  parsed.kind == OpKind::LogSoftmaxBackward;
  if (backward && (parsed.bias || parsed.mask || parsed.lse))
    return makeError("--with=" + text +
                     ": a gradient of softmax takes no operand but scale; "
                     "leave the others out");
  if (isLoss(parsed.kind) && !text.empty())
    return makeError("--with=" + text +
                     ": a loss takes labels and no further operands; leave it "
                     "out");
  if (parsed.lse && parsed.kind == OpKind::LogSumExp)
    return makeError("--with=lse does not go with --op=logsumexp, whose result "
                     "it already is; leave it out");
  return llvm::Error::success();
}

llvm::Error parseLabels(const OpSpec &spec, ParsedSpec &parsed) {
  if (!spec.labels)
    return llvm::Error::success();
  if (!isLoss(parsed.kind))
    return makeError("--labels=" + *spec.labels + " does not go with --op=" +
                     spec.op + ", which has no labels; leave it out");
  std::optional<unsigned> bits =
      llvm::StringSwitch<std::optional<unsigned>>(*spec.labels)
          .Case("i64", 64)
          .Case("i32", 32)
          .Case("prob", 0)
          .Default(std::nullopt);
  if (!bits)
    return makeError("--labels=" + *spec.labels +
                     ": unknown labels; use i64 or i32 for class indices, prob "
                     "for probabilities");
  parsed.labelBits = *bits;
  return llvm::Error::success();
}

/// The attributes of the op: what a row counts for that is ignored, smoothed or
/// fully masked.
llvm::Error parseAttributes(const OpSpec &spec, ParsedSpec &parsed) {
  auto refuse = [&](StringRef option, const std::string &value,
                    const llvm::Twine &reason) {
    return makeError("--" + option + "=" + value + reason);
  };
  if (spec.ignoreIndex) {
    if (!isLoss(parsed.kind) || parsed.labelBits == 0)
      return refuse("ignore-index", *spec.ignoreIndex,
                    " belongs to losses of class indices; leave it out");
    int64_t index;
    if (StringRef(*spec.ignoreIndex).getAsInteger(10, index))
      return refuse("ignore-index", *spec.ignoreIndex,
                    " is not an integer of 64 bits; write one, as in -100");
    if (!llvm::isIntN(parsed.labelBits, index))
      return refuse("ignore-index", *spec.ignoreIndex,
                    " is no label of 32 bits; use --labels=i64");
    parsed.ignoreIndex = index;
  }
  if (spec.labelSmoothing) {
    if (!isLoss(parsed.kind))
      return refuse("label-smoothing", *spec.labelSmoothing,
                    " belongs to losses; leave it out");
    double amount;
    if (StringRef(*spec.labelSmoothing).getAsDouble(amount) ||
        !(amount >= 0 && amount <= 1))
      return refuse("label-smoothing", *spec.labelSmoothing,
                    " is not a number from 0 to 1");
    parsed.labelSmoothing = amount;
  }
  if (!spec.maskedRow)
    return llvm::Error::success();
  if (parsed.kind == OpKind::LogSumExp)
    return refuse("masked-row", *spec.maskedRow,
                  " does not go with --op=logsumexp, which is -inf for a fully "
                  "masked row; leave it out");
  std::optional<MaskedRow> masked = symbolizeMaskedRow(*spec.maskedRow);
  if (!masked)
    return refuse("masked-row", *spec.maskedRow,
                  ": unknown value; use nan or zero");
  parsed.maskedRow = *masked;
  return llvm::Error::success();
}

llvm::Expected<ParsedSpec> parseSpec(MLIRContext *context, const OpSpec &spec) {
  ParsedSpec parsed;
  llvm::Expected<OpKind> kind = parseKind(spec.op);
  if (!kind)
    return kind.takeError();
  parsed.kind = *kind;
  parsed.name = spec.name.empty() ? spec.op : spec.name;
  if (llvm::Error error = checkKernelName(parsed.name))
    return makeError("--name: " + llvm::toString(std::move(error)));
  if (llvm::Error error = parseLabels(spec, parsed))
    return std::move(error);
  if (llvm::Error error = parseAttributes(spec, parsed))
    return std::move(error);

  std::pair<StringRef, StringRef> types = StringRef(spec.type).split(':');
  llvm::Expected<FloatType> inputType =
      parseType(context, types.first, spec.type);
  if (!inputType)
    return inputType.takeError();
  parsed.inputType = parsed.outputType = *inputType;
  if (StringRef(spec.type).contains(':')) {
    llvm::Expected<FloatType> outputType =
        parseType(context, types.second, spec.type);
    if (!outputType)
      return outputType.takeError();
    parsed.outputType = *outputType;
  }

  if (llvm::Error error = parseShape(spec.shape, parsed))
    return std::move(error);
  if (llvm::Error error = parseAxes(spec.axis, parsed))
    return std::move(error);
  if (llvm::Error error = parseWith(spec.with, parsed))
    return std::move(error);
  if (isLoss(parsed.kind) && parsed.labelBits != 0 && parsed.axes.size() != 1)
    return makeError("--axis=" + spec.axis +
                     ": class indices pick along one axis; give one, or "
                     "--labels=prob");

  // The results of logsumexp and cross_entropy are in the compute type
  // (C-TYPE-2), so that their output type says only whether that is f64.
  Builder builder(context);
  bool f64 = parsed.inputType.isF64() || parsed.outputType.isF64();
  FloatType computeType = f64 ? builder.getF64Type() : builder.getF32Type();
  parsed.computeType = computeType;
  if (parsed.kind == OpKind::LogSumExp || parsed.kind == OpKind::CrossEntropy) {
    if (StringRef(spec.type).contains(':') && parsed.outputType != computeType)
      return makeError("--type=" + spec.type + ": the result of " + spec.op +
                       " has the compute type; write " + types.first + " or " +
                       types.first + ":" + (f64 ? "f64" : "f32"));
    parsed.outputType = computeType;
  }
  return parsed;
}

} // namespace

llvm::Error mlir::softmax::checkKernelName(StringRef name) {
  if (!isCIdentifier(name))
    return makeError("a kernel cannot be called '" + name +
                     "', which is not a C identifier; use letters, digits and "
                     "_");
  if (name.starts_with("_") || isReservedCName(name))
    return makeError(
        "a kernel cannot be called '" + name +
        "', which is reserved by C, C++ or the kernels' header; choose "
        "another name");
  return llvm::Error::success();
}

llvm::Expected<OwningOpRef<ModuleOp>>
mlir::softmax::buildModule(MLIRContext *context, ArrayRef<OpSpec> specs) {
  context
      ->loadDialect<func::FuncDialect, tensor::TensorDialect, SoftmaxDialect>();
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(FileLineColLoc::get(context, "<command line>", 1, 1));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  llvm::StringSet<> names;
  for (auto [index, spec] : llvm::enumerate(specs)) {
    llvm::Expected<ParsedSpec> parsed = parseSpec(context, spec);
    if (!parsed)
      return parsed.takeError();
    if (!names.insert(parsed->name).second)
      return makeError("two kernels are called '" + parsed->name +
                       "'; give each --op its own --name");
    Location loc =
        FileLineColLoc::get(context, "<--op=" + spec.op + ">", index + 1, 1);
    buildFunction(builder, loc, *parsed);
  }
  for (const auto &name : names)
    for (StringRef suffix : {"_range", "_units", "_workspace_size"})
      if (names.contains((name.first() + suffix).str()))
        return makeError("the kernel '" + name.first() + "' has a function '" +
                         name.first() + suffix +
                         "' of its own; give the other kernel another --name");
  return module;
}
