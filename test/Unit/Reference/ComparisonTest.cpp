// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Reference/Comparison.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax::reference;

namespace {

constexpr Real inf = std::numeric_limits<Real>::infinity();
constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();

TEST(Comparison, UlpDistance) {
  EXPECT_EQ(getUlpDistance(FloatKind::F32, 1, 1), 0);
  EXPECT_EQ(getUlpDistance(FloatKind::F32, 1 + std::ldexp(Real(3), -23), 1), 3);
  EXPECT_EQ(getUlpDistance(FloatKind::F32, 1, 1 + std::ldexp(Real(1), -24)),
            0.5);
  EXPECT_EQ(getUlpDistance(FloatKind::F16, std::ldexp(Real(1), -24), 0), 1);
  EXPECT_EQ(getUlpDistance(FloatKind::F16, 0, std::ldexp(Real(1), -26)), 0.25);
  EXPECT_EQ(getUlpDistance(FloatKind::F64, nan, nan), 0);
  EXPECT_EQ(getUlpDistance(FloatKind::F64, nan, 1), inf);
  EXPECT_EQ(getUlpDistance(FloatKind::F64, 1, nan), inf);
  EXPECT_EQ(getUlpDistance(FloatKind::F64, -inf, -inf), 0);
  EXPECT_EQ(getUlpDistance(FloatKind::F64, -inf, inf), inf);
  EXPECT_EQ(getUlpDistance(FloatKind::F64, 1, inf), inf);
  // 65520 rounds to infinity in f16, 65519 to the largest value.
  EXPECT_EQ(getUlpDistance(FloatKind::F16, inf, 65520), 0);
  EXPECT_EQ(getUlpDistance(FloatKind::F16, inf, 65504), 1);
}

class CompareTest : public ::testing::Test {
protected:
  ReferenceTensor make(ArrayRef<std::pair<Real, double>> values) {
    ReferenceTensor tensor{Float32Type::get(&context),
                           {static_cast<int64_t>(values.size())}};
    for (auto [real, error] : values) {
      Scalar scalar;
      scalar.real = real;
      scalar.error = error;
      tensor.elements.push_back(scalar);
    }
    return tensor;
  }
  MLIRContext context;
};

TEST_F(CompareTest, FindsTheWorst) {
  ReferenceTensor expected = make({{1, 1e-6}, {2, 1e-6}, {0.25, 1}});
  float actual[] = {1, 2 + 0x1p-22f, 0.75f};
  Comparison result = compare(expected, actual);
  EXPECT_TRUE(result.isWithinBounds());
  EXPECT_EQ(result.worstRatioIndex, 2);
  EXPECT_EQ(result.worstRatio, 0.5);
  EXPECT_EQ(result.worstUlpIndex, 2);
  EXPECT_NE(
      describe(result, expected, actual).find("50.0% of the bound at [2]"),
      std::string::npos);
}

TEST_F(CompareTest, ReportsWhatIsOutside) {
  ReferenceTensor expected = make({{1, 0}, {2, 1e-6}, {nan, 0}, {7, HUGE_VAL}});
  float actual[] = {1, 2.5f, 0, 9};
  Comparison result = compare(expected, actual);
  EXPECT_EQ(result.outside, 2);
  EXPECT_EQ(result.unbounded, 1);
  EXPECT_EQ(result.worstUlp, inf);
  EXPECT_NE(
      describe(result, expected, actual).find("2 of 4 elements are outside"),
      std::string::npos);
}

TEST_F(CompareTest, WithoutBoundNothingIsOutside) {
  ReferenceTensor expected = make({{7, HUGE_VAL}});
  float actual[] = {nan};
  EXPECT_TRUE(compare(expected, actual).isWithinBounds());
}

TEST_F(CompareTest, ExactMeansExact) {
  ReferenceTensor expected = make({{1, 0}});
  float actual[] = {1 + 0x1p-23f};
  EXPECT_FALSE(compare(expected, actual).isWithinBounds());
}

TEST_F(CompareTest, Integers) {
  ReferenceTensor expected{IntegerType::get(&context, 64), {2}};
  expected.elements.resize(2);
  expected.elements[1].integer = -5;
  int64_t same[] = {0, -5}, other[] = {0, 5};
  EXPECT_TRUE(compare(expected, same).isWithinBounds());
  EXPECT_FALSE(compare(expected, other).isWithinBounds());
}

} // namespace
