// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// C-EXP-1: the scaled exponential against a reference of higher precision.

#include "JitKernel.h"
#include "softmax/Math/ExpBuilder.h"
#include "llvm/TargetParser/Host.h"
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

void PrintTo(const Way &way, std::ostream *os) { *os << way.name; }

using Precision = ExpCore::Precision;
constexpr double any = 1e30;
const Way ways[] = {
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

double shiftOf(const ExpCore &core) {
  return core.usesTable() ? getExpTable(core.entries).shift : 0;
}

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

// log and value of a sum of one exponential: exactly what is known.
template <typename Float>
static void checkSumOfOne(const Way &way) {
  JitKernel kernel(
      {Traits<Float>::element, Traits<Float>::element},
      {Element::f64, Element::f64}, way.lanes(),
      SoftmaxExpandMathOptions{way.fma, true, false},
      [&](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
        ExpReference reference = buildExpReference(math, way.core, in[0]);
        Value e = buildScaledExp(math, way.core, in[1], reference).value;
        Type type = MathBuilder::withElement(e.getType(), math.b.getF64Type());
        if (e.getType() != type)
          e = arith::ExtFOp::create(math.b, math.loc, type, e);
        Value low = math.mul(e, math.constant(type, 0x1p-60));
        return {buildLogOfScaledSum(math, way.core, e, low, reference),
                buildSumRelativeToMax(math, way.core, e, low, reference)};
      });
  std::vector<Float> max(JitKernel::batch), x(JitKernel::batch);
  std::vector<double> log(JitKernel::batch), sum(JitKernel::batch);
  double tolerance = std::numeric_limits<Float>::epsilon();
  if (way.core.precision == Precision::Fast && sizeof(Float) == 4)
    tolerance = 0x1p-16;
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

TEST_P(EveryWay, LogAndValueOfTheSum) {
  checkSumOfOne<float>(GetParam());
  if (!GetParam().core.usesTable())
    checkSumOfOne<double>(GetParam());
}

// The weight of a part of a row: exp(from - to), whatever the references are.
TEST_P(EveryWay, WeightsOfParts) {
  const Way &way = GetParam();
  JitKernel kernel(
      {Element::f32, Element::f32}, {Element::f64, Element::f64}, way.lanes(),
      SoftmaxExpandMathOptions{way.fma, true, false},
      [&](MathBuilder &math, ValueRange in) -> SmallVector<Value> {
        ExpReference from = buildExpReference(math, way.core, in[0]);
        ExpReference to = buildExpReference(math, way.core, in[1]);
        Type type =
            MathBuilder::withElement(in[0].getType(), math.b.getF64Type());
        auto wide = [&](Value v) -> Value {
          return arith::ExtFOp::create(math.b, math.loc, type, v);
        };
        // The reference of `from` over that of `to`.
        Value weight = buildRescale(math, way.core, from, to);
        Value steps = math.sub(wide(from.exponent), wide(to.exponent));
        Value exact = math.add(
            math.sub(wide(from.center), wide(to.center)),
            math.mul(steps,
                     math.constant(type, std::log(2.0) / way.core.entries)));
        return {weight, exact};
      });
  std::vector<float> from(JitKernel::batch), to(JitKernel::batch);
  std::vector<double> weight(JitKernel::batch), exact(JitKernel::batch);
  for (float reference : references<float>()) {
    if (reference == std::numeric_limits<float>::lowest())
      continue;
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      to[i] = reference;
      from[i] = std::max(reference - float(i) / 8,
                         std::numeric_limits<float>::lowest());
    }
    kernel.run({from.data(), to.data(), weight.data(), exact.data()});
    for (int64_t i = 0; i < JitKernel::batch; ++i) {
      double value = std::exp(exact[i]);
      ASSERT_NEAR(weight[i], value, 1e-12 * value + 1e-300)
          << from[i] << " to " << to[i];
    }
  }
}
