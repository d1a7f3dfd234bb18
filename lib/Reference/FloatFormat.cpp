// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Reference/FloatFormat.h"

#include "llvm/ADT/APFloat.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::softmax::reference;

namespace {
struct Format {
  int significand;
  int minExponent;
  int maxExponent;
  unsigned bytes;
};
} // namespace

static Format getFormat(FloatKind kind) {
  switch (kind) {
  case FloatKind::F8E4M3FN:
    return {4, -6, 8, 1};
  case FloatKind::F8E5M2:
    return {3, -14, 15, 1};
  case FloatKind::F16:
    return {11, -14, 15, 2};
  case FloatKind::BF16:
    return {8, -126, 127, 2};
  case FloatKind::F32:
    return {24, -126, 127, 4};
  case FloatKind::F64:
    return {53, -1022, 1023, 8};
  }
  llvm_unreachable("covered switch");
}

std::optional<FloatKind> mlir::softmax::reference::getFloatKind(Type type) {
  if (isa<Float8E4M3FNType>(type))
    return FloatKind::F8E4M3FN;
  if (isa<Float8E5M2Type>(type))
    return FloatKind::F8E5M2;
  if (type.isF16())
    return FloatKind::F16;
  if (type.isBF16())
    return FloatKind::BF16;
  if (type.isF32())
    return FloatKind::F32;
  if (type.isF64())
    return FloatKind::F64;
  return std::nullopt;
}

int mlir::softmax::reference::significandBits(FloatKind kind) {
  return getFormat(kind).significand;
}
unsigned mlir::softmax::reference::byteSize(FloatKind kind) {
  return getFormat(kind).bytes;
}

Real mlir::softmax::reference::unitInLastPlace(FloatKind kind, Real value) {
  Format format = getFormat(kind);
  if (std::isnan(value))
    return value;
  int exponent = format.minExponent;
  if (std::isinf(value))
    exponent = format.maxExponent;
  else if (value != 0)
    exponent =
        std::clamp(std::ilogb(value), format.minExponent, format.maxExponent);
  return std::ldexp(Real(1), exponent - format.significand + 1);
}

Real mlir::softmax::reference::unitRoundoff(FloatKind kind) {
  return std::ldexp(Real(1), -getFormat(kind).significand);
}

Real mlir::softmax::reference::overflowThreshold(FloatKind kind) {
  return std::ldexp(Real(1), getFormat(kind).maxExponent + 1);
}

Real mlir::softmax::reference::roundTo(FloatKind kind, Real value) {
  // The conversions of the language round to nearest even and know denormals.
  if (kind == FloatKind::F32)
    return static_cast<float>(value);
  if (kind == FloatKind::F64)
    return static_cast<double>(value);
  // f8E4M3FN ends at 448 and has NaN in the place of the next number.
  bool hasInfinity = kind != FloatKind::F8E4M3FN;
  if (std::isinf(value) && !hasInfinity)
    return std::numeric_limits<Real>::quiet_NaN();
  if (!std::isfinite(value) || value == 0)
    return value;
  Real unit = unitInLastPlace(kind, value);
  // A power of two: the division and the product are exact.
  Real rounded = std::nearbyint(value / unit) * unit;
  if (!hasInfinity && std::fabs(rounded) > 448)
    return std::numeric_limits<Real>::quiet_NaN();
  if (std::fabs(rounded) >= overflowThreshold(kind))
    return std::copysign(std::numeric_limits<Real>::infinity(), value);
  // -0 for what rounds to zero from below.
  return std::copysign(rounded, value);
}

/// The formats of less than 32 bits.
static const llvm::fltSemantics &getSemantics(FloatKind kind) {
  switch (kind) {
  case FloatKind::F8E4M3FN:
    return llvm::APFloat::Float8E4M3FN();
  case FloatKind::F8E5M2:
    return llvm::APFloat::Float8E5M2();
  case FloatKind::F16:
    return llvm::APFloat::IEEEhalf();
  case FloatKind::BF16:
    return llvm::APFloat::BFloat();
  case FloatKind::F32:
  case FloatKind::F64:
    break;
  }
  llvm_unreachable("has a type of the language");
}

Real mlir::softmax::reference::decode(FloatKind kind, const void *bytes) {
  if (kind == FloatKind::F32) {
    float value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
  }
  if (kind == FloatKind::F64) {
    double value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
  }
  uint64_t bits = 0;
  if (byteSize(kind) == 1) {
    uint8_t narrow;
    std::memcpy(&narrow, bytes, sizeof(narrow));
    bits = narrow;
  } else {
    uint16_t narrow;
    std::memcpy(&narrow, bytes, sizeof(narrow));
    bits = narrow;
  }
  return llvm::APFloat(getSemantics(kind),
                       llvm::APInt(8 * byteSize(kind), bits))
      .convertToFloat();
}

void mlir::softmax::reference::encode(FloatKind kind, Real value, void *bytes) {
  Real rounded = roundTo(kind, value);
  if (kind == FloatKind::F64) {
    double narrow = rounded;
    std::memcpy(bytes, &narrow, sizeof(narrow));
    return;
  }
  // Exact: every value of the narrower formats is one of f32.
  float narrow = rounded;
  if (kind == FloatKind::F32) {
    std::memcpy(bytes, &narrow, sizeof(narrow));
    return;
  }
  llvm::APFloat number(narrow);
  bool losesInfo;
  number.convert(getSemantics(kind), llvm::APFloat::rmNearestTiesToEven,
                 &losesInfo);
  uint64_t bits = number.bitcastToAPInt().getZExtValue();
  uint16_t pair = static_cast<uint16_t>(bits);
  uint8_t single = static_cast<uint8_t>(bits);
  if (byteSize(kind) == 1)
    std::memcpy(bytes, &single, sizeof(single));
  else
    std::memcpy(bytes, &pair, sizeof(pair));
}
