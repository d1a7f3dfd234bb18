// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// C-EXP-1: the scaled exponential against a reference of higher precision.

#include "ExpWays.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::test;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Worst {
  double ulp = 0;
  double relative = 0;
};

// A kernel (max, x) -> (scaled exp, its low part, center, exponent).
template <typename Float>
struct Core {
  const FloatConstants &c = getFloatConstants(8 * sizeof(Float));
  ExpCore way;
  JitKernel kernel;
  std::vector<Float> max, x, e, low, center, exponent;

  explicit Core(const Way &way) : Core(way, way.lanes()) {}
  Core(const Way &given, int64_t lanes)
      : way(given.core),
        kernel({Traits<Float>::element, Traits<Float>::element},
               {Traits<Float>::element, Traits<Float>::element,
                Traits<Float>::element, Traits<Float>::element},
               lanes, SoftmaxExpandMathOptions{given.fma, true, false},
               [this](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
                 ExpReference reference = buildExpReference(math, way, in[0]);
                 ExpValue value = buildScaledExp(math, way, in[1], reference);
                 return {value.value,
                         value.low ? value.low
                                   : math.constant(in[0].getType(), 0.0),
                         reference.center, reference.exponent};
               }),
        max(JitKernel::batch), x(JitKernel::batch), e(JitKernel::batch),
        low(JitKernel::batch), center(JitKernel::batch),
        exponent(JitKernel::batch) {}

  void run() {
    kernel.run({max.data(), x.data(), e.data(), low.data(), center.data(),
                exponent.data()});
  }

  // The worst error of the batch; checks on the way that all are normal and
  // bounded.  Elements beyond the clamp are judged as clamped.
  void judge(Worst &worst) {
    constexpr int digits = std::numeric_limits<Float>::digits;
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      long double y = static_cast<long double>(x[i]) - center[i];
      long double least = (center[i] == 0 ? max[i] : Float(0)) + Float(c.clamp);
      y = std::max(y, least);
      long double exact =
          Traits<Float>::exp(y) *
          std::exp2(static_cast<long double>(c.scaleExponent) + shiftOf(way) -
                    static_cast<long double>(exponent[i]) / way.entries);
      // exp(y) alone may leave double's accurate range only far from here.
      EXPECT_TRUE(std::isfinite(static_cast<double>(exact)));
      EXPECT_TRUE(std::isnormal(e[i]) && e[i] > 0)
          << "max " << max[i] << " x " << x[i] << " gives " << e[i];
      EXPECT_LE(e[i], std::ldexp(1.0, c.scaleExponent + 1));
      worst.ulp = std::max(worst.ulp, ulpError(e[i], exact));
      long double sum = static_cast<long double>(e[i]) + low[i];
      worst.relative = std::max(worst.relative,
                                static_cast<double>(std::ldexp(
                                    std::fabs(sum - exact) / exact, digits)));
    }
  }
};

template <typename Float>
Worst sweep(const Way &way, int batches) {
  Core<Float> core(way);
  Worst worst;
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
      core.judge(worst);
    }
  }
  return worst;
}

void expectWithin(const char *type, const Way &way, const Worst &worst) {
  std::printf("%s, %s: %.4f ULP, %.4f half ULP of 1\n", type, way.name,
              worst.ulp, worst.relative);
  testing::Test::RecordProperty("worst_ulp", std::to_string(worst.ulp));
  EXPECT_LE(worst.ulp, way.ulp);
  EXPECT_LE(worst.relative, way.relative);
}
} // namespace

TEST_P(EveryWay, F32AroundReferences) {
  expectWithin("f32", GetParam(), sweep<float>(GetParam(), 6));
}

// Tables are for f32.  f64 has no fast form, and its pairs no use.
TEST_P(EveryWay, F64AroundReferences) {
  Way way = GetParam();
  if (way.core.usesTable() || way.core.precision != Precision::Single)
    return;
  expectWithin("f64", way, sweep<double>(way, 12));
}

// Arguments with bit patterns first, first + step, ..., last; the reference of
// each batch is its largest argument, or what is still no reason to subtract.
static void tryPatterns(Core<float> &core, uint32_t first, uint32_t last,
                        uint32_t step, Worst &worst) {
  bool normal = true;
  uint64_t bits = first;
  while (bits <= last) {
    float max = core.way.usesTable() ? -239.9f : -511.9f;
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      core.x[i] = fromBits<float>(
          static_cast<uint32_t>(std::min<uint64_t>(bits, last)));
      max = std::max(max, core.x[i]);
      bits += step;
    }
    std::fill(core.max.begin(), core.max.end(), max);
    core.run();
    double scale = static_cast<double>(std::exp2(
        64.0L + shiftOf(core.way) -
        static_cast<long double>(core.exponent[0]) / core.way.entries));
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      double exact = std::exp(static_cast<double>(core.x[i])) * scale;
      // The power of two at or below it.
      uint64_t power;
      std::memcpy(&power, &exact, sizeof(power));
      power &= 0x7ff0000000000000ull;
      double unit = fromBits<double>(power) * 0x1p-23;
      worst.ulp = std::max(worst.ulp, std::fabs(core.e[i] - exact) / unit);
      double sum = static_cast<double>(core.e[i]) + core.low[i];
      worst.relative =
          std::max(worst.relative, std::fabs(sum - exact) / exact * 0x1p24);
      normal &= core.e[i] >= 0x1p-126f && core.e[i] <= 0x1p66f;
    }
  }
  EXPECT_TRUE(normal);
}

