// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "TensorBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

Value mlir::softmax::castFloat(OpBuilder &builder, Location loc, Value value,
                               Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from < to)
    return arith::ExtFOp::create(builder, loc, type, value);
  if (from > to)
    return arith::TruncFOp::create(builder, loc, type, value);
  return value;
}

Value mlir::softmax::castElements(OpBuilder &builder, Location loc, Value value,
                                  Type type) {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  if (!tensor)
    return castFloat(builder, loc, value, type);
  if (tensor.getElementType() == type)
    return value;
  AffineMap identity = builder.getMultiDimIdentityMap(tensor.getRank());
  return createElementwise(builder, loc, value, identity,
                           tensor::getMixedSizes(builder, loc, value), type,
                           [&](MathBuilder &math, ValueRange elements) {
                             return castFloat(math.b, loc, elements[0], type);
                           });
}

Value mlir::softmax::createEmpty(OpBuilder &builder, Location loc,
                                 ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(builder, loc, sizes, element);
}

Value mlir::softmax::createZeros(OpBuilder &builder, Location loc,
                                 ArrayRef<OpFoldResult> sizes, Type element) {
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getFloatAttr(element, 0));
  Value init = createEmpty(builder, loc, sizes, element);
  return linalg::FillOp::create(builder, loc, ValueRange{zero},
                                ValueRange{init})
      .getResult(0);
}

Value mlir::softmax::createElementwise(
    OpBuilder &builder, Location loc, ValueRange inputs,
    ArrayRef<AffineMap> maps, ArrayRef<OpFoldResult> sizes, Type element,
    function_ref<Value(MathBuilder &math, ValueRange elements)> body) {
  Value init = createEmpty(builder, loc, sizes, element);
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(builder.getMultiDimIdentityMap(sizes.size()));
  SmallVector<utils::IteratorType> iterators(sizes.size(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, init.getType(), inputs, init, allMaps, iterators,
             [&](OpBuilder &inner, Location, ValueRange elements) {
               MathBuilder math(inner, loc);
               linalg::YieldOp::create(inner, loc,
                                       body(math, elements.drop_back()));
             })
      .getResult(0);
}

Value mlir::softmax::createSum(OpBuilder &builder, Location loc, Value input,
                               AffineMap inputMap, AffineMap resultMap,
                               ArrayRef<OpFoldResult> sizes, Type element) {
  SmallVector<int64_t> dimensions;
  for (unsigned dim = 0; dim < inputMap.getNumDims(); ++dim)
    if (!resultMap.isFunctionOfDim(dim))
      dimensions.push_back(dim);
  Type inputElement = getElementTypeOrSelf(input);
  FloatType compute = inputElement.isF64() || element.isF64()
                          ? FloatType(builder.getF64Type())
                          : builder.getF32Type();
  auto sum = cast<StatisticAttrInterface>(SumAttr::get(builder.getContext()));
  Value init = createEmpty(builder, loc, sizes, element);
  auto generic = GenericOp::create(
      builder, loc, init.getType(), builder.getDenseI64ArrayAttr(dimensions),
      builder.getArrayAttr({sum}),
      builder.getAffineMapArrayAttr({inputMap, resultMap}), input, init,
      /*rows=*/ValueRange{}, /*schedule=*/ScheduleAttr());
  OpBuilder::InsertionGuard guard(builder);
  Block *logit =
      builder.createBlock(&generic.getLogit(), {}, inputElement, loc);
  YieldOp::create(builder, loc,
                  castFloat(builder, loc, logit->getArgument(0), compute));
  SmallVector<Type> statistics = sum.getRowArgumentTypes(compute);
  Block *row =
      builder.createBlock(&generic.getRow(), {}, statistics,
                          SmallVector<Location>(statistics.size(), loc));
  YieldOp::create(builder, loc,
                  castFloat(builder, loc, row->getArgument(0), element));
  return generic->getResult(0);
}

Value mlir::softmax::extractScalar(OpBuilder &builder, Location loc,
                                   Value tensor) {
  return tensor::ExtractOp::create(builder, loc, tensor, ValueRange{});
}
