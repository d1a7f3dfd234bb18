// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Narrow floats by integer arithmetic: compared bit by bit with llvm::APFloat.

#include "JitKernel.h"
#include "llvm/ADT/APFloat.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::test;
using llvm::APFloat;

namespace {
// Every conversion by our own arithmetic.
const SoftmaxExpandMathOptions nothingNative{false, false, false};

const llvm::fltSemantics &semantics(Element element) {
  switch (element) {
  case Element::f8E4M3FN:
    return APFloat::Float8E4M3FN();
  case Element::f8E5M2:
    return APFloat::Float8E5M2();
  case Element::f16:
    return APFloat::IEEEhalf();
  case Element::bf16:
    return APFloat::BFloat();
  case Element::f32:
    return APFloat::IEEEsingle();
  case Element::f64:
    return APFloat::IEEEdouble();
  }
  llvm_unreachable("all elements are handled");
}

JitKernel conversion(Element from, Element to,
                     const SoftmaxExpandMathOptions &options) {
  return JitKernel(
      {from}, {to}, 8, options,
      [from, to](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
        OpBuilder &b = math.b;
        Type type =
            MathBuilder::withElement(in[0].getType(), elementType(b, to));
        if (APFloat::getSizeInBits(semantics(to)) >
            APFloat::getSizeInBits(semantics(from)))
          return {arith::ExtFOp::create(b, math.loc, type, in[0]).getResult()};
        return {arith::TruncFOp::create(b, math.loc, type, in[0]).getResult()};
      });
}

template <typename Float>
Float floatOf(uint64_t bits) {
  Float result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

template <typename Float>
uint64_t bitsOf(Float x) {
  uint64_t result = 0;
  std::memcpy(&result, &x, sizeof(x));
  return result;
}

uint64_t expected(uint64_t bits, Element from, Element to) {
  const llvm::fltSemantics &s = semantics(from);
  APFloat value(s, llvm::APInt(APFloat::getSizeInBits(s), bits));
  bool losesInfo;
  value.convert(semantics(to), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.bitcastToAPInt().getZExtValue();
}

// Of an f16 or bf16, given its type's infinity.
bool isNaNBits(uint32_t bits, uint32_t infinity) {
  return (bits & 0x7fff) > infinity;
}

bool isNaN(uint64_t bits, Element element) {
  const llvm::fltSemantics &s = semantics(element);
  return APFloat(s, llvm::APInt(APFloat::getSizeInBits(s), bits)).isNaN();
}

// All bit patterns of a narrow type.
template <typename Wide, typename Narrow = uint16_t>
void checkExtension(Element from, Element to) {
  JitKernel kernel = conversion(from, to, nothingNative);
  std::vector<Narrow> in(size_t(1) << 8 * sizeof(Narrow));
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<Narrow>(i);
  std::vector<Wide> out = apply<Narrow, Wide>(kernel, in);
  for (size_t i = 0; i < in.size(); ++i) {
    if (isNaN(i, from)) {
      ASSERT_TRUE(isNaN(bitsOf(out[i]), to)) << std::hex << i;
      continue;
    }
    ASSERT_EQ(bitsOf(out[i]), expected(i, from, to)) << std::hex << i;
  }
}

// The wide numbers at which rounding to the narrow type changes, their
// neighbours on both sides, random numbers and NaNs.
template <typename Wide, typename Narrow = uint16_t>
void checkTruncation(Element from, Element to) {
  JitKernel kernel = conversion(from, to, nothingNative);
  std::vector<Wide> in;
  for (uint64_t i = 0; i < uint64_t(1) << 8 * sizeof(Narrow); ++i) {
    Wide here = floatOf<Wide>(expected(i, to, from));
    Wide next = floatOf<Wide>(expected(i + 1, to, from));
    Wide middle = here + (next - here) / 2;
    for (Wide x : {here, middle}) {
      in.push_back(x);
      in.push_back(std::nextafter(x, std::numeric_limits<Wide>::infinity()));
      in.push_back(std::nextafter(x, -std::numeric_limits<Wide>::infinity()));
    }
    // Double rounding shows here: half way in f32, and an f64 step beside it.
    if (sizeof(Wide) == 8) {
      in.push_back(middle * (1 + std::ldexp(Wide(1), -40)));
      in.push_back(middle * (1 - std::ldexp(Wide(1), -40)));
    }
  }
  uint64_t state = 88172645463325252ull;
  for (int i = 0; i < 1000000; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    in.push_back(i % 2
                     ? floatOf<Wide>(state)
                     : Wide(std::ldexp(static_cast<double>(state >> 11) - 1e15,
                                       -53 - int(state % 40))));
  }
  in.push_back(std::numeric_limits<Wide>::signaling_NaN());
  in.push_back(std::numeric_limits<Wide>::max());
  in.push_back(std::numeric_limits<Wide>::lowest());
  in.push_back(std::numeric_limits<Wide>::denorm_min());
  std::vector<Narrow> out = apply<Wide, Narrow>(kernel, in);
  for (size_t i = 0; i < in.size(); ++i) {
    if (std::isnan(in[i])) {
      ASSERT_TRUE(isNaN(out[i], to)) << std::hex << bitsOf(in[i]);
      continue;
    }
    ASSERT_EQ(out[i], expected(bitsOf(in[i]), from, to))
        << in[i] << " " << std::hex << bitsOf(in[i]);
  }
}
} // namespace

TEST(FloatConversion, ExtendF16) {
  checkExtension<float>(Element::f16, Element::f32);
  checkExtension<double>(Element::f16, Element::f64);
}

TEST(FloatConversion, ExtendBF16) {
  checkExtension<float>(Element::bf16, Element::f32);
  checkExtension<double>(Element::bf16, Element::f64);
}

TEST(FloatConversion, TruncateF32) {
  checkTruncation<float>(Element::f32, Element::f16);
  checkTruncation<float>(Element::f32, Element::bf16);
}

TEST(FloatConversion, TruncateF64RoundsOnce) {
  checkTruncation<double>(Element::f64, Element::f16);
  checkTruncation<double>(Element::f64, Element::bf16);
}

TEST(FloatConversion, Float8) {
  for (Element narrow : {Element::f8E4M3FN, Element::f8E5M2}) {
    checkExtension<float, uint8_t>(narrow, Element::f32);
    checkExtension<double, uint8_t>(narrow, Element::f64);
    checkExtension<uint16_t, uint8_t>(narrow, Element::f16);
    checkExtension<uint16_t, uint8_t>(narrow, Element::bf16);
    checkTruncation<float, uint8_t>(Element::f32, narrow);
    checkTruncation<double, uint8_t>(Element::f64, narrow);
  }
}

// Every f32 (SOFTMAX_FULL=1), else every 257th: as the argument grows the
// result steps from one narrow number to the next at their midpoint, ties to
// even.
TEST(FloatConversion, TruncateEveryF32) {
  const uint64_t step = isFullRun() ? 1 : 257;
  for (Element to : {Element::f16, Element::bf16}) {
    JitKernel kernel = conversion(Element::f32, to, nothingNative);
    const uint32_t infinity = to == Element::f16 ? 0x7c00 : 0x7f80;
    // The midpoint above each finite number; infinity stands for the next power
    // of two.
    std::vector<double> middle(infinity);
    for (uint32_t i = 0; i < infinity; ++i) {
      double here = floatOf<double>(expected(i, to, Element::f64));
      double below =
          floatOf<double>(expected(std::max(i, 1u) - 1, to, Element::f64));
      middle[i] =
          i + 1 < infinity
              ? (here + floatOf<double>(expected(i + 1, to, Element::f64))) / 2
              : here + (here - below) / 2;
    }
    std::vector<float> in(JitKernel::batch);
    std::vector<uint16_t> out(JitKernel::batch);
    for (uint64_t sign : {0u, 0x80000000u}) {
      uint32_t result = 0;
      uint64_t bits = 0;
      while (bits <= 0x7fffffff) {
        uint64_t first = bits;
        for (int64_t i = 0; i < JitKernel::batch; ++i, bits += step)
          in[i] = floatOf<float>(sign | std::min<uint64_t>(bits, 0x7fffffff));
        kernel.run({in.data(), out.data()});
        bool right = true;
        for (int64_t i = 0; i < JitKernel::batch; ++i) {
          uint64_t pattern = std::min<uint64_t>(first + i * step, 0x7fffffff);
          if (pattern > 0x7f800000) {
            right &= isNaNBits(out[i], infinity);
            continue;
          }
          double x = floatOf<float>(pattern);
          while (result < infinity &&
                 (x > middle[result] || (x == middle[result] && result % 2)))
            ++result;
          right &= out[i] == (result | sign >> 16);
        }
        ASSERT_TRUE(right) << "from pattern " << std::hex << (sign | first);
      }
    }
  }
}
