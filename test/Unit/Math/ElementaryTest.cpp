// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The elementary functions of softmax-expand-math over their whole range.

#include "JitKernel.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "gtest/gtest.h"
#include <cfenv>
#include <cstring>
#include <limits>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::test;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <typename Op>
JitKernel unaryKernel(Element element, bool fma, int64_t lanes = 8) {
  return JitKernel({element}, {element}, lanes,
                   SoftmaxExpandMathOptions{fma, true, false},
                   [](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
                     return {Op::create(math.b, math.loc, in[0]).getResult()};
                   });
}

// Arguments spread over all of the type's bit patterns between low and high,
// and the special values.
template <typename Float>
std::vector<Float> arguments(double low, double high, int count) {
  std::vector<Float> result = {Float(0.0),
                               Float(-0.0),
                               Float(infinity),
                               Float(-infinity),
                               Float(nan),
                               1,
                               -1,
                               std::numeric_limits<Float>::max(),
                               std::numeric_limits<Float>::lowest(),
                               std::numeric_limits<Float>::min(),
                               std::numeric_limits<Float>::denorm_min(),
                               -std::numeric_limits<Float>::denorm_min()};
  uint64_t state = 88172645463325252ull;
  for (int i = 0; i < count; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    double unit = std::ldexp(static_cast<double>(state >> 11), -53);
    Float x;
    if (i % 2) {
      x = static_cast<Float>(low + (high - low) * unit);
    } else {
      // Any exponent.
      std::memcpy(&x, &state, sizeof(x));
      if (!(x >= Float(low) && x <= Float(high)))
        x = static_cast<Float>(
            std::ldexp(low + (high - low) * unit, -static_cast<int>(i % 80)));
    }
    result.push_back(x);
  }
  return result;
}

using Reference = long double (*)(long double);

struct Worst {
  double ulp = 0;
  double at = 0;
};

template <typename Op, typename Float>
Worst measure(bool fma, Reference reference, double low, double high) {
  JitKernel kernel =
      unaryKernel<Op>(sizeof(Float) == 4 ? Element::f32 : Element::f64, fma);
  std::vector<Float> x =
      arguments<Float>(low, high, isFullRun() ? 8000000 : 400000);
  std::vector<Float> y = apply<Float, Float>(kernel, x);
  Worst worst;
  for (size_t i = 0; i < x.size(); ++i) {
    double error = ulpError(y[i], reference(x[i]));
    if (error > worst.ulp)
      worst = {error, static_cast<double>(x[i])};
  }
  std::printf("%s f%zu fma %d: %.3f ULP at %.9g (%a)\n",
              Op::getOperationName().str().c_str(), 8 * sizeof(Float), fma,
              worst.ulp, worst.at, worst.at);
  return worst;
}

// f32 within `single` ULP, f64 within `twice`; both with and without FMA.
template <typename Op>
void check(Reference reference, double low32, double high32, double single,
           double low64, double high64, double twice) {
  for (bool fma : {true, false}) {
    Worst worst = measure<Op, float>(fma, reference, low32, high32);
    EXPECT_LE(worst.ulp, single) << "f32, at " << worst.at << ", fma " << fma;
    worst = measure<Op, double>(fma, reference, low64, high64);
    EXPECT_LE(worst.ulp, twice) << "f64, at " << worst.at << ", fma " << fma;
  }
}
} // namespace

TEST(Elementary, Exp) {
  check<math::ExpOp>([](long double x) { return std::exp(x); }, -110, 95, 1.1,
                     -760, 720, 1.1);
}

TEST(Elementary, Exp2) {
  check<math::Exp2Op>([](long double x) { return std::exp2(x); }, -155, 130,
                      1.1, -1080, 1030, 1.1);
}

TEST(Elementary, ExpM1) {
  check<math::ExpM1Op>([](long double x) { return std::expm1(x); }, -25, 95,
                       2.25, -45, 720, 2.25);
}

