// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Reference/FloatFormat.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>

using namespace mlir::softmax::reference;

namespace {

TEST(FloatFormat, EveryNarrowNumberSurvivesTheRoundTrip) {
  for (FloatKind kind : {FloatKind::F8E4M3FN, FloatKind::F8E5M2, FloatKind::F16,
                         FloatKind::BF16})
    for (unsigned bits = 0; bits < 1u << 8 * byteSize(kind); ++bits) {
      uint16_t in = bits, out = 0;
      Real value = decode(kind, &in);
      if (std::isnan(value))
        continue;
      encode(kind, value, &out);
      ASSERT_EQ(in, out);
      ASSERT_EQ(roundTo(kind, value), value);
    }
}

TEST(FloatFormat, RoundsToNearestEven) {
  // Halfway between neighbours: to the even one; a little more: up.
  for (FloatKind kind :
       {FloatKind::F16, FloatKind::BF16, FloatKind::F32, FloatKind::F64}) {
    Real unit = unitInLastPlace(kind, 1);
    EXPECT_EQ(roundTo(kind, 1 + unit / 2), 1);
    EXPECT_EQ(roundTo(kind, 1 + unit + unit / 2), 1 + 2 * unit);
    EXPECT_EQ(roundTo(kind, 1 + unit / 2 + unit / 64), 1 + unit);
    EXPECT_EQ(roundTo(kind, -(1 + unit / 2 + unit / 64)), -(1 + unit));
    EXPECT_EQ(unitRoundoff(kind), unit / 2);
  }
}

TEST(FloatFormat, NoInfinity) {
  FloatKind kind = FloatKind::F8E4M3FN;
  EXPECT_EQ(roundTo(kind, 464), 448);
  EXPECT_TRUE(std::isnan(roundTo(kind, 464.5L)));
  EXPECT_TRUE(std::isnan(roundTo(kind, -480)));
  EXPECT_TRUE(std::isnan(roundTo(kind, -HUGE_VALL)));
  EXPECT_EQ(roundTo(FloatKind::F8E5M2, 61440), HUGE_VALL);
}

TEST(FloatFormat, DenormalsAndOverflow) {
  struct {
    FloatKind kind;
    int smallest, largest;
  } formats[] = {{FloatKind::F16, -24, 16},
                 {FloatKind::BF16, -133, 128},
                 {FloatKind::F32, -149, 128},
                 {FloatKind::F64, -1074, 1024}};
  for (auto format : formats) {
    Real smallest = std::ldexp(Real(1), format.smallest);
    EXPECT_EQ(unitInLastPlace(format.kind, 0), smallest);
    EXPECT_EQ(unitInLastPlace(format.kind, 5 * smallest), smallest);
    EXPECT_EQ(roundTo(format.kind, smallest), smallest);
    EXPECT_EQ(roundTo(format.kind, smallest / 2), 0);
    EXPECT_TRUE(std::signbit(roundTo(format.kind, -smallest / 2)));
    EXPECT_EQ(roundTo(format.kind, smallest * Real(1.5)), 2 * smallest);
    Real over = overflowThreshold(format.kind);
    EXPECT_EQ(over, std::ldexp(Real(1), format.largest));
    EXPECT_TRUE(std::isinf(roundTo(format.kind, over)));
    Real largest = over - unitInLastPlace(format.kind, over / 2);
    EXPECT_EQ(roundTo(format.kind, largest), largest);
    EXPECT_EQ(roundTo(format.kind, -largest), -largest);
  }
}

TEST(FloatFormat, SpecialValuesReachMemory) {
  for (FloatKind kind :
       {FloatKind::F16, FloatKind::BF16, FloatKind::F32, FloatKind::F64}) {
    char bytes[8];
    encode(kind, std::numeric_limits<Real>::quiet_NaN(), bytes);
    EXPECT_TRUE(std::isnan(decode(kind, bytes)));
    encode(kind, -std::numeric_limits<Real>::infinity(), bytes);
    EXPECT_EQ(decode(kind, bytes), -std::numeric_limits<Real>::infinity());
  }
}

} // namespace
