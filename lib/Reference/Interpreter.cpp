// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Reference/Interpreter.h"

#include "Evaluator.h"
#include "ScalarProgram.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

/// Elements are kept with their errors; larger tensors are not for an oracle.
static constexpr int64_t maxElements = int64_t(1) << 28;
static constexpr unsigned maxCalls = 64;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

FailureOr<ReferenceTensor> Evaluator::create(Operation &op, Type type,
                                             ArrayRef<int64_t> shape) {
  Type elementType = getElementTypeOrSelf(type);
  if (!getElementFormat(elementType))
    return op.emitError("the reference computes with f16, bf16, f32, f64 and "
                        "integers of at most "
                        "64 bits, not with ")
           << type;
  int64_t count = 1;
  bool empty = llvm::is_contained(shape, 0);
  for (int64_t size : shape)
    if (size < 0 || (!empty && (llvm::MulOverflow(count, size, count) ||
                                count > maxElements)))
      return op.emitError("a tensor of ")
             << describeTensor(elementType, shape)
             << " is too large for the reference, which takes " << maxElements
             << " elements";
  ReferenceTensor tensor{elementType, llvm::to_vector(shape)};
  if (mode == Mode::Shapes)
    return tensor;
  // What nobody has written must not look like a number.
  Scalar initial;
  initial.real = std::numeric_limits<Real>::quiet_NaN();
  tensor.elements.assign(empty ? 0 : count, initial);
  return tensor;
}

FailureOr<Evaluator::Sizes> Evaluator::resolve(Operation &op,
                                               ArrayRef<int64_t> fixed,
                                               ValueRange dynamic,
                                               bool mayBeNegative) {
  Sizes result;
  for (int64_t size : fixed) {
    if (!ShapedType::isDynamic(size)) {
      result.push_back(size);
      continue;
    }
    const ReferenceTensor &value = get(dynamic.front());
    dynamic = dynamic.drop_front();
    if (!value.hasElements())
      return op.emitError("a size or offset depends on the elements of a "
                          "tensor, so it is not known "
                          "before the function runs");
    if (value.elements[0].integer < 0 && !mayBeNegative)
      return op.emitError("a size or offset is negative: ")
             << value.elements[0].integer;
    result.push_back(value.elements[0].integer);
  }
  return result;
}

LogicalResult Evaluator::checkType(Operation &op, Type type,
                                   ArrayRef<int64_t> shape) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return success();
  for (auto [i, pair] :
       llvm::enumerate(llvm::zip_equal(shaped.getShape(), shape))) {
    auto [declared, actual] = pair;
    if (!ShapedType::isDynamic(declared) && declared != actual)
      return op.emitOpError("dimension ")
             << i << " has size " << actual << " where " << type << " says "
             << declared << " (C-SHAPE-1)";
  }
  return success();
}

OffsetMap::OffsetMap(AffineMap map, ArrayRef<int64_t> shape)
    : map(map), strides(shape.size(), 1), coefficients(map.getNumDims(), 0) {
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      coefficients[dim.getPosition()] += strides[i];
    else if (auto constant = dyn_cast<AffineConstantExpr>(expr);
             !constant || constant.getValue())
      linear = false;
  }
}

int64_t OffsetMap::operator()(ArrayRef<int64_t> index) const {
  int64_t offset = 0;
  if (linear) {
    for (auto [i, coefficient] : llvm::enumerate(coefficients))
      offset += index[i] * coefficient;
    return offset;
  }
  for (auto [position, stride] : llvm::zip_equal(map.compose(index), strides))
    offset += position * stride;
  return offset;
}

//===----------------------------------------------------------------------===//
// Element-wise operations
//===----------------------------------------------------------------------===//

