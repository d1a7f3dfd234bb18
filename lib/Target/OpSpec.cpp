// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/OpSpec.h"

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

enum class Kind { Softmax, LogSoftmax, LogSumExp };

/// A spec with its texts understood.
struct ParsedSpec {
  Kind kind;
  std::string name;
  FloatType inputType;
  FloatType outputType;
  SmallVector<int64_t> shape;
  /// Sorted, in range, never empty.
  SmallVector<int64_t> axes;
  /// Rank 0 was asked for; `shape` is [1].
  bool scalarShape = false;
  bool scale = false, bias = false, mask = false, lse = false;
};

llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Expected<Kind> parseKind(StringRef op) {
  std::optional<Kind> kind = llvm::StringSwitch<std::optional<Kind>>(op)
                                 .Case("softmax", Kind::Softmax)
                                 .Case("log_softmax", Kind::LogSoftmax)
                                 .Case("logsumexp", Kind::LogSumExp)
                                 .Default(std::nullopt);
  if (kind)
    return *kind;
  bool later = llvm::is_contained({"softmax_backward", "log_softmax_backward",
                                   "cross_entropy", "cross_entropy_backward"},
                                  op);
  return makeError((later ? "--op=" + op + " is not in this version"
                          : "unknown --op=" + op) +
                   "; choose one of softmax, log_softmax, logsumexp");
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
  if (parsed.lse && parsed.kind == Kind::LogSumExp)
    return makeError("--with=lse does not go with --op=logsumexp, whose result "
                     "it already is; leave it out");
  return llvm::Error::success();
}

llvm::Expected<ParsedSpec> parseSpec(MLIRContext *context, const OpSpec &spec) {
  ParsedSpec parsed;
  llvm::Expected<Kind> kind = parseKind(spec.op);
  if (!kind)
    return kind.takeError();
  parsed.kind = *kind;
  parsed.name = spec.name.empty() ? spec.op : spec.name;
  if (llvm::Error error = checkKernelName(parsed.name))
    return makeError("--name: " + llvm::toString(std::move(error)));
  if (spec.labels)
    return makeError("--labels=" + *spec.labels + " does not go with --op=" +
                     spec.op + ", which has no labels; leave it out");

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

  // logsumexp's result is in the compute type (C-TYPE-2), so that its output
  // type says only whether that is f64.
  Builder builder(context);
  bool f64 = parsed.inputType.isF64() || parsed.outputType.isF64();
  FloatType computeType = f64 ? builder.getF64Type() : builder.getF32Type();
  if (parsed.kind == Kind::LogSumExp) {
    if (StringRef(spec.type).contains(':') && parsed.outputType != computeType)
      return makeError(
          "--type=" + spec.type +
          ": the result of logsumexp has the compute type; write " +
          types.first + " or " + types.first + ":" + (f64 ? "f64" : "f32"));
    parsed.outputType = computeType;
  }
  return parsed;
}

/// Builds the function of one spec, part by part.
class FunctionBuilder {
public:
  FunctionBuilder(OpBuilder &builder, Location loc, const ParsedSpec &spec)
      : builder(builder), loc(loc), spec(spec) {}

  void build() {
    bool f64 = spec.inputType.isF64() || spec.outputType.isF64();
    FloatType computeType = f64 ? builder.getF64Type() : builder.getF32Type();
    declare(computeType);

    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(function.addEntryBlock());
    unsigned next = 0;
    Value logits = withRank(function.getArgument(next++));
    Value scale = spec.scale ? function.getArgument(next++) : Value();
    Value bias = spec.bias ? withRank(function.getArgument(next++)) : Value();
    Value mask = spec.mask ? withRank(function.getArgument(next++)) : Value();

    SmallVector<Value> inits;
    if (spec.kind != Kind::LogSumExp)
      inits.push_back(emptyLike(logits, spec.outputType, /*rowsOnly=*/false));
    if (spec.kind == Kind::LogSumExp || spec.lse)
      inits.push_back(emptyLike(logits, computeType, /*rowsOnly=*/true));
    SmallVector<Value> results = buildOp(logits, inits, scale, bias, mask);
    // The lse of one row has rank 0 already.
    if (spec.scalarShape && spec.kind != Kind::LogSumExp)
      results[0] = tensor::CollapseShapeOp::create(
          builder, loc, RankedTensorType::get({}, spec.outputType), results[0],
          ArrayRef<ReassociationIndices>{});
    func::ReturnOp::create(builder, loc, results);
  }

private:
  RankedTensorType boundaryType(Type element) {
    return RankedTensorType::get(
        spec.scalarShape ? ArrayRef<int64_t>() : ArrayRef<int64_t>(spec.shape),
        element);
  }

