// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "KernelBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

KernelBuilder::KernelBuilder(GenericOp op, OpBuilder &builder)
    : op(op), b(builder), loc(op.getLoc()), computeType(op.getComputeType()),
      numeric(op.getScheduleAttr().getNumeric()),
      statistics(op.getStatisticList()) {
  int64_t rank = op.getIterationRank();
  sizes.resize(rank);
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    inputs.push_back(makeView(input, op.getInputMap(i)));
  for (auto [i, init] : llvm::enumerate(op.getInits()))
    inits.push_back(makeView(init, op.getInitMap(i)));
  parallel = op.getParallelDims();
  reduced.assign(op.getDimensions().begin(), op.getDimensions().end());

  columns = index(1);
  for (int64_t dim : reduced)
    columns = mul(columns, sizes[dim]);
  rowCount = index(1);
  for (int64_t dim : parallel)
    rowCount = mul(rowCount, sizes[dim]);
  rowBegin = op.getRows().empty() ? index(0) : Value(op.getRows()[0]);
  rowEnd = op.getRows().empty() ? rowCount : Value(op.getRows()[1]);
  // Marks where scratch is allocated: outside of every alternative's branch,
  // behind the sizes of all of it.
  prologueEnd = index(0).getDefiningOp();
}

OperandView KernelBuilder::makeView(Value operand, AffineMap map) {
  int64_t rank = map.getNumDims();
  OperandView view;
  view.strides.resize(rank);
  view.staticStrides.assign(rank, 0);
  view.elementType = getElementTypeOrSelf(operand.getType());
  auto type = dyn_cast<MemRefType>(operand.getType());
  if (!type) {
    view.scalar = operand;
    return view;
  }
  view.alongRow = !op.isRowInvariant(map);
  view.identityLayout = type.getLayout().isIdentity() && map.isIdentity();

  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, operand);
  SmallVector<int64_t> staticStrides;
  int64_t staticOffset;
  if (failed(type.getStridesAndOffset(staticStrides, staticOffset)))
    staticStrides.assign(type.getRank(), ShapedType::kDynamic);
  Value span = index(1);
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      continue;
    unsigned d = dim.getPosition();
    view.staticStrides[d] = staticStrides[i];
    view.strides[d] = ShapedType::isDynamic(staticStrides[i])
                          ? Value(metadata.getStrides()[i])
                          : index(staticStrides[i]);
    Value size = type.isDynamicDim(i) ? Value(metadata.getSizes()[i])
                                      : index(type.getDimSize(i));
    // Of several operands the one with a static size decides.
    if (!sizes[d] ||
        (!getConstantIntValue(sizes[d]) && getConstantIntValue(size)))
      sizes[d] = size;
    span = add(span, mul(view.strides[d], size));
  }
  if (unsigned last = map.getNumResults(); last < type.getRank()) {
    view.trailingStride = ShapedType::isDynamic(staticStrides[last])
                              ? Value(metadata.getStrides()[last])
                              : index(staticStrides[last]);
    span = add(span, mul(view.trailingStride, index(type.getDimSize(last))));
  }
  auto flatType = MemRefType::get(
      {ShapedType::kDynamic}, type.getElementType(),
      StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {1}),
      type.getMemorySpace());
  view.flat = memref::ReinterpretCastOp::create(
      b, loc, flatType, metadata.getBaseBuffer(),
      OpFoldResult(metadata.getOffset()), ArrayRef<OpFoldResult>{span},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
  return view;
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value KernelBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value KernelBuilder::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}
Value KernelBuilder::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(loc, x, y);
}
Value KernelBuilder::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}
// Sizes and offsets are never negative: unsigned division is cheaper.
Value KernelBuilder::div(Value x, Value y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, y);
}
Value KernelBuilder::rem(Value x, Value y) {
  return b.createOrFold<arith::RemUIOp>(loc, x, y);
}
Value KernelBuilder::min(Value x, Value y) {
  return b.createOrFold<arith::MinSIOp>(loc, x, y);
}
Value KernelBuilder::max(Value x, Value y) {
  return b.createOrFold<arith::MaxSIOp>(loc, x, y);
}
Value KernelBuilder::lessThan(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, x, y);
}

SmallVector<Value> KernelBuilder::delinearize(Value linear,
                                              ArrayRef<int64_t> dims) {
  SmallVector<Value> coordinates(dims.size());
  for (size_t i = dims.size(); i-- > 1;) {
    coordinates[i] = rem(linear, sizes[dims[i]]);
    linear = div(linear, sizes[dims[i]]);
  }
  if (!dims.empty())
    coordinates[0] = linear;
  return coordinates;
}

Value KernelBuilder::offset(const OperandView &view,
                            ArrayRef<Value> coordinates) {
  Value result = index(0);
  for (auto [stride, coordinate] : llvm::zip(view.strides, coordinates))
    if (stride && coordinate)
      result = add(result, mul(stride, coordinate));
  return result;
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

static Value floatSplat(OpBuilder &b, Location loc, Type type,
                        const APFloat &value) {
  TypedAttr attr = FloatAttr::get(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, cast<Attribute>(attr));
  return arith::ConstantOp::create(b, loc, attr);
}

Value KernelBuilder::zero(Type type) {
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
}

Value KernelBuilder::noSum(Type type) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  return floatSplat(
      b, loc, type,
      APFloat::getZero(element.getFloatSemantics(), /*Negative=*/true));
}

