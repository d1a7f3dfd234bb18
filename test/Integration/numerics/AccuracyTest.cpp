// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the accuracy modes promise, on rows made to break it: every spread and
// offset, one logit far above all others, a million equal ones, results among
// the denormals.
#include "Data.h"
#include "Kernel.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

class AccuracyModes : public testing::TestWithParam<const char *> {
protected:
  Kernel makeKernel(StringRef op, StringRef axis) {
    OpSpec spec = makeSpec(op, "f32", 2, axis);
    spec.with = op == "logsumexp" ? "" : "lse";
    KernelOptions options;
    options.accuracy = GetParam();
    return Kernel(spec, options);
  }

  /// Uniform over `spread` below `offset`, with the maximum itself among them.
  ReferenceTensor makeRows(ArrayRef<int64_t> shape, double spread,
                           double offset, unsigned seed) {
    ReferenceTensor tensor{getType("f32"), SmallVector<int64_t>(shape)};
    tensor.elements.resize(tensor.getNumElements());
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> below(-spread, 0);
    for (Scalar &element : tensor.elements)
      element.real = static_cast<float>(offset + below(random));
    tensor.elements[tensor.elements.size() / 3].real =
        static_cast<float>(offset);
    return tensor;
  }
};

// C-EXP-1, C-SUM-1, C-BIG-1: contiguous rows.
TEST_P(AccuracyModes, SpreadsAndOffsets) {
  Kernel softmax = makeKernel("softmax", "1");
  Kernel logSoftmax = makeKernel("log_softmax", "1");
  unsigned seed = 0;
  for (double spread : {0.0, 1e-3, 1.0, 5.0, 20.0, 40.0, 60.0, 80.0})
    for (double offset : {0.0, 1e-3, -1e-3, 1.0, -30.0, 1e3, -1e6, 1e10, 1e30})
      for (int64_t columns : {10, 100, 1000, 5000}) {
        int64_t rows = columns == 5000 ? 4 : columns == 10 ? 20 : 3;
        ReferenceTensor logits =
            makeRows({rows, columns}, spread, offset, ++seed);
        std::string what = "spread " + std::to_string(spread) + ", offset " +
                           std::to_string(offset) + ", " +
                           std::to_string(columns) + " columns";
        softmax.check({logits}, Layout::Compact, Layout::Compact, what);
        if (seed % 3 == 0)
          logSoftmax.check({logits}, Layout::Compact, Layout::Compact, what);
      }
}

// The same along an inner dimension.
TEST_P(AccuracyModes, InnerDimension) {
  Kernel softmax = makeKernel("softmax", "0");
  unsigned seed = 0;
  for (double spread : {0.0, 5.0, 40.0, 80.0})
    for (double offset : {0.0, 1e-3, 1e6, 1e30})
      for (int64_t columns : {3, 100, 5000})
        softmax.check({makeRows({columns, columns == 100 ? 300 : 33}, spread,
                                offset, ++seed)},
                      Layout::Compact, Layout::Compact,
                      "spread " + std::to_string(spread) + ", offset " +
                          std::to_string(offset));
}

// A long row: what a sum of f32 would lose, and what a block contributes that
// is far below the others.
TEST_P(AccuracyModes, LongRows) {
  Kernel softmax = makeKernel("softmax", "1");
  Kernel lse = makeKernel("logsumexp", "1");
  auto check = [&](const ReferenceTensor &logits, StringRef what) {
    softmax.check({logits}, Layout::Compact, Layout::Compact, what);
    lse.check({logits}, Layout::Compact, Layout::Compact, what);
  };
  constexpr int64_t million = 1 << 20;
  check(makeRows({1, million}, 0, 3.25, 1), "a million equal logits");
  check(makeRows({1, million}, 10, 0, 2), "a million logits over 10");
  ReferenceTensor logits = makeRows({1, 100003}, 5, -70, 3);
  logits.elements[77777].real = 0;
  check(logits, "one outlier, 70 above");
  // Every block far below the one before it, and far above.
  for (double step : {-30.0, 30.0, -80.0, 80.0}) {
    logits = makeRows({2, 40000}, 2, 0, 4);
    for (auto [i, element] : llvm::enumerate(logits.elements))
      element.real = static_cast<float>(
          element.real + step * static_cast<double>(i % 40000 / 4096));
    check(logits, "blocks apart by " + std::to_string(step));
  }
}

// C-DEN-1
TEST_P(AccuracyModes, DenormalResults) {
  Kernel softmax = makeKernel("softmax", "1");
  for (int64_t columns : {7, 64, 1000, 9000})
    softmax.check({makeRows({3, columns}, 105, 0, columns)}, Layout::Compact,
                  Layout::Compact, "results down to 2^-149");
}

// What strict promises beside its ULPs: rows that sum to 1.
TEST(AccuracyOfStrict, AMillionResultsSumToOne) {
  OpSpec spec = makeSpec("softmax", "f32", 2, "1");
  KernelOptions options;
  options.accuracy = "strict";
  Kernel kernel(spec, options);
  constexpr int64_t million = 1000000;
  for (Data data : {Data::Equal, Data::Normal, Data::Wide, Data::Spread}) {
    ReferenceTensor logits = makeLogits(getType("f32"), {1, million}, data, 3);
    Buffer input(logits, Layout::Compact);
    Buffer result(getType("f32"), logits.shape, Layout::Compact);
    ASSERT_EQ(kernel.call({&input, &result}), 0);
    long double sum = 0;
    for (const Scalar &element : result.read().elements)
      sum += element.real;
    EXPECT_LE(std::fabs(static_cast<double>(sum - 1)), 1e-7)
        << toString(data).str();
  }
}

#ifdef __x86_64__
// C-SUM-1: without fused multiply-add results are divided by the sum, of which
// nothing may be lost on the way there.
TEST(AccuracyWithoutFusedMultiplyAdd, SumsOfEqualTerms) {
  for (const char *type : {"f32", "f64"})
    for (const char *axis : {"1", "0"}) {
      KernelOptions options;
      options.target = "x86-64";
      Kernel kernel(makeSpec("softmax", type, 2, axis), options);
      for (int64_t columns : {3, 1000, 4096, 4097, 300007})
        for (double value : {0.0, 0.1, 3.25, 1e-3, -77.7}) {
          bool inner = StringRef(axis) == "0";
          if (inner && columns > 5000)
            continue;
          SmallVector<int64_t> shape = {1, columns};
          if (inner)
            shape = {columns, 5};
          ReferenceTensor logits =
              makeLogits(getType(type), shape, Data::Equal);
          for (Scalar &element : logits.elements)
            element.real = getType(type).isF32() ? static_cast<float>(value)
                                                 : static_cast<double>(value);
          kernel.check({logits}, Layout::Compact, Layout::Compact,
                       std::to_string(columns) + " of " +
                           std::to_string(value));
          logits.elements.front().real += 1;
          logits.elements.front().real =
              static_cast<float>(logits.elements.front().real);
          kernel.check({logits}, Layout::Compact, Layout::Compact,
                       std::to_string(columns) + " of " +
                           std::to_string(value) + ", one larger");
        }
    }
}
#endif

INSTANTIATE_TEST_SUITE_P(All, AccuracyModes,
                         testing::Values("default", "strict", "fast"));

} // namespace