  void declare(FloatType computeType) {
    SmallVector<Type> inputs, results;
    SmallVector<DictionaryAttr> inputAttrs, resultAttrs;
    auto named = [&](StringRef name) {
      return builder.getDictionaryAttr(
          builder.getNamedAttr("softmax.name", builder.getStringAttr(name)));
    };
    auto addInput = [&](Type type, StringRef name) {
      inputs.push_back(type);
      inputAttrs.push_back(named(name));
    };
    auto addResult = [&](Type type, StringRef name) {
      results.push_back(type);
      resultAttrs.push_back(named(name));
    };

    addInput(boundaryType(spec.inputType), "logits");
    if (spec.scale)
      addInput(computeType, "scale");
    if (spec.bias)
      addInput(boundaryType(spec.inputType), "bias");
    if (spec.mask)
      addInput(boundaryType(builder.getI1Type()), "mask");
    if (spec.kind == Kind::Softmax)
      addResult(boundaryType(spec.outputType), "probabilities");
    if (spec.kind == Kind::LogSoftmax)
      addResult(boundaryType(spec.outputType), "log_probabilities");
    if (spec.kind == Kind::LogSumExp || spec.lse)
      addResult(RankedTensorType::get(rowShape(), computeType), "lse");

    function = func::FuncOp::create(builder, loc, spec.name,
                                    builder.getFunctionType(inputs, results));
    function.setPublic();
    function.setAllArgAttrs(inputAttrs);
    function.setAllResultAttrs(resultAttrs);
  }

  SmallVector<int64_t> rowShape() {
    SmallVector<int64_t> shape;
    for (auto [dim, size] : llvm::enumerate(spec.shape))
      if (!llvm::is_contained(spec.axes, static_cast<int64_t>(dim)))
        shape.push_back(size);
    return shape;
  }

  /// Rank 0 enters the op as one row of one element.
  Value withRank(Value tensor) {
    if (!spec.scalarShape)
      return tensor;
    Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
    return tensor::ExpandShapeOp::create(
        builder, loc, RankedTensorType::get(spec.shape, element), tensor,
        ArrayRef<ReassociationIndices>{});
  }

  Value emptyLike(Value logits, Type element, bool rowsOnly) {
    SmallVector<OpFoldResult> sizes;
    for (auto [dim, size] : llvm::enumerate(spec.shape)) {
      if (rowsOnly && llvm::is_contained(spec.axes, static_cast<int64_t>(dim)))
        continue;
      if (ShapedType::isDynamic(size))
        sizes.push_back(
            tensor::DimOp::create(builder, loc, logits, dim).getResult());
      else
        sizes.push_back(builder.getIndexAttr(size));
    }
    return tensor::EmptyOp::create(builder, loc, sizes, element);
  }

  SmallVector<Value> buildOp(Value logits, ValueRange inits, Value scale,
                             Value bias, Value mask) {
    switch (spec.kind) {
    case Kind::Softmax:
      return SoftmaxOp::create(builder, loc, logits, inits, spec.axes, scale,
                               bias, mask)
          ->getResults();
    case Kind::LogSoftmax:
      return LogSoftmaxOp::create(builder, loc, logits, inits, spec.axes, scale,
                                  bias, mask)
          ->getResults();
    case Kind::LogSumExp:
      return LogSumExpOp::create(builder, loc, logits, inits, spec.axes, scale,
                                 bias, mask)
          ->getResults();
    }
    llvm_unreachable("all kinds are handled");
  }

  OpBuilder &builder;
  Location loc;
  const ParsedSpec &spec;
  func::FuncOp function;
};

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
    FunctionBuilder(builder, loc, *parsed).build();
  }
  for (const auto &name : names)
    for (StringRef suffix : {"_range", "_units", "_workspace_size"})
      if (names.contains((name.first() + suffix).str()))
        return makeError("the kernel '" + name.first() + "' has a function '" +
                         name.first() + suffix +
                         "' of its own; give the other kernel another --name");
  return module;
}
