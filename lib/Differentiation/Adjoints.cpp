// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Adjoints.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

LogicalResult mlir::softmax::refuse(Operation *op, const Twine &why) {
  // Not by the operation, which may stand in a body that is being built.
  return emitError(op->getLoc())
         << "'" << op->getName() << "' op cannot be differentiated: " << why;
}

/// Why an operation without a rule has none.
static LogicalResult refuseUnknown(Operation *op) {
  if (isa<CallOpInterface>(op))
    return refuse(op, "it calls a function; inline it first (--inline)");
  if (isa<GenericOp>(op))
    return refuse(op, "its regions may hold any formula; differentiate named "
                      "ops, before --softmax-generalize");
  if (isa<SoftmaxBackwardOp, LogSoftmaxBackwardOp, CrossEntropyBackwardOp>(op))
    return refuse(op, "it is a gradient already, and there are no second "
                      "derivatives; differentiate with respect to arguments "
                      "that it does not depend on");
  if (isa<linalg::SoftmaxOp>(op))
    return refuse(op, "there is no rule for it; make it a softmax.softmax "
                      "first (--softmax-raise)");
  if (isa<RegionBranchOpInterface>(op))
    return refuse(op, "only straight-line functions are differentiated; "
                      "unroll the loop, or write the branch as a select");
  return refuse(op, "there is no rule for it; compute it with ops of the "
                    "softmax family, linalg on tensors, arith and math");
}

AdjointRules::AdjointRules() {
  addScalarRules(*this);
  addTensorRules(*this);
  addForwardRules(*this);
  addLossRules(*this);
}

LogicalResult AdjointRules::sweep(ArrayRef<Operation *> ops,
                                  Adjoints &adjoints) const {
  for (Operation *op : llvm::reverse(ops)) {
    if (llvm::none_of(op->getResults(),
                      [&](Value result) { return adjoints.get(result); }))
      continue;
    adjoints.loc = op->getLoc();
    auto found = rules.find(op->getName().getTypeID());
    LogicalResult done = failure();
    if (found != rules.end())
      done = found->second(op, adjoints);
    else if (isa<linalg::LinalgOp>(op))
      done = differentiateLinalg(op, adjoints);
    else
      done = refuseUnknown(op);
    if (failed(done))
      return failure();
  }
  return success();
}

Type Adjoints::getType(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (element.getIntOrFloatBitWidth() < 32)
    element = Float32Type::get(type.getContext());
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.clone(element);
  return element;
}

LogicalResult Adjoints::activateResults(Operation *op) {
  llvm::SetVector<Value> read(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), read);
  if (llvm::none_of(read, [&](Value value) { return isActive(value); }))
    return success();
  auto isMemory = [](Value value) {
    return isa<BaseMemRefType>(value.getType());
  };
  if (llvm::any_of(read, isMemory) || llvm::any_of(op->getResults(), isMemory))
    return refuse(op, "what depends on a differentiated argument goes to "
                      "memory here, where it is lost from sight; "
                      "differentiate before bufferization");
  Operation *bits = nullptr;
  op->walk([&](Operation *inner) {
    if (isa<arith::BitcastOp, tensor::BitcastOp>(inner))
      bits = inner;
  });
  if (bits)
    return refuse(bits, "its result is other numbers with the same bits, which "
                        "has no derivative; use arithmetic on floats");
  for (Value result : op->getResults())
    if (!getElementTypeOrSelf(result).isIntOrIndex())
      activate(result);
  return success();
}

Value Adjoints::getAccumulator(Value value) {
  if (Value gradient = get(value))
    return gradient;
  auto type = cast<RankedTensorType>(getType(value.getType()));
  return createZeros(builder, loc, tensor::getMixedSizes(builder, loc, value),
                     type.getElementType());
}

void Adjoints::add(Value value, Value gradient) {
  if (!isActive(value))
    return;
  Type type = getType(value.getType());
  if (gradient.getType() != type)
    gradient = tensor::CastOp::create(builder, loc, type, gradient);
  Value &sum = gradients[value];
  if (!sum) {
    sum = gradient;
    return;
  }
  if (!isa<RankedTensorType>(type)) {
    sum = arith::AddFOp::create(builder, loc, sum, gradient);
    return;
  }
  Value init =
      createEmpty(builder, loc, tensor::getMixedSizes(builder, loc, value),
                  getElementTypeOrSelf(type));
  sum = linalg::AddOp::create(builder, loc, ValueRange{sum, gradient},
                              ValueRange{init})
            .getResult(0);
}
