// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// C-EXP-1: the scaled exponential against a reference of higher precision.

#include "JitKernel.h"
#include "softmax/Math/ExpBuilder.h"
#include "gtest/gtest.h"
#include <cstring>
#include <limits>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::test;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();

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

// A kernel (max, x) -> (scaled exp, center, exponent).
template <typename Float>
struct Core {
  const FloatConstants &c = getFloatConstants(8 * sizeof(Float));
  JitKernel kernel;
  std::vector<Float> max, x, e, center, exponent;

  explicit Core(bool fma, int64_t lanes = 8)
      : kernel({Traits<Float>::element, Traits<Float>::element},
               {Traits<Float>::element, Traits<Float>::element,
                Traits<Float>::element},
               lanes, SoftmaxExpandMathOptions{fma, true, false},
               [](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
                 ExpReference reference = buildExpReference(math, in[0]);
                 return {buildScaledExp(math, in[1], reference),
                         reference.center, reference.exponent};
               }),
        max(JitKernel::batch), x(JitKernel::batch), e(JitKernel::batch),
        center(JitKernel::batch), exponent(JitKernel::batch) {}

  void run() {
    kernel.run(
        {max.data(), x.data(), e.data(), center.data(), exponent.data()});
  }

  // The worst error of the batch; checks on the way that all are normal and
  // bounded.  Elements beyond the clamp are judged as clamped.
  double worst() {
    double result = 0;
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      long double y = static_cast<long double>(x[i]) - center[i];
      long double low = (center[i] == 0 ? max[i] : Float(0)) + Float(c.clamp);
      y = std::max(y, low);
      long double exact = std::ldexp(
          Traits<Float>::exp(y),
          static_cast<int>(c.scaleExponent - static_cast<long>(exponent[i])));
      if (sizeof(Float) == 4)
        // exp(y) alone may leave double's accurate range only far from here.
        EXPECT_TRUE(std::isfinite(static_cast<double>(exact)));
      EXPECT_TRUE(std::isnormal(e[i]) && e[i] > 0)
          << "max " << max[i] << " x " << x[i] << " gives " << e[i];
      EXPECT_LE(e[i], std::ldexp(1.0, c.scaleExponent + 1));
      result = std::max(result, ulpError(e[i], exact));
    }
    return result;
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

template <typename Float>
double sweep(bool fma, int batches) {
  Core<Float> core(fma);
  double worst = 0;
  uint64_t state = 88172645463325252ull;
  for (Float max : references<Float>()) {
    for (int batch = 0; batch < batches; ++batch) {
      for (int64_t i = 0; i < JitKernel::batch; ++i) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Float distance = static_cast<Float>(
            std::ldexp(static_cast<double>(state >> 11), -53));
        // A third near the maximum, at all scales.
        if (i % 3 == 0)
          distance = std::ldexp(distance, -static_cast<int>(i % 30));
        core.max[i] = max;
        core.x[i] =
            std::max<Float>(max + Float(core.c.clamp) * Float(1.02) * distance,
                            std::numeric_limits<Float>::lowest());
      }
      core.x[0] = max;
      core.x[1] = -infinity;
      core.x[2] = std::numeric_limits<Float>::lowest();
      core.run();
      worst = std::max(worst, core.worst());
    }
  }
  return worst;
}
} // namespace

TEST(ExpCore, F32WithFmaIsWithinOneUlp) {
  double worst = sweep<float>(true, 12);
  RecordProperty("worst_ulp", std::to_string(worst));
  std::printf("f32 fma: %.4f ULP\n", worst);
  EXPECT_LE(worst, 1.0);
}

TEST(ExpCore, F32WithoutFmaIsWithinOneUlp) {
  double worst = sweep<float>(false, 12);
  std::printf("f32 without fma: %.4f ULP\n", worst);
  EXPECT_LE(worst, 1.0);
}

TEST(ExpCore, F64WithFmaIsWithinOneUlp) {
  double worst = sweep<double>(true, 12);
  std::printf("f64 fma: %.4f ULP\n", worst);
  EXPECT_LE(worst, 1.0);
}

TEST(ExpCore, F64WithoutFmaIsWithinOneUlp) {
  double worst = sweep<double>(false, 12);
  std::printf("f64 without fma: %.4f ULP\n", worst);
  EXPECT_LE(worst, 1.0);
}