TEST(Elementary, Log) {
  check<math::LogOp>([](long double x) { return std::log(x); }, 0, 3e38, 1.5, 0,
                     1e308, 1.5);
  check<math::LogOp>([](long double x) { return std::log(x); }, 0.4, 2.6, 1.5,
                     0.4, 2.6, 1.5);
}

TEST(Elementary, Log1p) {
  check<math::Log1pOp>([](long double x) { return std::log1p(x); }, -1, 3e38,
                       1.5, -1, 1e308, 1.5);
  check<math::Log1pOp>([](long double x) { return std::log1p(x); }, -1, 2.6,
                       1.5, -1, 2.6, 1.5);
}

TEST(Elementary, Log2) {
  check<math::Log2Op>([](long double x) { return std::log2(x); }, 0, 3e38, 1.5,
                      0, 1e308, 1.5);
  check<math::Log2Op>([](long double x) { return std::log2(x); }, 0.4, 2.6, 1.5,
                      0.4, 2.6, 1.5);
}

TEST(Elementary, Log2OfPowersOfTwoIsExact) {
  for (bool fma : {true, false}) {
    JitKernel kernel = unaryKernel<math::Log2Op>(Element::f64, fma);
    std::vector<double> x;
    for (int n = -1074; n <= 1023; ++n)
      x.push_back(std::ldexp(1.0, n));
    std::vector<double> y = apply<double, double>(kernel, x);
    for (int n = -1074; n <= 1023; ++n)
      EXPECT_EQ(y[n + 1074], n);
  }
}

TEST(Elementary, Tanh) {
  check<math::TanhOp>([](long double x) { return std::tanh(x); }, -12, 12, 3.0,
                      -25, 25, 3.0);
}

// Scalars take the same expansion.
TEST(Elementary, ScalarsAndVectorsAgree) {
  JitKernel scalars = unaryKernel<math::TanhOp>(Element::f64, true, 1);
  JitKernel vectors = unaryKernel<math::TanhOp>(Element::f64, true, 8);
  std::vector<double> x = arguments<double>(-25, 25, 20000);
  std::vector<double> a = apply<double, double>(scalars, x);
  std::vector<double> b = apply<double, double>(vectors, x);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_TRUE(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])));
}

// Rounding to integers is exact, down to the sign of zero.
template <typename Op, typename Float>
static void checkRounding(Float (*reference)(Float)) {
  JitKernel kernel =
      unaryKernel<Op>(sizeof(Float) == 4 ? Element::f32 : Element::f64, false);
  std::vector<Float> x = arguments<Float>(-20, 20, 100000);
  double large = std::ldexp(1.0, std::numeric_limits<Float>::digits);
  for (Float y : arguments<Float>(-large, large, 100000))
    x.push_back(y);
  for (int i = -4000; i < 4000; ++i) {
    x.push_back(Float(i) / 4);
    x.push_back(std::nextafter(Float(i) / 4, Float(infinity)));
    x.push_back(std::nextafter(Float(i) / 4, Float(-infinity)));
    x.push_back(std::ldexp(Float(1), std::numeric_limits<Float>::digits - 2) +
                Float(i) / 2);
  }
  std::vector<Float> y = apply<Float, Float>(kernel, x);
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_EQ(ulpError(y[i], reference(x[i])), 0)
        << Op::getOperationName().str() << " of " << x[i] << " gives " << y[i];
}

TEST(Elementary, RoundingToIntegers) {
  ASSERT_EQ(std::fegetround(), FE_TONEAREST);
  checkRounding<math::RoundEvenOp, float>(std::nearbyint);
  checkRounding<math::RoundEvenOp, double>(std::nearbyint);
  checkRounding<math::FloorOp, float>(std::floor);
  checkRounding<math::FloorOp, double>(std::floor);
  checkRounding<math::CeilOp, float>(std::ceil);
  checkRounding<math::CeilOp, double>(std::ceil);
  checkRounding<math::TruncOp, float>(std::trunc);
  checkRounding<math::TruncOp, double>(std::trunc);
  checkRounding<math::RoundOp, float>(std::round);
  checkRounding<math::RoundOp, double>(std::round);
}
