// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The ways to form an exponential, and the references to try them at.

#ifndef SOFTMAX_TEST_UNIT_MATH_EXPWAYS_H
#define SOFTMAX_TEST_UNIT_MATH_EXPWAYS_H

#include "JitKernel.h"
#include "softmax/Math/ExpBuilder.h"
#include "llvm/TargetParser/Host.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstring>
#include <limits>

namespace mlir::softmax::test {

template <typename Float>
struct Traits;
template <>
struct Traits<float> {
  static constexpr Element element = Element::f32;
  using Integer = uint32_t;
  // Double precision is enough to judge f32.
  static long double exp(long double x) {
    return std::exp(static_cast<double>(x));
  }
};
template <>
struct Traits<double> {
  static constexpr Element element = Element::f64;
  using Integer = uint64_t;
  static long double exp(long double x) { return std::exp(x); }
};

template <typename Float>
Float fromBits(typename Traits<Float>::Integer bits) {
  Float result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

// The ways to form an exponential, with what they promise.
struct Way {
  const char *name;
  ExpCore core;
  bool fma;
  double ulp;      // largest error
  double relative; // the same, in units of half an ULP of 1 (2^-24 in f32)

  int64_t lanes() const { return core.usesTable() ? core.entries : 8; }
  bool runsHere() const {
    const auto features = llvm::sys::getHostCPUFeatures();
    return core.entries == 16  ? features.lookup("avx512f")
           : core.entries == 8 ? features.lookup("avx2")
                               : true;
  }
};

inline void PrintTo(const Way &way, std::ostream *os) { *os << way.name; }

using Precision = ExpCore::Precision;
inline constexpr double any = 1e30;
inline const Way ways[] = {
    {"polynomial, fma", {1, Precision::Single}, true, 1.0, 1.3},
    {"polynomial", {1, Precision::Single}, false, 1.0, 1.5},
    {"table of 8", {8, Precision::Single}, true, 1.0, 1.5},
    {"table of 16", {16, Precision::Single}, true, 1.0, 1.3},
    {"polynomial, fma, pair", {1, Precision::Pair}, true, any, 0.7},
    {"polynomial, pair", {1, Precision::Pair}, false, any, 0.8},
    // 2^-17 in f32; two of them make a probability within 2^-13.
    {"polynomial, fma, fast", {1, Precision::Fast}, true, any, 128},
    {"polynomial, fast", {1, Precision::Fast}, false, any, 128},
    {"table of 8, fast", {8, Precision::Fast}, true, any, 256},
    {"table of 16, fast", {16, Precision::Fast}, true, any, 128}};

inline double shiftOf(const ExpCore &core) {
  return core.usesTable() ? getExpTable(core.entries).shift : 0;
}

class EveryWay : public testing::TestWithParam<Way> {
protected:
  void SetUp() override {
    if (!GetParam().runsHere())
      GTEST_SKIP() << "this processor has no instruction for the table";
  }
};

// References of all kinds: small, beyond and about the threshold, huge.
template <typename Float>
std::vector<Float> references() {
  const FloatConstants &c = getFloatConstants(8 * sizeof(Float));
  Float t = static_cast<Float>(c.referenceThreshold);
  std::vector<Float> result = {0,
                               Float(-0.0),
                               Float(0.3465736),
                               Float(-0.34657),
                               1,
                               Float(-1.5),
                               Float(37.25),
                               Float(-88.1),
                               Float(300.7),
                               Float(-443.3),
                               std::nextafter(t, Float(0)),
                               t,
                               std::nextafter(t, 2 * t),
                               std::nextafter(-t, Float(0)),
                               -t,
                               std::nextafter(-t, -2 * t),
                               Float(12345.678),
                               Float(-98765.4),
                               Float(1e30),
                               std::numeric_limits<Float>::max(),
                               std::numeric_limits<Float>::lowest(),
                               std::numeric_limits<Float>::denorm_min()};
  return result;
}

} // namespace mlir::softmax::test

#endif // SOFTMAX_TEST_UNIT_MATH_EXPWAYS_H