LogicalResult Evaluator::evaluateElementwise(Operation &op) {
  SmallVector<bool> exact;
  SmallVector<const ReferenceTensor *> operands;
  const ReferenceTensor *shaped = nullptr;
  for (Value operand : op.getOperands()) {
    const ReferenceTensor &tensor = get(operand);
    operands.push_back(&tensor);
    exact.push_back(tensor.exact);
    if (isa<ShapedType>(operand.getType())) {
      if (shaped && shaped->shape != tensor.shape)
        return op.emitError("operands of an element-wise operation have "
                            "different sizes: ")
               << describeTensor(shaped->elementType, shaped->shape) << " and "
               << describeTensor(tensor.elementType, tensor.shape);
      shaped = &tensor;
    }
  }
  FailureOr<ScalarOperation> scalar = ScalarOperation::prepare(&op, exact);
  if (failed(scalar))
    return failure();
  Type type = op.getResult(0).getType();
  FailureOr<ReferenceTensor> result =
      create(op, type,
             shaped ? ArrayRef<int64_t>(shaped->shape) : ArrayRef<int64_t>());
  if (failed(result))
    return failure();
  result->exact = scalar->isExact();
  // Sizes are computed from scalars even where only shapes are asked for.
  bool known = llvm::all_of(
      operands, [](const ReferenceTensor *t) { return t->hasElements(); });
  if (known && (mode == Mode::Values || result->shape.empty())) {
    result->elements.resize(result->getNumElements());
    for (auto [i, element] : llvm::enumerate(result->elements)) {
      SmallVector<Scalar, 3> elements;
      for (const ReferenceTensor *operand : operands)
        elements.push_back(operand->elements[operand->shape.empty() ? 0 : i]);
      element = (*scalar)(elements);
    }
  }
  set(op.getResult(0), std::move(*result));
  return success();
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<TensorPtr>> Evaluator::call(func::FuncOp function,
                                                  ArrayRef<TensorPtr> arguments,
                                                  unsigned depth) {
  if (depth > maxCalls)
    return function.emitOpError("calls nest more than ") << maxCalls << " deep";
  if (function.isExternal())
    return function.emitOpError(
        "has no body, so the reference cannot evaluate it");
  if (!function.getBody().hasOneBlock())
    return function.emitOpError(
        "has control flow; the reference takes straight-line functions");
  Block &block = function.getBody().front();
  // A function has its own values, also where it is called twice.
  DenseMap<Value, TensorPtr> outer;
  std::swap(values, outer);
  llvm::scope_exit restore([&]() { std::swap(values, outer); });
  for (auto [argument, value] :
       llvm::zip_equal(block.getArguments(), arguments)) {
    if (isa<BaseMemRefType, UnrankedTensorType>(argument.getType()))
      return function.emitOpError("has an argument of type ")
             << argument.getType()
             << "; the reference evaluates functions on ranked tensors";
    if (failed(checkType(*function, argument.getType(), value->shape)))
      return failure();
    values[argument] = value;
  }
  for (Operation &op : block.without_terminator())
    if (failed(evaluate(op, depth)))
      return failure();
  SmallVector<TensorPtr> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(values.find(value)->second);
  return results;
}

LogicalResult Evaluator::evaluate(Operation &op, unsigned depth) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    std::optional<std::vector<Scalar>> value =
        evaluateConstant(constant.getValue());
    if (!value)
      return op.emitError("the reference does not know constants of type ")
             << constant.getType();
    auto shaped = dyn_cast<ShapedType>(constant.getType());
    FailureOr<ReferenceTensor> tensor =
        create(op, constant.getType(),
               shaped ? shaped.getShape() : ArrayRef<int64_t>());
    if (failed(tensor))
      return failure();
    if (value->size() == 1)
      tensor->elements.assign(tensor->getNumElements(), (*value)[0]);
    else
      tensor->elements = std::move(*value);
    set(constant.getResult(), std::move(*tensor));
    return success();
  }
  if (auto callOp = dyn_cast<func::CallOp>(op)) {
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
        &op, callOp.getCalleeAttr());
    SmallVector<TensorPtr> arguments;
    for (Value operand : op.getOperands())
      arguments.push_back(values.find(operand)->second);
    FailureOr<SmallVector<TensorPtr>> results =
        call(callee, arguments, depth + 1);
    if (failed(results))
      return failure();
    for (auto [result, value] : llvm::zip_equal(op.getResults(), *results))
      values[result] = value;
    return success();
  }
  if (auto named = dyn_cast<softmax::SoftmaxOp>(op))
    return evaluateNamed(named, /*isLog=*/false);
  if (auto named = dyn_cast<LogSoftmaxOp>(op))
    return evaluateNamed(named, /*isLog=*/true);
  if (auto named = dyn_cast<LogSumExpOp>(op))
    return evaluateNamed(named, /*isLog=*/false);
  if (auto named = dyn_cast<SoftmaxBackwardOp>(op))
    return evaluateBackward(named);
  if (auto named = dyn_cast<LogSoftmaxBackwardOp>(op))
    return evaluateBackward(named);
  if (auto named = dyn_cast<CrossEntropyOp>(op))
    return evaluateCrossEntropy(named);
  if (auto named = dyn_cast<CrossEntropyBackwardOp>(op))
    return evaluateCrossEntropyBackward(named);
  if (auto stats = dyn_cast<StatsOp>(op))
    return evaluateStats(stats);
  if (auto merge = dyn_cast<MergeOp>(op))
    return evaluateMerge(merge);
  if (auto generic = dyn_cast<GenericOp>(op))
    return evaluateGeneric(generic);
  if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op))
    return evaluateLinalgSoftmax(softmax);
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return evaluateLinalg(linalgOp);
  FailureOr<bool> done = evaluateTensorOp(op);
  if (failed(done))
    return failure();
  if (*done)
    return success();
  if (isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op.getDialect()))
    return evaluateElementwise(op);
  return op.emitError("the reference does not evaluate ")
         << op.getName()
         << "; it takes softmax, linalg, tensor, arith and math operations on "
            "tensors";
}

static FailureOr<SmallVector<ReferenceTensor>>
evaluateIn(Evaluator::Mode mode, func::FuncOp function,
           ArrayRef<ReferenceTensor> arguments, Accuracy accuracy) {
  SmallVector<TensorPtr> values;
  for (const ReferenceTensor &argument : arguments)
    values.push_back(std::make_shared<const ReferenceTensor>(argument));
  if (values.size() != function.getNumArguments())
    return function.emitOpError("takes ")
           << function.getNumArguments() << " arguments, not " << values.size();
  FailureOr<SmallVector<TensorPtr>> results =
      Evaluator(mode, accuracy).call(function, values, 0);
  if (failed(results))
    return failure();
  return llvm::map_to_vector(*results,
                             [](const TensorPtr &tensor) { return *tensor; });
}

FailureOr<SmallVector<ReferenceTensor>>
mlir::softmax::reference::evaluateFunction(func::FuncOp function,
                                           ArrayRef<ReferenceTensor> arguments,
                                           Accuracy accuracy) {
  return evaluateIn(Evaluator::Mode::Values, function, arguments, accuracy);
}

FailureOr<SmallVector<ReferenceTensor>>
mlir::softmax::reference::evaluateShapes(func::FuncOp function,
                                         ArrayRef<ReferenceTensor> arguments) {
  return evaluateIn(Evaluator::Mode::Shapes, function, arguments,
                    Accuracy::Default);
}
