// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "GenericBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

GenericBuilder::GenericBuilder(GenericOp op, OpBuilder &builder,
                               StatisticForm form, Flattening flattening)
    : op(op), b(builder), loc(op.getLoc()), computeType(op.getComputeType()),
      statistics(op.getStatisticList()), form(form) {
  int64_t rank = op.getIterationRank();
  sizes.resize(rank);
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    inputs.push_back(makeView(input, op.getInputMap(i), flattening));
  for (auto [i, init] : llvm::enumerate(op.getInits()))
    inits.push_back(makeView(init, op.getInitMap(i), flattening));
  parallel = op.getParallelDims();
  reduced.assign(op.getDimensions().begin(), op.getDimensions().end());

  columns = index(1);
  for (int64_t dim : reduced)
    columns = mul(columns, sizes[dim]);
  rowCount = index(1);
  for (int64_t dim : parallel)
    rowCount = mul(rowCount, sizes[dim]);
}

OperandView GenericBuilder::makeView(Value operand, AffineMap map,
                                     Flattening flattening) {
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
  int64_t staticOffset = ShapedType::kDynamic;
  if (failed(type.getStridesAndOffset(staticStrides, staticOffset)))
    staticStrides.assign(type.getRank(), ShapedType::kDynamic);
  auto sizeOf = [&](int64_t i) {
    return type.isDynamicDim(i) ? Value(metadata.getSizes()[i])
                                : index(type.getDimSize(i));
  };
  auto dimOf = [&](int64_t i) -> std::optional<unsigned> {
    if (i >= map.getNumResults())
      return std::nullopt;
    auto dim = dyn_cast<AffineDimExpr>(map.getResult(i));
    return dim ? std::optional(dim.getPosition()) : std::nullopt;
  };
  // Of several operands the one with a static size decides.
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (std::optional<unsigned> d = dimOf(i))
      if (Value size = sizeOf(i);
          !sizes[*d] ||
          (!getConstantIntValue(sizes[*d]) && getConstantIntValue(size)))
        sizes[*d] = size;
  // Kernels of bare pointers take the sizes of the iteration space, and strides
  // only where they say more.
  auto strideOf = [&](int64_t i) {
    if (!ShapedType::isDynamic(staticStrides[i]))
      return index(staticStrides[i]);
    if (flattening == Flattening::Descriptor || !type.getLayout().isIdentity())
      return Value(metadata.getStrides()[i]);
    Value stride = index(1);
    for (int64_t inner = i + 1; inner < type.getRank(); ++inner) {
      std::optional<unsigned> d = dimOf(inner);
      stride = mul(stride, d ? sizes[*d] : sizeOf(inner));
    }
    return stride;
  };
  Value span = index(1);
  for (int64_t i = 0; i < map.getNumResults(); ++i) {
    std::optional<unsigned> d = dimOf(i);
    if (!d)
      continue;
    view.staticStrides[*d] = staticStrides[i];
    view.strides[*d] = strideOf(i);
    span = add(span, mul(view.strides[*d], sizeOf(i)));
  }
  if (unsigned last = map.getNumResults(); last < type.getRank()) {
    view.trailingStride = strideOf(last);
    span = add(span, mul(view.trailingStride, sizeOf(last)));
  }
  if (flattening == Flattening::Pointer) {
    auto pointerType =
        MemRefType::get({maxElements}, type.getElementType(),
                        MemRefLayoutAttrInterface(), type.getMemorySpace());
    view.flat = memref::ReinterpretCastOp::create(
        b, loc, pointerType, metadata.getBaseBuffer(), /*offset=*/0,
        ArrayRef<int64_t>{maxElements}, ArrayRef<int64_t>{1});
    view.origin = staticOffset == ShapedType::kDynamic
                      ? Value(metadata.getOffset())
                  : staticOffset == 0 ? Value()
                                      : index(staticOffset);
    return view;
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

Value GenericBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value GenericBuilder::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}
Value GenericBuilder::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(loc, x, y);
}
Value GenericBuilder::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}
// Sizes and offsets are never negative: unsigned division is cheaper.
Value GenericBuilder::div(Value x, Value y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, y);
}
Value GenericBuilder::rem(Value x, Value y) {
  return b.createOrFold<arith::RemUIOp>(loc, x, y);
}
Value GenericBuilder::min(Value x, Value y) {
  return b.createOrFold<arith::MinSIOp>(loc, x, y);
}
Value GenericBuilder::max(Value x, Value y) {
  return b.createOrFold<arith::MaxSIOp>(loc, x, y);
}
Value GenericBuilder::lessThan(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, x, y);
}

SmallVector<Value> GenericBuilder::delinearize(Value linear,
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

Value GenericBuilder::offset(const OperandView &view,
                             ArrayRef<Value> coordinates) {
  Value result = view.origin ? view.origin : index(0);
  for (auto [stride, coordinate] : llvm::zip(view.strides, coordinates))
    if (stride && coordinate)
      result = add(result, mul(stride, coordinate));
  return result;
}

static Value floatSplat(OpBuilder &b, Location loc, Type type,
                        const APFloat &value) {
  TypedAttr attr = FloatAttr::get(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, cast<Attribute>(attr));
  return arith::ConstantOp::create(b, loc, attr);
}

Value GenericBuilder::zero(Type type) {
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
}

Value GenericBuilder::noSum(Type type) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  return floatSplat(
      b, loc, type,
      APFloat::getZero(element.getFloatSemantics(), /*Negative=*/true));
}

Value GenericBuilder::negativeInfinity(Type type) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  return floatSplat(
      b, loc, type,
      APFloat::getInf(element.getFloatSemantics(), /*Negative=*/true));
}

Value GenericBuilder::loadScalar(const OperandView &view, Value offset) {
  if (view.scalar)
    return view.scalar;
  return memref::LoadOp::create(b, loc, view.flat, ValueRange{offset});
}

void GenericBuilder::storeScalar(Value value, const OperandView &view,
                                 Value offset) {
  memref::StoreOp::create(b, loc, value, view.flat, ValueRange{offset});
}
