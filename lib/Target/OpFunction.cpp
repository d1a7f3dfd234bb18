// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The function that softmaxc's --op stands for.
#include "ParsedSpec.h"
#include "softmax/Dialect/IR/Softmax.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

/// An argument or a result.
struct FunctionOperand {
  StringRef name;
  Type element;
  enum Extent { PerLogit, PerRow, Scalar } extent = PerLogit;
};

class FunctionBuilder {
public:
  FunctionBuilder(OpBuilder &builder, Location loc, const ParsedSpec &spec)
      : builder(builder), loc(loc), spec(spec) {
    listOperands();
  }

  void build();

private:
  /// In the order of the C interface.
  void listOperands();
  Type boundaryType(const FunctionOperand &operand);
  func::FuncOp declare();
  /// Rank 0 enters the op as one row of one element.
  Value withRank(Value tensor);
  /// A destination with the sizes of `logits`.
  Value createInit(Value logits, const FunctionOperand &result);
  SmallVector<int64_t> rowShape();
  /// `arguments` as listed; null for operands that are left out.
  Operation *buildOp(ArrayRef<Value> arguments, ValueRange inits);

  OpBuilder &builder;
  Location loc;
  const ParsedSpec &spec;
  /// Operands without a name are left out.
  SmallVector<FunctionOperand> inputs, results;
};

} // namespace

void FunctionBuilder::listOperands() {
  Type input = spec.inputType, output = spec.outputType,
       compute = spec.computeType;
  auto optional = [](bool given, FunctionOperand operand) {
    return given ? operand : FunctionOperand();
  };
  switch (spec.kind) {
  case OpKind::Softmax:
  case OpKind::LogSoftmax:
  case OpKind::LogSumExp:
    inputs = {{"logits", input},
              optional(spec.scale, {"scale", compute, FunctionOperand::Scalar}),
              optional(spec.bias, {"bias", input}),
              optional(spec.mask, {"mask", builder.getI1Type()})};
    if (spec.kind == OpKind::Softmax)
      results.push_back({"probabilities", output});
    if (spec.kind == OpKind::LogSoftmax)
      results.push_back({"log_probabilities", output});
    if (spec.kind == OpKind::LogSumExp || spec.lse)
      results.push_back({"lse", compute, FunctionOperand::PerRow});
    return;
  case OpKind::SoftmaxBackward:
  case OpKind::LogSoftmaxBackward:
    inputs = {
        {"grad_output", input},
        {"output", input},
        optional(spec.scale, {"scale", compute, FunctionOperand::Scalar})};
    results = {{"grad_input", output}};
    return;
  case OpKind::CrossEntropy:
  case OpKind::CrossEntropyBackward:
    inputs = {{"logits", input}, {"labels", input}};
    if (spec.labelBits)
      inputs.back() = {"labels", builder.getIntegerType(spec.labelBits),
                       FunctionOperand::PerRow};
    if (spec.kind == OpKind::CrossEntropy) {
      results = {{"loss", compute, FunctionOperand::PerRow},
                 {"lse", compute, FunctionOperand::PerRow}};
      return;
    }
    inputs.push_back({"lse", compute, FunctionOperand::PerRow});
    inputs.push_back({"grad_loss", compute, FunctionOperand::PerRow});
    results = {{"grad_logits", output}};
    return;
  }
}

SmallVector<int64_t> FunctionBuilder::rowShape() {
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(spec.shape))
    if (!llvm::is_contained(spec.axes, static_cast<int64_t>(dim)))
      shape.push_back(size);
  return shape;
}

Type FunctionBuilder::boundaryType(const FunctionOperand &operand) {
  if (operand.extent == FunctionOperand::Scalar)
    return operand.element;
  if (operand.extent == FunctionOperand::PerRow)
    return RankedTensorType::get(rowShape(), operand.element);
  return RankedTensorType::get(spec.scalarShape ? ArrayRef<int64_t>()
                                                : ArrayRef<int64_t>(spec.shape),
                               operand.element);
}

