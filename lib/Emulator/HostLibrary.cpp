// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "HostLibrary.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <cstring>

using namespace mlir::softmax::emulator;

namespace {

// Values of 16 bits travel in the low half of a register for floats, on x86-64
// and on AArch64: here they are floats of which only those bits count.
float carry(uint16_t bits) {
  return llvm::bit_cast<float>(static_cast<uint32_t>(bits));
}
uint16_t uncarry(float carrier) {
  return static_cast<uint16_t>(llvm::bit_cast<uint32_t>(carrier));
}

uint16_t convert(llvm::APFloat value, const llvm::fltSemantics &type) {
  bool losesInfo;
  value.convert(type, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint16_t>(value.bitcastToAPInt().getZExtValue());
}

float truncateFloatToHalf(float x) {
  return carry(convert(llvm::APFloat(x), llvm::APFloat::IEEEhalf()));
}
float truncateDoubleToHalf(double x) {
  return carry(convert(llvm::APFloat(x), llvm::APFloat::IEEEhalf()));
}
float truncateFloatToBFloat(float x) {
  return carry(convert(llvm::APFloat(x), llvm::APFloat::BFloat()));
}
float truncateDoubleToBFloat(double x) {
  return carry(convert(llvm::APFloat(x), llvm::APFloat::BFloat()));
}
float extendHalf(float carrier) {
  llvm::APFloat value(llvm::APFloat::IEEEhalf(),
                      llvm::APInt(16, uncarry(carrier)));
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToFloat();
}

} // namespace

llvm::ArrayRef<RuntimeSymbol> mlir::softmax::emulator::getHostLibrary() {
#define SYMBOL(name, type, function)                                           \
  {                                                                            \
    name, reinterpret_cast<void *>(static_cast<type>(&function))               \
  }
  using Unary = float (*)(float);
  using UnaryDouble = double (*)(double);
  using FromDouble = float (*)(double);
  static const RuntimeSymbol symbols[] = {
      SYMBOL("__truncsfhf2", Unary, truncateFloatToHalf),
      SYMBOL("__truncdfhf2", FromDouble, truncateDoubleToHalf),
      SYMBOL("__truncsfbf2", Unary, truncateFloatToBFloat),
      SYMBOL("__truncdfbf2", FromDouble, truncateDoubleToBFloat),
      SYMBOL("__extendhfsf2", Unary, extendHalf),
      SYMBOL("floorf", Unary, std::floor),
      SYMBOL("ceilf", Unary, std::ceil),
      SYMBOL("truncf", Unary, std::trunc),
      SYMBOL("rintf", Unary, std::rint),
      SYMBOL("nearbyintf", Unary, std::nearbyint),
      SYMBOL("roundevenf", Unary, std::nearbyint),
      SYMBOL("roundf", Unary, std::round),
      SYMBOL("sqrtf", Unary, std::sqrt),
      SYMBOL("floor", UnaryDouble, std::floor),
      SYMBOL("ceil", UnaryDouble, std::ceil),
      SYMBOL("trunc", UnaryDouble, std::trunc),
      SYMBOL("rint", UnaryDouble, std::rint),
      SYMBOL("nearbyint", UnaryDouble, std::nearbyint),
      SYMBOL("roundeven", UnaryDouble, std::nearbyint),
      SYMBOL("round", UnaryDouble, std::round),
      SYMBOL("sqrt", UnaryDouble, std::sqrt),
      SYMBOL("fmaf", float (*)(float, float, float), std::fma),
      SYMBOL("fma", double (*)(double, double, double), std::fma),
      SYMBOL("fmaxf", float (*)(float, float), std::fmax),
      SYMBOL("fminf", float (*)(float, float), std::fmin),
      SYMBOL("fmax", double (*)(double, double), std::fmax),
      SYMBOL("fmin", double (*)(double, double), std::fmin),
      SYMBOL("fmodf", float (*)(float, float), std::fmod),
      SYMBOL("fmod", double (*)(double, double), std::fmod),
      SYMBOL("ldexpf", float (*)(float, int), std::ldexp),
      SYMBOL("ldexp", double (*)(double, int), std::ldexp),
      SYMBOL("memcpy", void *(*)(void *, const void *, size_t), std::memcpy),
      SYMBOL("memmove", void *(*)(void *, const void *, size_t), std::memmove),
      SYMBOL("memset", void *(*)(void *, int, size_t), std::memset),
  };
#undef SYMBOL
  return symbols;
}
