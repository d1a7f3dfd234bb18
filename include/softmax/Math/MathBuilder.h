// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Builds arith, math and vector operations on values of f32 or f64, scalars and
// vectors (fixed or scalable) alike.

#ifndef SOFTMAX_MATH_MATHBUILDER_H
#define SOFTMAX_MATH_MATHBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "softmax/Math/Constants.h"

namespace mlir::softmax {

/// Short names for the operations that the expansions are written in.
///
/// Operands of binary and ternary helpers have one type, or one of them is a
/// vector and the others are vectors of its type or scalars of its element
/// type, which are broadcast.  No operation carries a fast-math flag: their
/// rounding is part of the algorithms.
struct MathBuilder {
  OpBuilder &b;
  Location loc;
  /// Whether the target multiplies and adds in one instruction.  Without it
  /// `mulAdd` rounds twice, since math.fma would become a library call.
  bool fma;

  MathBuilder(OpBuilder &builder, Location location, bool hasFma = true)
      : b(builder), loc(location), fma(hasFma) {}

  /// The constants of the element type of `type`, f32 or f64.
  static const FloatConstants &constantsOf(Type type);
  /// i1, i32 or i64 in the shape of `type`.
  static Type withElement(Type type, Type element);

  /// `value` in every element of a value of type `like`, rounded to its
  /// element type.
  Value constant(Type like, double value);
  /// `value` in every element of the integer type `like`, truncated to it.
  Value integer(Type like, int64_t value);
  /// A vector of type `type` that holds the scalar `value`; `value` itself
  /// where it already has that type.
  Value broadcast(Value value, Type type);

  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  /// x * y + z: fused where the target fuses, else rounded twice.
  Value mulAdd(Value x, Value y, Value z);
  Value abs(Value x);
  Value copySign(Value magnitude, Value sign);

  Value compare(arith::CmpFPredicate predicate, Value x, Value y);
  Value select(Value condition, Value x, Value y);
  /// x > acc ? x : acc.  A NaN in `x` is passed over: with `acc` started at
  /// -inf the result is never NaN.  One instruction on x86.
  Value maxIgnoringNaN(Value x, Value acc);
  /// The larger one, the other one where one is NaN.
  Value max(Value x, Value y);
  /// x < low ? low : x, so that a NaN in `x` stays.
  Value raiseTo(Value low, Value x);
  /// x > high ? high : x, so that a NaN in `x` stays.
  Value lowerTo(Value high, Value x);

  /// The bits of `x` as i32 or i64.
  Value bits(Value x);
  /// The float with the bits `x`.
  Value fromBits(Value x);
  Value addInt(Value x, Value y);
  Value subInt(Value x, Value y);
  Value andInt(Value x, Value y);
  Value orInt(Value x, Value y);
  Value shiftLeft(Value x, int64_t count);
  /// Logical: zeros enter.
  Value shiftRight(Value x, int64_t count);
  Value compareInt(arith::CmpIPredicate predicate, Value x, Value y);

  /// c0 + c1 x + c2 x^2 + ... by Horner's rule: an unrolled loop over a row
  /// fills the pipelines, and Estrin's form would add multiplications.
  Value polynomial(Value x, ArrayRef<double> coefficients);

private:
  void match(Value &x, Value &y);
};

} // namespace mlir::softmax

#endif // SOFTMAX_MATH_MATHBUILDER_H