// C-EXP-1.  The mantissa of the result depends on the argument alone, not on
// the reference (with a table, on the reference modulo its entries, which the
// batches run through): every f32 that the core can receive lies in (-T - 108,
// T), or in [-108, 0] after a subtraction, T the threshold of 512, or 240 with
// a table.  SOFTMAX_FULL=1 tries all of them, else every 251st.
TEST_P(EveryWay, F32EveryArgument) {
  uint32_t step = isFullRun() ? 1 : 251;
  Core<float> core(GetParam());
  Worst worst;
  if (GetParam().core.usesTable()) {
    tryPatterns(core, 0, 0x436fffffu, step, worst);           // < 240
    tryPatterns(core, 0x80000000u, 0xc3adf333u, step, worst); // -347.9
  } else {
    tryPatterns(core, 0, 0x43ffffffu, step, worst);           // < 512
    tryPatterns(core, 0x80000000u, 0xc41af999u, step, worst); // -619.9
  }
  std::printf("every %u. argument: ", step);
  expectWithin("f32", GetParam(), worst);
}

INSTANTIATE_TEST_SUITE_P(All, EveryWay, testing::ValuesIn(ways));

TEST(ExpCore, ExactAtTheMaximumWhereNothingIsSubtracted) {
  Core<float> core(ways[0]);
  for (int64_t i = 0; i < JitKernel::batch; ++i)
    core.max[i] = core.x[i] = 0.0f;
  core.max[1] = core.x[1] = 1e20f;
  core.run();
  EXPECT_EQ(core.e[0], 0x1p64f);
  EXPECT_EQ(core.e[1], 0x1p64f);
}

// A table's reference lies below the maximum, so that e = exp(max) can be
// normalized to exactly 1 by one multiplication (MaxSumExpFinish.cpp).
TEST_P(EveryWay, AtTheMaximum) {
  const Way &way = GetParam();
  if (!way.core.usesTable())
    return;
  Core<float> core(way);
  for (int64_t i = 0; i < JitKernel::batch; ++i)
    core.max[i] = core.x[i] = (static_cast<float>(i) - 2048) * 0.1234f;
  core.run();
  for (int64_t i = 0; i < JitKernel::batch; ++i) {
    EXPECT_GE(core.e[i], 0x1p64f) << core.max[i];
    EXPECT_LE(core.e[i], 0x1.4p64f) << core.max[i];
  }
}

// C-NAN-1: NaN of any sign and payload stays NaN, whatever the reference.
TEST_P(EveryWay, NaNPropagates) {
  {
    Core<float> single(GetParam());
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
    if (GetParam().core.usesTable())
      return;
    Core<double> twice(GetParam());
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
TEST_P(EveryWay, InfiniteMaxima) {
  Core<float> core(GetParam());
  std::fill(core.max.begin(), core.max.end(), float(-infinity));
  std::fill(core.x.begin(), core.x.end(), float(-infinity));
  core.max[1] = core.x[1] = float(infinity);
  core.run();
  EXPECT_TRUE(std::isnormal(core.e[0]) && core.e[0] > 0);
  EXPECT_EQ(core.e[0], core.e[2]);
  EXPECT_TRUE(std::isnan(core.e[1]));
}

// C-INF-3: what is clamped vanishes in the normalization.
TEST_P(EveryWay, ClampedElementsAreExactZeros) {
  Core<float> single(GetParam());
  Core<double> twice(ways[1]);
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
TEST_P(EveryWay, ScalarsAndVectorsAgree) {
  const Way &way = GetParam();
  Core<float> vectors(way), scalars(way, 1);
  // Wider and narrower than a table.
  Core<float> wide(way, 64), narrow(way, 4);
  JitKernel mixed(
      {Element::f32, Element::f32}, {Element::f32}, way.lanes(),
      SoftmaxExpandMathOptions{way.fma, true, false},
      [&](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
        ExpReference reference = buildExpReference(
            math, way.core, math.constant(math.b.getF32Type(), 17.25));
        return {buildScaledExp(math, way.core, in[1], reference).value};
      });
  std::vector<float> out(JitKernel::batch);
  for (int64_t i = 0; i < JitKernel::batch; ++i) {
    vectors.max[i] = scalars.max[i] = wide.max[i] = narrow.max[i] = 17.25f;
    vectors.x[i] = scalars.x[i] = wide.x[i] = narrow.x[i] =
        17.25f - 0.03f * float(i);
  }
  vectors.run();
  scalars.run();
  wide.run();
  narrow.run();
  mixed.run({vectors.max.data(), vectors.x.data(), out.data()});
  for (int64_t i = 0; i < JitKernel::batch; ++i) {
    EXPECT_EQ(vectors.e[i], scalars.e[i]);
    EXPECT_EQ(vectors.e[i], out[i]);
    EXPECT_EQ(vectors.e[i], wide.e[i]);
    EXPECT_EQ(vectors.e[i], narrow.e[i]);
  }
}