// The worst error over the arguments with bit patterns first, first + step,
// ..., last; the reference of each batch is its largest argument.
struct WorstOfPatterns {
  double ulp = 0;
  double relative = 0; // in 2^-24
};

static void tryPatterns(Core<float> &core, uint32_t first, uint32_t last,
                        uint32_t step, WorstOfPatterns &worst) {
  bool normal = true;
  uint64_t bits = first;
  while (bits <= last) {
    float max = -511.9f;
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      core.x[i] = fromBits<float>(
          static_cast<uint32_t>(std::min<uint64_t>(bits, last)));
      max = std::max(max, core.x[i]);
      bits += step;
    }
    std::fill(core.max.begin(), core.max.end(), max);
    core.run();
    double scale = std::ldexp(1.0, 64 - static_cast<int>(core.exponent[0]));
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      double exact = std::exp(static_cast<double>(core.x[i])) * scale;
      // The power of two at or below it.
      uint64_t power;
      std::memcpy(&power, &exact, sizeof(power));
      power &= 0x7ff0000000000000ull;
      double unit = fromBits<double>(power) * 0x1p-23;
      double error = std::fabs(core.e[i] - exact);
      worst.ulp = std::max(worst.ulp, error / unit);
      worst.relative = std::max(worst.relative, error / exact * 0x1p24);
      normal &= core.e[i] >= 0x1p-126f && core.e[i] <= 0x1p66f;
    }
  }
  EXPECT_TRUE(normal);
}

// The mantissa of the result depends on the argument alone, not on the
// reference: every f32 that the core can receive lies in (-512 - 108, 512), or
// in [-108, 0] after a subtraction.  SOFTMAX_FULL=1 tries all of them, else
// every 251st.
TEST(ExpCore, F32EveryArgument) {
  uint32_t step = isFullRun() ? 1 : 251;
  for (bool fma : {true, false}) {
    Core<float> core(fma);
    WorstOfPatterns worst;
    tryPatterns(core, 0, 0x43ffffffu, step, worst);           // < 512
    tryPatterns(core, 0x80000000u, 0xc41af999u, step, worst); // -619.9
    std::printf("f32 every %u. argument, fma %d: %.5f ULP, %.5f * 2^-24\n",
                step, fma, worst.ulp, worst.relative);
    EXPECT_LE(worst.ulp, 1.0);
    EXPECT_LE(worst.relative, 1.5);
  }
}

TEST(ExpCore, ExactAtTheMaximumWhereNothingIsSubtracted) {
  Core<float> core(true);
  for (int64_t i = 0; i < JitKernel::batch; ++i)
    core.max[i] = core.x[i] = 0.0f;
  core.max[1] = core.x[1] = 1e20f;
  core.run();
  EXPECT_EQ(core.e[0], 0x1p64f);
  EXPECT_EQ(core.e[1], 0x1p64f);
}

// C-NAN-1: NaN of any sign and payload stays NaN, whatever the reference.
TEST(ExpCore, NaNPropagates) {
  for (bool fma : {true, false}) {
    Core<float> single(fma);
    for (float max : references<float>()) {
      for (int64_t i = 0; i < JitKernel::batch; ++i) {
        uint32_t payload = i < 1024 ? uint32_t(i + 1) : uint32_t(i * 2047 + 1);
        payload &= 0x7fffff;
        payload = std::max(payload, 1u);
        single.max[i] = max;
        single.x[i] =
            fromBits<float>(0x7f800000u | payload | uint32_t(i & 1) << 31);
      }
      single.run();
      for (int64_t i = 0; i < JitKernel::batch; ++i)
        ASSERT_TRUE(std::isnan(single.e[i])) << "payload of element " << i;
    }
    Core<double> twice(fma);
    for (double max : references<double>()) {
      for (int64_t i = 0; i < JitKernel::batch; ++i) {
        twice.max[i] = max;
        twice.x[i] = fromBits<double>(0x7ff0000000000000ull | uint64_t(i + 1) |
                                      uint64_t(i & 1) << 63);
      }
      twice.run();
      for (int64_t i = 0; i < JitKernel::batch; ++i)
        ASSERT_TRUE(std::isnan(twice.e[i])) << "payload of element " << i;
    }
  }
}

// C-INF-1, C-INF-2 at the level of the core.
TEST(ExpCore, InfiniteMaxima) {
  Core<float> core(true);
  std::fill(core.max.begin(), core.max.end(), float(-infinity));
  std::fill(core.x.begin(), core.x.end(), float(-infinity));
  core.max[1] = core.x[1] = float(infinity);
  core.run();
  EXPECT_TRUE(std::isnormal(core.e[0]) && core.e[0] > 0);
  EXPECT_EQ(core.e[0], core.e[2]);
  EXPECT_TRUE(std::isnan(core.e[1]));
}

