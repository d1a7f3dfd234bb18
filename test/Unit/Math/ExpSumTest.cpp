// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// C-SUM-1: what is made of a sum of scaled exponentials: its logarithm, its
// value, the weights of parts.  ExpCoreTest.cpp instantiates the suite.

#include "ExpWays.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::test;

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
