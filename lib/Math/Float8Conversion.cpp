// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// f8E4M3FN and f8E5M2 (Micikevicius and others 2022, FP8 formats for deep
// learning, arXiv 2209.05433) to and from f32.

#include "softmax/Math/FloatConversion.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpIPredicate;

namespace {

/// One of the two formats; numbers without sign as patterns of 7 bits.
struct Float8 {
  explicit Float8(Type element)
      : mantissa(isa<Float8E5M2Type>(element) ? 2 : 3),
        bias(isa<Float8E5M2Type>(element) ? 15 : 7),
        infinity(isa<Float8E5M2Type>(element) ? 0x7c : 0x7f),
        nan(isa<Float8E5M2Type>(element) ? 0x7e : 0x7f) {}

  int64_t mantissa, bias;
  /// The pattern above the largest number, to which that overflows; f8E4M3FN
  /// has NaN there and no infinity.
  int64_t infinity;
  /// A quiet NaN.
  int64_t nan;

  int64_t shift() const { return 23 - mantissa; }
  /// What a pattern's exponent lacks to that of f32, in place.
  int64_t bias32() const { return (127 - bias) << 23; }
  /// The least normal number.
  int64_t firstNormal() const { return int64_t(1) << mantissa; }
  /// The bits of an f32 whose last place is worth the least denormal number.
  int64_t denormalUnit() const {
    return (127 + 23 + 1 - bias - mantissa) << 23;
  }
};

} // namespace

bool softmax::isFloat8(Type element) {
  return isa<Float8E4M3FNType, Float8E5M2Type>(element);
}

Value softmax::buildExtendF8(MathBuilder &math, Value x) {
  Float8 format(getElementTypeOrSelf(x.getType()));
  Value narrow = arith::BitcastOp::create(
      math.b, math.loc,
      MathBuilder::withElement(x.getType(), math.b.getI8Type()), x);
  Type type = MathBuilder::withElement(x.getType(), math.b.getI32Type());
  Value bits = arith::ExtUIOp::create(math.b, math.loc, type, narrow);
  Value magnitude = math.andInt(bits, math.integer(type, 0x7f));
  Value sign = math.shiftLeft(math.andInt(bits, math.integer(type, 0x80)), 24);
  Value shifted = math.shiftLeft(magnitude, format.shift());
  Value normal = math.addInt(shifted, math.integer(type, format.bias32()));
  Value unit = math.integer(type, format.denormalUnit());
  Value denormal = math.bits(math.sub(
      math.fromBits(math.orInt(magnitude, unit)), math.fromBits(unit)));
  Value result =
      math.select(math.compareInt(CmpIPredicate::ult, magnitude,
                                  math.integer(type, format.firstNormal())),
                  denormal, normal);
  // Infinity, and NaN with its payload, quiet.
  if (format.infinity != format.nan)
    result = math.select(math.compareInt(CmpIPredicate::uge, magnitude,
                                         math.integer(type, format.infinity)),
                         math.orInt(shifted, math.integer(type, 0x7f800000)),
                         result);
  int64_t largest =
      format.infinity == format.nan ? format.nan - 1 : format.infinity;
  result =
      math.select(math.compareInt(CmpIPredicate::ugt, magnitude,
                                  math.integer(type, largest)),
                  math.orInt(shifted, math.integer(type, 0x7fc00000)), result);
  return math.fromBits(math.orInt(result, sign));
}

Value softmax::buildTruncateToF8(MathBuilder &math, Value x, Type element) {
  Float8 format(element);
  Value bits = math.bits(x);
  Type type = bits.getType();
  Value magnitude = math.andInt(bits, math.integer(type, 0x7fffffff));
  Value sign = math.andInt(math.shiftRight(bits, 24), math.integer(type, 0x80));
  Value normal = buildShiftRounded(
      math, math.subInt(magnitude, math.integer(type, format.bias32())),
      format.shift());
  // Below the least normal number the adder rounds.
  Value unit = math.integer(type, format.denormalUnit());
  Value denormal = math.subInt(
      math.bits(math.add(math.fromBits(magnitude), math.fromBits(unit))), unit);
  int64_t firstNormal =
      (format.firstNormal() << format.shift()) + format.bias32();
  Value result = math.select(math.compareInt(CmpIPredicate::ult, magnitude,
                                             math.integer(type, firstNormal)),
                             denormal, normal);
  Value infinity = math.integer(type, format.infinity);
  result = math.select(math.compareInt(CmpIPredicate::ugt, result, infinity),
                       infinity, result);
  result = math.select(math.compareInt(CmpIPredicate::ugt, magnitude,
                                       math.integer(type, 0x7f800000)),
                       math.integer(type, format.nan), result);
  Value narrow = arith::TruncIOp::create(
      math.b, math.loc, MathBuilder::withElement(type, math.b.getI8Type()),
      math.orInt(result, sign));
  return arith::BitcastOp::create(
      math.b, math.loc, MathBuilder::withElement(type, element), narrow);
}
