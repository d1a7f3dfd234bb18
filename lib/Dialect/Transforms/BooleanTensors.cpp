// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "BooleanTensors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::softmax;

bool mlir::softmax::isBooleanShaped(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped && shaped.getElementType().isInteger(1);
}

/// `type` with elements of i8.
static Type withBytes(Type type) {
  return cast<ShapedType>(type).clone(IntegerType::get(type.getContext(), 8));
}

/// A tensor of `element` made of `source` by `body`, one element at a time.
static Value
buildElementwise(OpBuilder &b, Value source, Type element,
                 function_ref<Value(OpBuilder &, Location, Value)> body) {
  Location loc = source.getLoc();
  auto type = cast<RankedTensorType>(source.getType());
  Value init = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, source), element);
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      b, loc, init.getType(), source, init, ArrayRef{identity, identity},
      iterators,
      [&](OpBuilder &builder, Location bodyLoc, ValueRange arguments) {
        linalg::YieldOp::create(builder, bodyLoc,
                                body(builder, bodyLoc, arguments[0]));
      });
  return generic.getResult(0);
}

/// Whether the byte `value` is not 0.
static Value buildIsSet(OpBuilder &b, Location loc, Value value) {
  Value zero = arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(0));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, zero);
}

/// Input `index` of `op` has bytes now: so have its arguments of the regions,
/// which compare them with 0.
static void retypeInput(RewriterBase &b, GenericOp op, unsigned index) {
  auto retype = [&](Region &region, unsigned position) {
    if (region.empty())
      return;
    BlockArgument argument = region.getArgument(position);
    argument.setType(b.getI8Type());
    if (argument.use_empty())
      return;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&region.front());
    Value set = buildIsSet(b, argument.getLoc(), argument);
    b.replaceAllUsesExcept(argument, set, set.getDefiningOp());
  };
  retype(op.getLogit(), index);
  retype(op.getResult(), index);
  if (!op.isRowInvariant(op.getInputMap(index)))
    return;
  unsigned position = 0;
  for (unsigned i = 0; i < index; ++i)
    position += op.isRowInvariant(op.getInputMap(i));
  retype(op.getRow(), position);
}

/// Destination `index` of `op` has bytes now: so has what the regions yield.
static void retypeInit(RewriterBase &b, GenericOp op, unsigned index) {
  unsigned elementwise = op.getNumElementwiseInits();
  bool perRow = index >= elementwise;
  Region &region = perRow ? op.getRow() : op.getResult();
  OpOperand &yielded = region.front().getTerminator()->getOpOperand(
      perRow ? index - elementwise : index);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(yielded.getOwner());
  Type type = b.getI8Type();
  if (auto vector = dyn_cast<VectorType>(yielded.get().getType()))
    type = vector.clone(type);
  Value wide = arith::ExtUIOp::create(b, yielded.getOwner()->getLoc(), type,
                                      yielded.get());
  b.modifyOpInPlace(yielded.getOwner(), [&] { yielded.set(wide); });
}

Value BooleanTensors::fromBytes(Value source) {
  Value result =
      buildElementwise(b, source, b.getI1Type(),
                       [](OpBuilder &builder, Location loc, Value value) {
                         return buildIsSet(builder, loc, value);
                       });
  bytes[result] = source;
  return result;
}

/// Ops that select or rearrange elements and so work on bytes as well.
static bool isRearrangement(Operation *op) {
  return isa_and_present<tensor::CastOp, tensor::ExpandShapeOp,
                         tensor::CollapseShapeOp, tensor::ExtractSliceOp>(op);
}

bool BooleanTensors::hasBytes(Value value) {
  while (true) {
    if (bytes.contains(value))
      return true;
    Operation *op = value.getDefiningOp();
    if (!isRearrangement(op) || !isBooleanShaped(op->getOperand(0).getType()))
      return false;
    value = op->getOperand(0);
  }
}

