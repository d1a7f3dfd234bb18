// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Math/MathBuilder.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

const FloatConstants &MathBuilder::constantsOf(Type type) {
  return getFloatConstants(getElementTypeOrSelf(type).getIntOrFloatBitWidth());
}

Type MathBuilder::withElement(Type type, Type element) {
  if (VectorType vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

static Value splat(OpBuilder &b, Location loc, Type type, TypedAttr element) {
  if (VectorType vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(vector, element));
  return arith::ConstantOp::create(b, loc, element);
}

Value MathBuilder::constant(Type like, double value) {
  return splat(b, loc, like, b.getFloatAttr(getElementTypeOrSelf(like), value));
}

Value MathBuilder::integer(Type like, int64_t value) {
  Type element = getElementTypeOrSelf(like);
  APInt bits = APInt(64, static_cast<uint64_t>(value))
                   .sextOrTrunc(element.getIntOrFloatBitWidth());
  return splat(b, loc, like, IntegerAttr::get(element, bits));
}

Value MathBuilder::broadcast(Value value, Type type) {
  if (value.getType() == type)
    return value;
  return vector::BroadcastOp::create(b, loc, type, value);
}

void MathBuilder::match(Value &x, Value &y) {
  if (isa<VectorType>(x.getType()))
    y = broadcast(y, withElement(x.getType(), getElementTypeOrSelf(y)));
  else if (isa<VectorType>(y.getType()))
    x = broadcast(x, withElement(y.getType(), getElementTypeOrSelf(x)));
}

Value MathBuilder::add(Value x, Value y) {
  match(x, y);
  return arith::AddFOp::create(b, loc, x, y);
}

Value MathBuilder::sub(Value x, Value y) {
  match(x, y);
  return arith::SubFOp::create(b, loc, x, y);
}

Value MathBuilder::mul(Value x, Value y) {
  match(x, y);
  return arith::MulFOp::create(b, loc, x, y);
}

Value MathBuilder::div(Value x, Value y) {
  match(x, y);
  return arith::DivFOp::create(b, loc, x, y);
}

Value MathBuilder::mulAdd(Value x, Value y, Value z) {
  match(x, y);
  match(x, z);
  match(x, y);
  if (fma)
    return math::FmaOp::create(b, loc, x, y, z);
  return arith::AddFOp::create(b, loc, arith::MulFOp::create(b, loc, x, y), z);
}

Value MathBuilder::abs(Value x) { return math::AbsFOp::create(b, loc, x); }

Value MathBuilder::copySign(Value magnitude, Value sign) {
  match(magnitude, sign);
  return math::CopySignOp::create(b, loc, magnitude, sign);
}

Value MathBuilder::compare(arith::CmpFPredicate predicate, Value x, Value y) {
  match(x, y);
  return arith::CmpFOp::create(b, loc, predicate, x, y);
}

Value MathBuilder::select(Value condition, Value x, Value y) {
  match(x, y);
  if (isa<VectorType>(condition.getType()) && !isa<VectorType>(x.getType())) {
    Type type = withElement(condition.getType(), x.getType());
    x = broadcast(x, type);
    y = broadcast(y, type);
  }
  return arith::SelectOp::create(b, loc, condition, x, y);
}

Value MathBuilder::maxIgnoringNaN(Value x, Value acc) {
  return select(compare(arith::CmpFPredicate::OGT, x, acc), x, acc);
}

Value MathBuilder::max(Value x, Value y) {
  match(x, y);
  return arith::MaxNumFOp::create(b, loc, x, y);
}

Value MathBuilder::raiseTo(Value low, Value x) {
  return select(compare(arith::CmpFPredicate::OLT, x, low), low, x);
}

Value MathBuilder::lowerTo(Value high, Value x) {
  return select(compare(arith::CmpFPredicate::OGT, x, high), high, x);
}

Value MathBuilder::bits(Value x) {
  unsigned width = getElementTypeOrSelf(x).getIntOrFloatBitWidth();
  return arith::BitcastOp::create(
      b, loc, withElement(x.getType(), b.getIntegerType(width)), x);
}

Value MathBuilder::fromBits(Value x) {
  unsigned width = getElementTypeOrSelf(x).getIntOrFloatBitWidth();
  Type element = width == 64 ? Type(b.getF64Type()) : Type(b.getF32Type());
  return arith::BitcastOp::create(b, loc, withElement(x.getType(), element), x);
}

Value MathBuilder::addInt(Value x, Value y) {
  match(x, y);
  return arith::AddIOp::create(b, loc, x, y);
}

Value MathBuilder::subInt(Value x, Value y) {
  match(x, y);
  return arith::SubIOp::create(b, loc, x, y);
}

Value MathBuilder::andInt(Value x, Value y) {
  match(x, y);
  return arith::AndIOp::create(b, loc, x, y);
}

Value MathBuilder::orInt(Value x, Value y) {
  match(x, y);
  return arith::OrIOp::create(b, loc, x, y);
}

Value MathBuilder::shiftLeft(Value x, int64_t count) {
  return arith::ShLIOp::create(b, loc, x, integer(x.getType(), count));
}

Value MathBuilder::shiftRight(Value x, int64_t count) {
  return arith::ShRUIOp::create(b, loc, x, integer(x.getType(), count));
}

Value MathBuilder::compareInt(arith::CmpIPredicate predicate, Value x,
                              Value y) {
  match(x, y);
  return arith::CmpIOp::create(b, loc, predicate, x, y);
}

Value MathBuilder::polynomial(Value x, ArrayRef<double> coefficients) {
  Value sum = constant(x.getType(), coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = mulAdd(sum, x, constant(x.getType(), coefficient));
  return sum;
}