Value KernelBuilder::negativeInfinity(Type type) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  return floatSplat(
      b, loc, type,
      APFloat::getInf(element.getFloatSemantics(), /*Negative=*/true));
}

Value KernelBuilder::vectorLength(int64_t count) {
  if (!scalable)
    return index(count);
  return mul(vector::VectorScaleOp::create(b, loc, b.getIndexType()),
             index(count));
}

Tail KernelBuilder::tail(Value count) {
  Value mask = vector::CreateMaskOp::create(
      b, loc, vectorOf(b.getI1Type(), lanes), ValueRange{count});
  return {count, mask};
}

Value KernelBuilder::stackBuffer(StringRef key, Type element, int64_t count) {
  Value &buffer = stackBuffers[key];
  if (buffer)
    return buffer;
  // At the top of the function: an op in a loop must not grow the stack.
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(
      &op->getParentOfType<func::FuncOp>().getBody().front());
  auto type = MemRefType::get({count}, element);
  buffer = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64));
  return buffer;
}

Value KernelBuilder::load(const OperandView &view, Value offset,
                          const Tail *tail) {
  VectorType type = vectorOf(view.elementType, lanes);
  if (view.elementType.isInteger(1)) {
    // vector.load of i1 would read packed bits; a memref of i1 holds bytes.
    Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value position = add(offset, index(lane));
      if (tail)
        position = min(position, sub(add(offset, tail->count), index(1)));
      result = vector::InsertOp::create(b, loc, loadScalar(view, position),
                                        result, lane);
    }
    return result;
  }
  if (!tail)
    return vector::LoadOp::create(b, loc, type, view.flat, ValueRange{offset});
  if (tailMode == TailMode::Pieces)
    return loadPieces(view, offset, tail->count);
  Value nothing = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, view.flat,
                                      ValueRange{offset}, tail->mask, nothing);
}

Value KernelBuilder::misalignment(const OperandView &view, Value offset) {
  Value base =
      memref::ExtractAlignedPointerAsIndexOp::create(b, loc, view.flat);
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, view.flat);
  Value element = add(add(metadata.getOffset(), offset),
                      div(base, index(view.elementBytes())));
  // The remainder of an element's number, taken as unsigned.
  Value past = b.createOrFold<arith::AndIOp>(loc, element, index(lanes - 1));
  return b.createOrFold<arith::AndIOp>(loc, sub(index(lanes), past),
                                       index(lanes - 1));
}

void KernelBuilder::store(Value vector, const OperandView &view, Value offset,
                          const Tail *tail, bool nontemporal) {
  if (!tail) {
    auto op = vector::StoreOp::create(b, loc, vector, view.flat,
                                      ValueRange{offset}, nontemporal);
    if (nontemporal)
      op.setAlignment(lanes * view.elementBytes());
    return;
  }
  if (tailMode == TailMode::Masked) {
    vector::MaskedStoreOp::create(b, loc, view.flat, ValueRange{offset},
                                  tail->mask, vector);
    return;
  }
  storePieces(vector, view, offset, tail->count);
}

Value KernelBuilder::loadScalar(const OperandView &view, Value offset) {
  if (view.scalar)
    return view.scalar;
  return memref::LoadOp::create(b, loc, view.flat, ValueRange{offset});
}

void KernelBuilder::storeScalar(Value value, const OperandView &view,
                                Value offset) {
  memref::StoreOp::create(b, loc, value, view.flat, ValueRange{offset});
}

void KernelBuilder::toPrologue() { b.setInsertionPoint(prologueEnd); }

Value KernelBuilder::atMostColumns(int64_t count, int64_t factor) {
  OpBuilder::InsertionGuard guard(b);
  toPrologue();
  return mul(count ? min(columns, index(count)) : columns,
             vectorLength(factor));
}

OperandView KernelBuilder::scratch(Type element, Value count) {
  OpBuilder::InsertionGuard guard(b);
  toPrologue();
  Value padded = add(count, index(numeric.getGroup()));
  OperandView view;
  view.elementType = element;
  view.alongRow = true;
  for (Allocation &allocation : allocations) {
    if (allocation.inUse || allocation.op.getType().getElementType() != element)
      continue;
    allocation.inUse = true;
    OpOperand &size = allocation.op.getDynamicSizesMutable()[0];
    size.set(max(size.get(), padded));
    view.flat = allocation.op;
    return view;
  }
  b.setInsertionPointAfter(prologueEnd);
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  auto alloc = memref::AllocOp::create(b, loc, type, ValueRange{padded},
                                       b.getI64IntegerAttr(64));
  allocations.push_back({alloc, true});
  view.flat = alloc;
  return view;
}

void KernelBuilder::beginAlternative(AlternativeAttr alternative) {
  lanes = alternative.getLanes();
  tailMode = alternative.getTail();
  scalable = alternative.getScalable();
  int64_t block = numeric.getBlock(), most = alternative.getMaxColumns();
  std::optional<int64_t> known = getConstantIntValue(columns);
  singleBlock = known ? *known <= block : most != 0 && most <= block;
  for (Allocation &allocation : allocations)
    allocation.inUse = false;
}

void KernelBuilder::freeScratch() {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfter(op);
  for (Allocation &allocation : allocations)
    memref::DeallocOp::create(b, loc, allocation.op.getResult());
}
