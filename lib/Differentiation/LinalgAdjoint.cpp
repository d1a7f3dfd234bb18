// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "LinalgAdjoint.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::softmax;

LinalgAdjoint::LinalgAdjoint(linalg::LinalgOp op, const Adjoints &outer)
    : op(op), numLoops(op.getNumLoops()),
      isReduction(op.getNumReductionLoops() != 0) {
  addOperands(outer);
}

void LinalgAdjoint::addOperands(const Adjoints &outer) {
  // One argument for what is read twice in the same way, as in x * x.
  for (BlockArgument argument : op.getBlock()->getArguments()) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    AffineMap map = op.getMatchingIndexingMap(operand);
    bool known = llvm::any_of(operands, [&](const Operand &other) {
      return other.value == operand->get() && other.map == map;
    });
    if (!known)
      operands.push_back({operand->get(), map,
                          body.addArgument(argument.getType(), op.getLoc())});
  }
  numPrimal = operands.size();
  for (OpResult result : op->getResults())
    if (Value gradient = outer.get(result))
      operands.push_back(
          {gradient, op.getIndexingMapMatchingResult(result),
           body.addArgument(getElementTypeOrSelf(gradient), op.getLoc())});
}

LogicalResult LinalgAdjoint::build(const Adjoints &outer) {
  OpBuilder builder(op.getContext());
  builder.setInsertionPointToEnd(&body);
  Adjoints inner(builder, outer.rules);
  IRMapping mapping;
  for (BlockArgument argument : op.getBlock()->getArguments()) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    AffineMap map = op.getMatchingIndexingMap(operand);
    const Operand *found = llvm::find_if(operands, [&](const Operand &other) {
      return other.value == operand->get() && other.map == map;
    });
    mapping.map(argument, found->element);
    // Where the op reduces, its destinations are only added to.
    if (isReduction && op.isDpsInit(operand))
      continue;
    if (outer.isActive(operand->get()))
      inner.activate(found->element);
  }
  // Scalars of the function, and tensors that single elements are taken from.
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    if (outer.isActive(value))
      inner.activate(value);

  SmallVector<Operation *> ops;
  for (Operation &old : op.getBlock()->without_terminator()) {
    Operation *clone = builder.clone(old, mapping);
    // Bodies of named ops have no location.
    if (isa<UnknownLoc>(clone->getLoc()))
      clone->setLoc(op.getLoc());
    if (failed(inner.activateResults(clone)))
      return failure();
    bool gathers = llvm::any_of(clone->getOperands(), [&](Value value) {
      return inner.isActive(value) && isa<ShapedType>(value.getType());
    });
    if (gathers)
      return refuse(clone, "it takes elements of a whole tensor inside of a "
                           "linalg op; make the tensor an input with an "
                           "indexing map");
    ops.push_back(clone);
  }

  unsigned next = numPrimal;
  inner.loc = op.getLoc();
  for (OpResult result : op->getResults()) {
    if (!outer.get(result))
      continue;
    Value yielded =
        op.getBlock()->getTerminator()->getOperand(result.getResultNumber());
    inner.add(mapping.lookupOrDefault(yielded), operands[next++].element);
  }
  if (failed(outer.rules.sweep(ops, inner)))
    return failure();

  auto addSource = [&](const Operand &operand) {
    if (!inner.isActive(operand.element))
      return;
    if (Value gradient = inner.get(operand.element))
      sources.push_back({operand, gradient});
  };
  for (const Operand &operand : ArrayRef(operands).take_front(numPrimal))
    addSource(operand);
  AffineMap none = AffineMap::get(numLoops, /*symbolCount=*/0, op.getContext());
  for (Value value : captured)
    addSource({value, none, value});
  return success();
}

const LinalgAdjoint::Operand *
LinalgAdjoint::findRepeated(Value gradient) const {
  for (const Operand &operand : ArrayRef(operands).drop_front(numPrimal))
    if (operand.element == gradient)
      return &operand;
  return nullptr;
}

const LinalgAdjoint::Operand *LinalgAdjoint::findCovering() const {
  const Operand *found = llvm::find_if(operands, [](const Operand &operand) {
    return operand.map.isPermutation();
  });
  return found == operands.end() ? nullptr : found;
}

SmallVector<OpFoldResult> LinalgAdjoint::getLoopSizes(OpBuilder &builder,
                                                      Location loc) const {
  SmallVector<OpFoldResult> sizes(numLoops);
  for (const Operand &operand : operands)
    for (auto [i, expr] : llvm::enumerate(operand.map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (OpFoldResult &size = sizes[dim.getPosition()]; !size)
          size = tensor::getMixedSize(builder, loc, operand.value, i);
  return sizes;
}

Value LinalgAdjoint::emit(OpBuilder &builder, Location loc, Value gradient,
                          AffineMap map, Value init) const {
  // What the gradient needs of the body.
  SmallVector<Operation *> needed;
  llvm::SmallDenseSet<Value> values = {gradient};
  for (Operation &inner : llvm::reverse(const_cast<Block &>(body))) {
    if (llvm::none_of(inner.getResults(),
                      [&](Value result) { return values.contains(result); }))
      continue;
    needed.push_back(&inner);
    values.insert(inner.operand_begin(), inner.operand_end());
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(inner.getRegions(), captured);
    values.insert(captured.begin(), captured.end());
  }
  SmallVector<Value> inputs, elements;
  SmallVector<AffineMap> maps;
  llvm::SmallBitVector sized(numLoops);
  auto addMap = [&](AffineMap added) {
    maps.push_back(added);
    for (unsigned loop = 0; loop < numLoops; ++loop)
      if (added.isFunctionOfDim(loop))
        sized.set(loop);
  };
  auto addInput = [&](const Operand &operand) {
    inputs.push_back(operand.value);
    elements.push_back(operand.element);
    addMap(operand.map);
  };
  for (const Operand &operand : operands)
    if (values.contains(operand.element))
      addInput(operand);
  // A loop has its size from an operand, though no element of that be read.
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    if (sized.test(loop) || map.isFunctionOfDim(loop))
      continue;
    addInput(*llvm::find_if(operands, [&](const Operand &operand) {
      return operand.map.isFunctionOfDim(loop);
    }));
  }
  addMap(map);
  SmallVector<utils::IteratorType> iterators;
  bool adds = false;
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    bool isNamed = map.isFunctionOfDim(loop);
    adds |= !isNamed;
    iterators.push_back(isNamed ? utils::IteratorType::parallel
                                : utils::IteratorType::reduction);
  }
  return linalg::GenericOp::create(
             builder, loc, init.getType(), inputs, init, maps, iterators,
             [&](OpBuilder &nested, Location, ValueRange arguments) {
               IRMapping mapping;
               mapping.map(elements, arguments.drop_back());
               for (Operation *inner : llvm::reverse(needed))
                 nested.clone(*inner, mapping);
               Value result = mapping.lookupOrDefault(gradient);
               if (adds)
                 result = arith::AddFOp::create(nested, loc, arguments.back(),
                                                result);
               linalg::YieldOp::create(nested, loc, result);
             })
      .getResult(0);
}
