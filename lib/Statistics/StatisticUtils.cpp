// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "StatisticUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

Type mlir::softmax::common::withElementType(Value like, Type element) {
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    return vector.clone(element);
  return element;
}

Value mlir::softmax::common::floatConstant(StatisticBuilder &builder, Type type,
                                           double value) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  APFloat ap(value);
  bool losesInfo;
  ap.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven,
             &losesInfo);
  TypedAttr attr = FloatAttr::get(element, ap);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, cast<Attribute>(attr));
  return arith::ConstantOp::create(builder.builder, builder.loc, attr);
}

WideValue mlir::softmax::common::addWide(StatisticBuilder &builder,
                                         const WideValue &x,
                                         const WideValue &y) {
  OpBuilder &b = builder.builder;
  Location loc = builder.loc;
  auto add = [&](Value l, Value r) -> Value {
    return arith::AddFOp::create(b, loc, l, r);
  };
  auto sub = [&](Value l, Value r) -> Value {
    return arith::SubFOp::create(b, loc, l, r);
  };
  Value high = add(x.hi, y.hi);
  if (!x.lo)
    return {high, Value()};
  // Knuth, TAOCP vol. 2, 4.2.2: what the addition rounds away.
  Value fromY = sub(high, x.hi);
  Value error = add(sub(x.hi, sub(high, fromY)), sub(y.hi, fromY));
  return {high, add(add(x.lo, y.lo), error)};
}

Value mlir::softmax::common::roundToCompute(StatisticBuilder &builder,
                                            const WideValue &sum) {
  OpBuilder &b = builder.builder;
  Location loc = builder.loc;
  if (builder.sumsPairs && getElementTypeOrSelf(sum.hi) == builder.computeType)
    return arith::AddFOp::create(b, loc, sum.hi, sum.lo);
  if (builder.computeType.isF32())
    return arith::TruncFOp::create(
        b, loc, withElementType(sum.hi, builder.computeType), sum.hi);
  if (!sum.lo)
    return sum.hi;
  // An infinite or NaN sum leaves NaN in the low part: keep the high part.
  Value total = arith::AddFOp::create(b, loc, sum.hi, sum.lo);
  Value magnitude = math::AbsFOp::create(b, loc, sum.hi);
  Value inf = floatConstant(builder, sum.hi.getType(),
                            std::numeric_limits<double>::infinity());
  Value finite =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, magnitude, inf);
  return arith::SelectOp::create(b, loc, finite, total, sum.hi);
}
