// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector-Jacobian product of a function: its body once more, then reverse
// mode through it, operation by operation from the last to the first.

#include "softmax/Differentiation/Differentiate.h"
#include "Adjoints.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;
using namespace mlir::softmax;

/// f16, bf16, f32 or f64, or a tensor of them.
static bool isDifferentiable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (isa<ShapedType>(type) && (!tensor || tensor.getEncoding()))
    return false;
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(
      getElementTypeOrSelf(type));
}

/// Scalars have gradients of rank 0.
static Type getGradientType(Type type) {
  return isa<RankedTensorType>(type) ? type : RankedTensorType::get({}, type);
}

static LogicalResult checkFunction(func::FuncOp function, StringRef name) {
  if (function.isExternal())
    return function.emitOpError("cannot be differentiated: it has no body");
  if (!function.getBody().hasOneBlock())
    return refuse(function.getBody().front().getTerminator(),
                  "only straight-line functions are differentiated; write the "
                  "branch as a select");
  if (llvm::none_of(function.getResultTypes(), isDifferentiable))
    return function.emitOpError(
        "cannot be differentiated: none of its results is a tensor or scalar "
        "of f16, bf16, f32 or f64; functions on memrefs are differentiated "
        "before bufferization");
  if (SymbolTable::lookupSymbolIn(function->getParentOp(), name))
    return function.emitOpError(
               "cannot be differentiated: there is a symbol '@")
           << name << "' already; choose another suffix";
  return success();
}

/// All that are differentiable if none is asked for.
static FailureOr<SmallVector<int64_t>>
chooseArguments(func::FuncOp function, ArrayRef<int64_t> asked) {
  ArrayRef<Type> types = function.getArgumentTypes();
  SmallVector<int64_t> arguments(asked);
  if (asked.empty())
    for (auto [i, type] : llvm::enumerate(types))
      if (isDifferentiable(type))
        arguments.push_back(i);
  if (arguments.empty())
    return function.emitOpError(
        "cannot be differentiated: it has no argument of f16, bf16, f32 or f64 "
        "and none that is a tensor of them");
  llvm::SmallDenseSet<int64_t> seen;
  for (int64_t i : arguments) {
    if (i < 0 || i >= static_cast<int64_t>(types.size()))
      return function.emitOpError("cannot be differentiated with respect to "
                                  "argument ")
             << i << ": it has " << types.size()
             << " arguments, numbered from 0";
    if (!isDifferentiable(types[i]))
      return function.emitOpError("cannot be differentiated with respect to "
                                  "argument ")
             << i << " of type " << types[i]
             << ": it takes scalars of f16, bf16, f32 or f64 and tensors of "
                "them";
    if (!seen.insert(i).second)
      return function.emitOpError("is to be differentiated with respect to "
                                  "argument ")
             << i << " twice";
  }
  return arguments;
}

namespace {

/// Builds the function; whoever asked for it erases it on failure.
class VjpBuilder {
public:
  VjpBuilder(func::FuncOp function, ArrayRef<int64_t> arguments,
             const DifferentiateOptions &options)
      : function(function), arguments(arguments), options(options),
        builder(function.getContext()), adjoints(builder, rules) {}

  func::FuncOp create();
  /// Fills it in.
  LogicalResult build();

private:
  void cloneBody();
  void seed();
  Value finishGradient(Value argument, Value gradient);
  void eraseDead();

  func::FuncOp function, vjp;
  ArrayRef<int64_t> arguments;
  const DifferentiateOptions &options;
  OpBuilder builder;
  AdjointRules rules;
  Adjoints adjoints;
};

} // namespace