Value BooleanTensors::toBytes(Value value) {
  if (Value known = bytes.lookup(value))
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(value);
  Value result;
  DenseIntElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant))) {
    DenseElementsAttr wide = constant.mapValues(
        b.getI8Type(), [](const APInt &bit) { return bit.zext(8); });
    result = arith::ConstantOp::create(b, value.getLoc(), wide);
  } else if (hasBytes(value)) {
    Operation *op = value.getDefiningOp();
    Value source = toBytes(op->getOperand(0));
    IRMapping mapping;
    mapping.map(op->getOperand(0), source);
    Operation *clone = b.clone(*op, mapping);
    clone->getResult(0).setType(withBytes(value.getType()));
    result = clone->getResult(0);
  } else {
    result = buildElementwise(
        b, value, b.getI8Type(),
        [](OpBuilder &builder, Location loc, Value bit) -> Value {
          return arith::ExtUIOp::create(builder, loc, builder.getI8Type(), bit);
        });
  }
  bytes[value] = result;
  return result;
}

LogicalResult BooleanTensors::convertArgument(BlockArgument argument) {
  bool isMemRef = isa<MemRefType>(argument.getType());
  SmallVector<OpOperand *> uses;
  for (OpOperand &use : argument.getUses()) {
    Operation *user = use.getOwner();
    if (isa<tensor::DimOp, memref::DimOp>(user))
      continue;
    if (isMemRef && !isa<GenericOp>(user))
      return user->emitOpError("uses a memref of i1 that enters a public "
                               "function, where booleans are bytes; give the "
                               "argument elements of i8 and compare with 0");
    uses.push_back(&use);
  }
  argument.setType(withBytes(argument.getType()));
  if (uses.empty())
    return success();
  if (isMemRef) {
    for (OpOperand *use : uses) {
      auto op = cast<GenericOp>(use->getOwner());
      unsigned index = use->getOperandNumber();
      unsigned numInputs = op.getInputs().size();
      if (index < numInputs)
        retypeInput(b, op, index);
      else
        retypeInit(b, op, index - numInputs);
    }
    return success();
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(argument.getOwner());
  Value bits = fromBytes(argument);
  for (OpOperand *use : uses)
    b.modifyOpInPlace(use->getOwner(), [&] { use->set(bits); });
  return success();
}

LogicalResult BooleanTensors::convertGeneric(GenericOp op) {
  for (Value operand : op->getOperands())
    if (isa<MemRefType>(operand.getType()) &&
        isBooleanShaped(operand.getType()))
      return op.emitOpError("has an operand of type ")
             << operand.getType()
             << ", whose elements would be read as packed bits; keep booleans "
                "as i8 and compare with 0 in the regions";

  for (unsigned i = 0, e = op.getInputs().size(); i < e; ++i) {
    if (!isBooleanShaped(op.getInputs()[i].getType()))
      continue;
    Value wide = toBytes(op.getInputs()[i]);
    b.modifyOpInPlace(op, [&] {
      op.getInputsMutable()[i].set(wide);
      retypeInput(b, op, i);
    });
  }

  SmallVector<unsigned> converted;
  for (auto [i, init] : llvm::enumerate(op.getInits()))
    if (isBooleanShaped(init.getType()))
      converted.push_back(i);
  if (converted.empty())
    return success();

  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  SmallVector<Value> inits(op.getInits());
  for (unsigned i : converted) {
    retypeInit(b, op, i);
    auto empty = inits[i].getDefiningOp<tensor::EmptyOp>();
    inits[i] = tensor::EmptyOp::create(
        b, op.getLoc(),
        empty ? empty.getMixedSizes()
              : tensor::getMixedSizes(b, op.getLoc(), inits[i]),
        b.getI8Type());
  }
  GenericOp wide = GenericOp::create(
      b, op.getLoc(), ValueRange(inits).getTypes(), op.getDimensionsAttr(),
      op.getStatisticsAttr(), op.getMapsAttr(), op.getInputs(), inits,
      op.getRows(), op.getScheduleAttr());
  wide->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  for (auto [from, to] : llvm::zip(op->getRegions(), wide->getRegions()))
    b.inlineRegionBefore(from, to, to.begin());
  SmallVector<Value> results(wide.getResults());
  for (unsigned i : converted)
    results[i] = fromBytes(results[i]);
  b.replaceOp(op, results);
  return success();
}