// C-INF-3: what is clamped vanishes in the normalization.
TEST(ExpCore, ClampedElementsAreExactZeros) {
  Core<float> single(true);
  Core<double> twice(false);
  for (int64_t i = 0; i < JitKernel::batch; ++i) {
    single.max[i] = float(i) - 1024.5f;
    single.x[i] = i % 2 ? float(-infinity) : single.max[i] - 108.5f;
    twice.max[i] = (double(i) - 2048.5) * 4;
    twice.x[i] = i % 2 ? -infinity : twice.max[i] - 748.5;
  }
  single.run();
  twice.run();
  for (int64_t i = 0; i < JitKernel::batch; ++i) {
    // The least sum: the maximum alone.
    float sum = 0.7f * std::ldexp(1.0f, 64);
    EXPECT_EQ(single.e[i] / sum, 0.0f);
    EXPECT_EQ(twice.e[i] / (0.7 * std::ldexp(1.0, 256)), 0.0);
  }
}

// A vector of logits against a scalar reference is the same as lane by lane.
TEST(ExpCore, ScalarsAndVectorsAgree) {
  Core<float> vectors(true, 8);
  Core<float> scalars(true, 1);
  JitKernel mixed({Element::f32, Element::f32}, {Element::f32}, 8,
                  SoftmaxExpandMathOptions{true, true, false},
                  [](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
                    ExpReference reference = buildExpReference(
                        math, math.constant(math.b.getF32Type(), 17.25));
                    return {buildScaledExp(math, in[1], reference)};
                  });
  std::vector<float> out(JitKernel::batch);
  for (int64_t i = 0; i < JitKernel::batch; ++i) {
    vectors.max[i] = scalars.max[i] = 17.25f;
    vectors.x[i] = scalars.x[i] = 17.25f - 0.03f * float(i);
  }
  vectors.run();
  scalars.run();
  mixed.run({vectors.max.data(), vectors.x.data(), out.data()});
  for (int64_t i = 0; i < JitKernel::batch; ++i) {
    EXPECT_EQ(vectors.e[i], scalars.e[i]);
    EXPECT_EQ(vectors.e[i], out[i]);
  }
}

// log and value of a sum of one exponential: exactly what is known.
template <typename Float>
static void checkSumOfOne(bool fma) {
  JitKernel kernel({Traits<Float>::element, Traits<Float>::element},
                   {Element::f64, Element::f64}, 8,
                   SoftmaxExpandMathOptions{fma, true, false},
                   [](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
                     ExpReference reference = buildExpReference(math, in[0]);
                     Value e = buildScaledExp(math, in[1], reference);
                     Type type = MathBuilder::withElement(e.getType(),
                                                          math.b.getF64Type());
                     if (e.getType() != type)
                       e = arith::ExtFOp::create(math.b, math.loc, type, e);
                     Value low = math.mul(e, math.constant(type, 0x1p-60));
                     return {buildLogOfScaledSum(math, e, low, reference),
                             buildSumRelativeToMax(math, e, low, reference)};
                   });
  std::vector<Float> max(JitKernel::batch), x(JitKernel::batch);
  std::vector<double> log(JitKernel::batch), sum(JitKernel::batch);
  double tolerance = std::numeric_limits<Float>::epsilon();
  for (Float reference : references<Float>()) {
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      max[i] = reference;
      x[i] = std::max<Float>(reference - Float(i) / 64,
                             std::numeric_limits<Float>::lowest());
    }
    kernel.run({max.data(), x.data(), log.data(), sum.data()});
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      long double exact = static_cast<long double>(x[i]) - reference;
      ASSERT_NEAR(log[i], double(exact),
                  tolerance * std::max(1.0L, std::fabs(exact)))
          << "max " << reference << " x " << x[i];
      // One unit each: the exponential, the scale, the product.
      long double value = std::exp(exact);
      ASSERT_NEAR(sum[i], double(value), 3 * tolerance * value);
    }
  }
}

TEST(ExpCore, LogAndValueOfTheSum) {
  for (bool fma : {true, false}) {
    checkSumOfOne<float>(fma);
    checkSumOfOne<double>(fma);
  }
}