func::FuncOp VjpBuilder::create() {
  SmallVector<Type> inputs(function.getArgumentTypes());
  for (Type type : function.getResultTypes())
    if (isDifferentiable(type))
      inputs.push_back(type);
  SmallVector<Type> results;
  if (options.withResults)
    llvm::append_range(results, function.getResultTypes());
  for (int64_t i : arguments)
    results.push_back(getGradientType(function.getArgumentTypes()[i]));
  builder.setInsertionPointAfter(function);
  vjp = func::FuncOp::create(builder, function.getLoc(), options.name,
                             builder.getFunctionType(inputs, results));
  vjp.setVisibility(function.getVisibility());
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    vjp.setArgAttrs(i, function.getArgAttrDict(i));
  return vjp;
}

void VjpBuilder::cloneBody() {
  Block *entry = vjp.addEntryBlock();
  builder.setInsertionPointToEnd(entry);
  IRMapping mapping;
  for (BlockArgument argument : function.getArguments())
    mapping.map(argument, entry->getArgument(argument.getArgNumber()));
  for (Operation &op : function.getBody().front())
    builder.clone(op, mapping);
  // Arith and math on tensors go the way of linalg.
  RewritePatternSet patterns(function.getContext());
  linalg::populateElementwiseToLinalgConversionPatterns(patterns);
  walkAndApplyPatterns(vjp, std::move(patterns));
}

void VjpBuilder::seed() {
  Block &body = vjp.getBody().front();
  unsigned next = function.getNumArguments();
  for (Value result : body.getTerminator()->getOperands()) {
    if (!isDifferentiable(result.getType()))
      continue;
    Value cotangent = body.getArgument(next++);
    Type element = getElementTypeOrSelf(Adjoints::getType(result.getType()));
    if (adjoints.isActive(result))
      adjoints.add(
          result, castElements(builder, function.getLoc(), cotangent, element));
  }
}

Value VjpBuilder::finishGradient(Value argument, Value gradient) {
  Location loc = function.getLoc();
  Type element = getElementTypeOrSelf(argument);
  bool isTensor = isa<RankedTensorType>(argument.getType());
  if (!gradient)
    return createZeros(builder, loc,
                       isTensor ? tensor::getMixedSizes(builder, loc, argument)
                                : SmallVector<OpFoldResult>(),
                       element);
  gradient = castElements(builder, loc, gradient, element);
  if (isTensor)
    return gradient;
  auto extract = gradient.getDefiningOp<tensor::ExtractOp>();
  if (extract && extract.getIndices().empty())
    return extract.getTensor();
  return tensor::FromElementsOp::create(
      builder, loc, cast<RankedTensorType>(getGradientType(element)), gradient);
}

void VjpBuilder::eraseDead() {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(vjp.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

LogicalResult VjpBuilder::build() {
  cloneBody();
  Block &body = vjp.getBody().front();
  Operation *terminator = body.getTerminator();
  SmallVector<Operation *> ops;
  for (int64_t i : arguments)
    adjoints.activate(body.getArgument(i));
  for (Operation &op : body.without_terminator()) {
    if (failed(adjoints.activateResults(&op)))
      return failure();
    ops.push_back(&op);
  }

  builder.setInsertionPoint(terminator);
  adjoints.loc = function.getLoc();
  seed();
  if (failed(rules.sweep(ops, adjoints)))
    return failure();

  SmallVector<Value> results;
  if (options.withResults)
    llvm::append_range(results, terminator->getOperands());
  for (int64_t i : arguments) {
    Value argument = body.getArgument(i);
    results.push_back(finishGradient(argument, adjoints.get(argument)));
  }
  func::ReturnOp::create(builder, terminator->getLoc(), results);
  terminator->erase();
  eraseDead();
  return success();
}

FailureOr<func::FuncOp>
mlir::softmax::differentiateFunction(func::FuncOp function,
                                     const DifferentiateOptions &options) {
  if (failed(checkFunction(function, options.name)))
    return failure();
  FailureOr<SmallVector<int64_t>> arguments =
      chooseArguments(function, options.arguments);
  if (failed(arguments))
    return failure();
  VjpBuilder builder(function, *arguments, options);
  func::FuncOp vjp = builder.create();
  if (succeeded(builder.build()))
    return vjp;
  vjp.erase();
  return failure();
}
