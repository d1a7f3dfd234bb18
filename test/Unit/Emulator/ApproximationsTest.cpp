// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Approximations.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace mlir::softmax::emulator;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Distance in units of the last place of the exact value's binade.
double getUlps(float result, long double exact) {
  float magnitude = std::fabs(static_cast<float>(exact));
  long double unit = static_cast<long double>(magnitude) -
                     static_cast<long double>(std::nextafter(magnitude, 0.0f));
  return static_cast<double>(std::fabs(result - exact) / unit);
}

TEST(Approximations, Ex2IsOffByTwoUlpAtMost) {
  double worst = 0, worstExact = 0;
  for (int i = -20000; i < 20000; ++i) {
    float x = i * 0.0061f;
    long double exact = std::exp2(static_cast<long double>(x));
    worst = std::max(
        worst, getUlps(approximateEx2(x, true, Approximation::Worst), exact));
    worstExact =
        std::max(worstExact,
                 getUlps(approximateEx2(x, true, Approximation::Exact), exact));
  }
  // 2 from the correctly rounded result.
  EXPECT_LE(worst, 2.5);
  // Pessimistic on purpose: a test with it sees errors near the bound.
  EXPECT_GT(worst, 1.5);
  EXPECT_LE(worstExact, 1.0);
}

TEST(Approximations, Ex2OfSpecialValues) {
  for (Approximation mode : {Approximation::Exact, Approximation::Worst}) {
    EXPECT_EQ(approximateEx2(0, true, mode), 1);
    EXPECT_EQ(approximateEx2(-0.0f, true, mode), 1);
    EXPECT_EQ(approximateEx2(-3, true, mode), 0.125f);
    EXPECT_EQ(approximateEx2(-infinity, true, mode), 0);
    EXPECT_EQ(approximateEx2(infinity, true, mode), infinity);
    EXPECT_EQ(approximateEx2(200, true, mode), infinity);
    EXPECT_TRUE(std::isnan(approximateEx2(NAN, true, mode)));
    EXPECT_EQ(approximateEx2(1e-40f, true, mode), 1);
  }
}

TEST(Approximations, Ex2FlushesSubnormalResultsOnlyWithFtz) {
  EXPECT_EQ(approximateEx2(-130, true, Approximation::Exact), 0);
  EXPECT_EQ(approximateEx2(-130, false, Approximation::Exact), 0x1p-130f);
}

TEST(Approximations, TheSameArgumentGivesTheSameResult) {
  bool up = false, down = false;
  for (int i = 1; i < 200; ++i) {
    float x = -i * 0.013f;
    float result = approximateEx2(x, true, Approximation::Worst);
    EXPECT_EQ(result, approximateEx2(x, true, Approximation::Worst));
    (result > std::exp2(static_cast<double>(x)) ? up : down) = true;
  }
  EXPECT_TRUE(up);
  EXPECT_TRUE(down);
}

TEST(Approximations, Rcp) {
  double worst = 0;
  for (int i = 1; i < 20000; ++i) {
    float x = i * 0.37f;
    worst =
        std::max(worst, getUlps(approximateRcp(x, true, Approximation::Worst),
                                1.0L / static_cast<long double>(x)));
  }
  EXPECT_LE(worst, 1.0);
  EXPECT_GT(worst, 0.75);
  EXPECT_EQ(approximateRcp(0, true, Approximation::Worst), infinity);
  EXPECT_EQ(approximateRcp(-0.0f, true, Approximation::Worst), -infinity);
  EXPECT_EQ(approximateRcp(infinity, true, Approximation::Worst), 0);
  EXPECT_EQ(approximateRcp(4, true, Approximation::Worst), 0.25f);
  // A subnormal counts as zero, and 2^127 has a subnormal reciprocal.
  EXPECT_EQ(approximateRcp(1e-40f, true, Approximation::Worst), infinity);
  EXPECT_EQ(approximateRcp(0x1p127f, true, Approximation::Worst), 0);
}

TEST(Approximations, Lg2) {
  double worstNear = 0, worstFar = 0;
  for (int i = 1; i < 20000; ++i) {
    float near = 0.5f + i * 0.000074f;
    worstNear = std::max(worstNear,
                         static_cast<double>(std::fabs(
                             approximateLg2(near, true, Approximation::Worst) -
                             std::log2(static_cast<long double>(near)))));
    float far = 2 + i * 1.7f;
    long double exact = std::log2(static_cast<long double>(far));
    worstFar = std::max(
        worstFar,
        static_cast<double>(
            std::fabs(approximateLg2(far, true, Approximation::Worst) - exact) /
            exact));
  }
  EXPECT_LE(worstNear, 0x1.0001p-22);
  EXPECT_GT(worstNear, 0x1p-23);
  EXPECT_LE(worstFar, 0x1.0001p-22);
  EXPECT_GT(worstFar, 0x1p-23);
  EXPECT_EQ(approximateLg2(1, true, Approximation::Worst), 0);
  EXPECT_EQ(approximateLg2(8, true, Approximation::Worst), 3);
  EXPECT_EQ(approximateLg2(0, true, Approximation::Worst), -infinity);
  EXPECT_EQ(approximateLg2(1e-40f, true, Approximation::Worst), -infinity);
  EXPECT_TRUE(std::isnan(approximateLg2(-1, true, Approximation::Worst)));
}

TEST(Approximations, DivIsNotDefinedForLargeDivisors) {
  EXPECT_EQ(approximateDiv(1, 0x1p127f, false, Approximation::Exact), 0);
  EXPECT_EQ(divideFull(1, 0x1p127f, false, Approximation::Exact), 0x1p-127f);
  EXPECT_TRUE(std::isnan(
      approximateDiv(infinity, 0x1p127f, false, Approximation::Exact)));
  EXPECT_EQ(approximateDiv(1, 4, false, Approximation::Worst), 0.25f);
}

} // namespace