func::FuncOp FunctionBuilder::declare() {
  auto collect = [&](ArrayRef<FunctionOperand> operands,
                     SmallVectorImpl<Type> &types,
                     SmallVectorImpl<DictionaryAttr> &attrs) {
    for (const FunctionOperand &operand : operands) {
      if (operand.name.empty())
        continue;
      types.push_back(boundaryType(operand));
      attrs.push_back(builder.getDictionaryAttr(builder.getNamedAttr(
          "softmax.name", builder.getStringAttr(operand.name))));
    }
  };
  SmallVector<Type> inputTypes, resultTypes;
  SmallVector<DictionaryAttr> inputAttrs, resultAttrs;
  collect(inputs, inputTypes, inputAttrs);
  collect(results, resultTypes, resultAttrs);
  auto function =
      func::FuncOp::create(builder, loc, spec.name,
                           builder.getFunctionType(inputTypes, resultTypes));
  function.setPublic();
  function.setAllArgAttrs(inputAttrs);
  function.setAllResultAttrs(resultAttrs);
  return function;
}

Value FunctionBuilder::withRank(Value tensor) {
  if (!spec.scalarShape)
    return tensor;
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(spec.shape, element), tensor,
      ArrayRef<ReassociationIndices>{});
}

Value FunctionBuilder::createInit(Value logits, const FunctionOperand &result) {
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, size] : llvm::enumerate(spec.shape)) {
    if (result.extent == FunctionOperand::PerRow &&
        llvm::is_contained(spec.axes, static_cast<int64_t>(dim)))
      continue;
    if (ShapedType::isDynamic(size))
      sizes.push_back(
          tensor::DimOp::create(builder, loc, logits, dim).getResult());
    else
      sizes.push_back(builder.getIndexAttr(size));
  }
  return tensor::EmptyOp::create(builder, loc, sizes, result.element);
}

Operation *FunctionBuilder::buildOp(ArrayRef<Value> arguments,
                                    ValueRange inits) {
  switch (spec.kind) {
  case OpKind::Softmax:
    return SoftmaxOp::create(builder, loc, arguments[0], inits, spec.axes,
                             arguments[1], arguments[2], arguments[3],
                             spec.maskedRow);
  case OpKind::LogSoftmax:
    return LogSoftmaxOp::create(builder, loc, arguments[0], inits, spec.axes,
                                arguments[1], arguments[2], arguments[3],
                                spec.maskedRow);
  case OpKind::LogSumExp:
    return LogSumExpOp::create(builder, loc, arguments[0], inits, spec.axes,
                               arguments[1], arguments[2], arguments[3]);
  case OpKind::SoftmaxBackward:
    return SoftmaxBackwardOp::create(builder, loc, arguments[0], arguments[1],
                                     inits[0], spec.axes, arguments[2],
                                     spec.maskedRow);
  case OpKind::LogSoftmaxBackward:
    return LogSoftmaxBackwardOp::create(builder, loc, arguments[0],
                                        arguments[1], inits[0], spec.axes,
                                        arguments[2], spec.maskedRow);
  case OpKind::CrossEntropy:
    return CrossEntropyOp::create(builder, loc, arguments[0], arguments[1],
                                  inits, spec.axes, spec.ignoreIndex,
                                  spec.labelSmoothing, spec.maskedRow);
  case OpKind::CrossEntropyBackward:
    return CrossEntropyBackwardOp::create(
        builder, loc, arguments[0], arguments[1], arguments[2], arguments[3],
        inits[0], spec.axes, spec.ignoreIndex, spec.labelSmoothing,
        spec.maskedRow);
  }
  llvm_unreachable("all kinds are handled");
}

void FunctionBuilder::build() {
  func::FuncOp function = declare();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(function.addEntryBlock());
  SmallVector<Value> arguments;
  unsigned next = 0;
  for (const FunctionOperand &input : inputs) {
    Value &argument = arguments.emplace_back();
    if (input.name.empty())
      continue;
    argument = function.getArgument(next++);
    if (input.extent == FunctionOperand::PerLogit)
      argument = withRank(argument);
  }
  SmallVector<Value> inits;
  for (const FunctionOperand &result : results)
    inits.push_back(createInit(arguments[0], result));
  SmallVector<Value> values(buildOp(arguments, inits)->getResults());
  // What a row has one of has rank 0 already.
  for (auto [value, result] : llvm::zip_equal(values, results))
    if (spec.scalarShape && result.extent == FunctionOperand::PerLogit)
      value = tensor::CollapseShapeOp::create(
          builder, loc, RankedTensorType::get({}, result.element), value,
          ArrayRef<ReassociationIndices>{});
  func::ReturnOp::create(builder, loc, values);
}

void mlir::softmax::buildFunction(OpBuilder &builder, Location loc,
                                  const ParsedSpec &spec) {
  FunctionBuilder(builder, loc, spec).build();
}
