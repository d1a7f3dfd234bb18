// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Math/FloatConversion.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

// The bits of an f16 or bf16, as i32.
static Value wideBits(MathBuilder &math, Value x) {
  Type type = x.getType();
  Value narrow = arith::BitcastOp::create(
      math.b, math.loc, MathBuilder::withElement(type, math.b.getI16Type()), x);
  return arith::ExtUIOp::create(
      math.b, math.loc, MathBuilder::withElement(type, math.b.getI32Type()),
      narrow);
}

// The f16 or bf16 with the low 16 of 32 bits.
static Value narrowFloat(MathBuilder &math, Value bits, Type element) {
  Type type = bits.getType();
  Value narrow = arith::TruncIOp::create(
      math.b, math.loc, MathBuilder::withElement(type, math.b.getI16Type()),
      bits);
  return arith::BitcastOp::create(
      math.b, math.loc, MathBuilder::withElement(type, element), narrow);
}

Value softmax::buildExtendF16(MathBuilder &math, Value x) {
  Value bits = wideBits(math, x);
  Type type = bits.getType();
  Value magnitude = math.andInt(bits, math.integer(type, 0x7fff));
  Value sign =
      math.shiftLeft(math.andInt(bits, math.integer(type, 0x8000)), 16);
  Value shifted = math.shiftLeft(magnitude, 13);
  const int64_t bias = int64_t(127 - 15) << 23;
  Value normal = math.addInt(shifted, math.integer(type, bias));
  // Denormal: magnitude units of 2^-24, which is the last bit of 1/2.
  Value half = math.integer(type, 0x3f000000);
  Value denormal = math.bits(math.sub(
      math.fromBits(math.orInt(magnitude, half)), math.fromBits(half)));
  Value infinite = math.orInt(shifted, math.integer(type, 0x7f800000));
  Value quiet = math.orInt(infinite, math.integer(type, 0x00400000));
  Value result = math.select(
      math.compareInt(CmpIPredicate::ult, magnitude, math.integer(type, 0x400)),
      denormal, normal);
  result = math.select(math.compareInt(CmpIPredicate::uge, magnitude,
                                       math.integer(type, 0x7c00)),
                       infinite, result);
  result = math.select(math.compareInt(CmpIPredicate::ugt, magnitude,
                                       math.integer(type, 0x7c00)),
                       quiet, result);
  return math.fromBits(math.orInt(result, sign));
}

Value softmax::buildExtendBF16(MathBuilder &math, Value x) {
  return math.fromBits(math.shiftLeft(wideBits(math, x), 16));
}

Value softmax::buildShiftRounded(MathBuilder &math, Value bits, int64_t count) {
  Type type = bits.getType();
  Value last = math.andInt(math.shiftRight(bits, count), math.integer(type, 1));
  int64_t belowHalf = (int64_t(1) << (count - 1)) - 1;
  Value bump = math.addInt(last, math.integer(type, belowHalf));
  return math.shiftRight(math.addInt(bits, bump), count);
}

Value softmax::buildTruncateToF16(MathBuilder &math, Value x) {
  Value bits = math.bits(x);
  Type type = bits.getType();
  Value magnitude = math.andInt(bits, math.integer(type, 0x7fffffff));
  Value sign =
      math.andInt(math.shiftRight(bits, 16), math.integer(type, 0x8000));
  const int64_t bias = int64_t(127 - 15) << 23;
  // 65520, half way between the largest f16 and the next power of two: rounds
  // to infinity from here on.
  const int64_t overflow = 0x477ff000;
  Value normal = buildShiftRounded(
      math, math.subInt(magnitude, math.integer(type, bias)), 13);
  // Below 2^-14 the adder rounds: the last bit of 1/2 is 2^-24.
  Value half = math.integer(type, 0x3f000000);
  Value denormal = math.subInt(
      math.bits(math.add(math.fromBits(magnitude), math.fromBits(half))), half);
  Value nan = math.orInt(
      math.andInt(math.shiftRight(magnitude, 13), math.integer(type, 0x3ff)),
      math.integer(type, 0x7e00));
  Value result = math.select(math.compareInt(CmpIPredicate::ult, magnitude,
                                             math.integer(type, 0x38800000)),
                             denormal, normal);
  result = math.select(math.compareInt(CmpIPredicate::uge, magnitude,
                                       math.integer(type, overflow)),
                       math.integer(type, 0x7c00), result);
  result = math.select(math.compareInt(CmpIPredicate::ugt, magnitude,
                                       math.integer(type, 0x7f800000)),
                       nan, result);
  return narrowFloat(math, math.orInt(result, sign), math.b.getF16Type());
}

Value softmax::buildTruncateToBF16(MathBuilder &math, Value x) {
  Value bits = math.bits(x);
  Type type = bits.getType();
  Value rounded = buildShiftRounded(math, bits, 16);
  Value nan = math.orInt(math.shiftRight(bits, 16), math.integer(type, 0x40));
  Value result =
      math.select(math.compare(CmpFPredicate::UNO, x, x), nan, rounded);
  return narrowFloat(math, result, math.b.getBF16Type());
}

Value softmax::buildRoundToOddF32(MathBuilder &math, Value x) {
  Type type = MathBuilder::withElement(x.getType(), math.b.getF32Type());
  Value nearest = arith::TruncFOp::create(math.b, math.loc, type, x);
  Value back = arith::ExtFOp::create(math.b, math.loc, x.getType(), nearest);
  Value bits = math.bits(nearest);
  Type integers = bits.getType();
  // An even and inexact number has an odd neighbour on the other side of x.
  Value even = math.compareInt(CmpIPredicate::eq,
                               math.andInt(bits, math.integer(integers, 1)),
                               math.integer(integers, 0));
  Value size = math.abs(x);
  Value sizeBack = math.abs(back);
  Value step =
      math.select(math.compare(CmpFPredicate::OGT, sizeBack, size),
                  math.integer(integers, -1), math.integer(integers, 0));
  step = math.select(math.compare(CmpFPredicate::OLT, sizeBack, size),
                     math.integer(integers, 1), step);
  step = math.select(even, step, math.integer(integers, 0));
  return math.fromBits(math.addInt(bits, step));
}
