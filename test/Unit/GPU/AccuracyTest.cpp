// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows that ask the most of exponentials by instruction and of exact sums, with
// every approximate instruction as far off as it may be.
#include "DeviceProgram.h"
#include "RowsTest.h"

#include "softmax/Emulator/DeviceModule.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

class AccuracyTest : public RowsTest {
protected:
  AccuracyTest() {
    DialectRegistry registry;
    emulator::registerDeviceDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    random.seed(11);
  }

  std::unique_ptr<DeviceProgram> compile(StringRef type, StringRef mode,
                                         StringRef chip = "sm_90") {
    std::string text = llvm::formatv(R"(
      func.func @f(%x: tensor<?x?x{0}>) -> tensor<?x?x{0}> {{
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %m = tensor.dim %x, %c0 : tensor<?x?x{0}>
        %n = tensor.dim %x, %c1 : tensor<?x?x{0}>
        %i = tensor.empty(%m, %n) : tensor<?x?x{0}>
        %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?x{0}>)
          outs(%i : tensor<?x?x{0}>) -> tensor<?x?x{0}>
        return %p : tensor<?x?x{0}>
      })",
                                     type)
                           .str();
    DeviceOptions options;
    options.accuracy = mode.str();
    options.chip = chip.str();
    std::string problem;
    auto program = DeviceProgram::compile(context, text, options, problem);
    EXPECT_TRUE(program) << problem;
    if (program)
      program->approximation = emulator::Approximation::Worst;
    return program;
  }

  /// Rows of the values that `value` gives, rounded to their type.
  ReferenceTensor rows(StringRef element, int64_t count, int64_t columns,
                       function_ref<double(int64_t, int64_t)> value) {
    ReferenceTensor tensor{type(element), {count, columns}};
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < columns; ++j)
        tensor.elements.push_back({Real(value(i, j))});
    return round(tensor);
  }

  /// The largest part of a bound that an error took.
  double check(DeviceProgram &program, const ReferenceTensor &input) {
    auto expected = program.evaluate(input);
    EXPECT_TRUE(succeeded(expected));
    DeviceProgram::Run run = program.run(input, *expected);
    EXPECT_EQ(run.problem, "");
    if (!run.problem.empty())
      return 0;
    Comparison comparison = compare((*expected)[0], run.outputs[0].data());
    EXPECT_TRUE(comparison.isWithinBounds())
        << describe(comparison, (*expected)[0], run.outputs[0].data());
    return comparison.worstRatio;
  }
};

// Half of the weight on one logit and half on many equal ones: errors of the
// two exponentials do not cancel.  Distances, and with them the directions of
// the errors, vary by row.
TEST_F(AccuracyTest, TwoGroups) {
  for (auto [element, mode, chip, most] :
       {std::tuple<StringRef, StringRef, StringRef, double>{"f16", "default",
                                                            "sm_90", 0.6},
        {"bf16", "default", "sm_90", 0.6},
        {"f32", "fast", "sm_90", 0.5},
        {"f32", "default", "sm_90", 1},
        {"f16", "default", "gfx942", 0.6},
        {"f32", "fast", "gfx1100", 0.5}}) {
    auto program = compile(element, mode, chip);
    ASSERT_TRUE(program);
    for (int64_t columns : {2, 500, 3000, 17000}) {
      SCOPED_TRACE(
          (chip + ", " + element + ", columns " + Twine(columns)).str());
      int64_t count = columns < 1000 ? 20 : 1;
      double ratio = check(
          *program, rows(element, count, columns, [&](int64_t i, int64_t j) {
            double top = 3 + i * 0.37;
            return j == columns / 3 ? top : top - std::log(columns) - i * 0.01;
          }));
      // Half an ULP of a narrow result is its rounding.
      EXPECT_LE(ratio, most);
    }
  }
}

// Far from the maximum, where the product with log2(e) is rounded most; large
// offsets, where maxima are subtracted; results among the denormal numbers.
TEST_F(AccuracyTest, SpreadAndOffset) {
  for (auto [element, mode] :
       {std::pair<StringRef, StringRef>{"f16", "default"},
        {"bf16", "default"},
        {"f32", "fast"},
        {"f32", "default"}}) {
    auto program = compile(element, mode);
    ASSERT_TRUE(program);
    for (int64_t columns : {3, 300, 1100, 8300}) {
      SCOPED_TRACE((element + ", columns " + Twine(columns)).str());
      std::uniform_real_distribution<double> uniform(0, 1);
      bool narrow = element == "f16";
      double offsets[] = {0, 0.4, 511, 513, 3e4, -3e4, 1e6, -1e9, 3e38};
      check(*program, rows(element, 9, columns, [&](int64_t i, int64_t) {
        double spread = i % 2 ? 20 : 110;
        double offset = offsets[i];
        if (narrow && std::fabs(offset) > 5e4)
          offset = 0;
        return offset - spread * uniform(random);
      }));
    }
  }
}

// A row of one finite logit gives exactly 1 (C-AXIS-2), whatever the logit.
TEST_F(AccuracyTest, OneLogit) {
  for (StringRef mode : {"default", "fast", "strict"}) {
    auto program = compile("f32", mode);
    ASSERT_TRUE(program);
    std::uniform_real_distribution<double> uniform(-600, 600);
    ReferenceTensor x =
        rows("f32", 2000, 1, [&](int64_t, int64_t) { return uniform(random); });
    auto expected = program->evaluate(x);
    DeviceProgram::Run run = program->run(x, *expected);
    ASSERT_EQ(run.problem, "");
    for (int64_t i = 0; i < 2000; ++i) {
      float p;
      std::memcpy(&p, run.outputs[0].data() + i * sizeof(float), sizeof(float));
      ASSERT_EQ(p, 1) << double(x.elements[i].real);
    }
  }
}

// A million logits and more: what exact sums cut off adds up.
TEST_F(AccuracyTest, LongRow) {
  auto program = compile("f16", "default");
  ASSERT_TRUE(program);
  check(*program, rows("f16", 1, 70000, [](int64_t, int64_t j) {
    return j == 5 ? 9.0 : 0.001 * (j % 7);
  }));
}

// C-DET-1: the same bits from every schedule and at every alignment with
// exponentials by instruction as well.
TEST_F(AccuracyTest, SameBits) {
  for (auto [element, mode] :
       {std::pair<StringRef, StringRef>{"f16", "default"},
        {"f32", "fast"},
        {"f32", "default"}}) {
    constexpr int64_t columns = 1003;
    std::normal_distribution<double> normal(0, 5);
    ReferenceTensor x = rows(element, 8, columns,
                             [&](int64_t, int64_t) { return normal(random); });
    std::string text = llvm::formatv(R"(
      func.func @f(%x: tensor<8x{0}x{1}>) -> tensor<8x{0}x{1}> {{
        %i = tensor.empty() : tensor<8x{0}x{1}>
        %p = softmax.softmax dimensions = [1] ins(%x : tensor<8x{0}x{1}>)
          outs(%i : tensor<8x{0}x{1}>) -> tensor<8x{0}x{1}>
        return %p : tensor<8x{0}x{1}>
      })",
                                     columns, element)
                           .str();
    std::vector<std::vector<char>> first;
    for (StringRef strategy :
         {"warp_per_row", "block_per_row", "block_online"}) {
      DeviceOptions options;
      options.accuracy = mode.str();
      options.strategy = strategy.str();
      std::string problem;
      auto program = DeviceProgram::compile(context, text, options, problem);
      ASSERT_TRUE(program) << problem;
      program->approximation = emulator::Approximation::Worst;
      auto expected = program->evaluate(x);
      for (int64_t shift : {0, 1}) {
        DeviceProgram::Run run = program->run(x, *expected, shift);
        ASSERT_EQ(run.problem, "");
        if (first.empty())
          first = run.outputs;
        EXPECT_EQ(run.outputs, first)
            << element.str() << ' ' << strategy.str() << ", shift " << shift;
      }
    }
  }
}

// The arithmetic of ExactSum.h: three additions split every number into
// multiples of two units and nothing else.
TEST_F(AccuracyTest, ExactSumArithmetic) {
  constexpr float unit = 0x1p-20f, unit2 = 0x1p-41f; // E = 0
  constexpr float magic = 12, magic2 = 6 * unit, both = magic + magic2;
  static_assert(both - magic == magic2, "a number of f32");
  std::uniform_real_distribution<float> exponent(-60, 0), sign(-1, 1);
  for (int i = 0; i < 300000; ++i) {
    float v = std::copysign(std::exp2(exponent(random)), sign(random));
    volatile float a = v + magic;
    volatile float g = a - both;
    volatile float b = v - g;
    auto count = static_cast<int32_t>(llvm::bit_cast<uint32_t>(float(a)) -
                                      llvm::bit_cast<uint32_t>(magic));
    auto count2 = static_cast<int32_t>(llvm::bit_cast<uint32_t>(float(b)) -
                                       llvm::bit_cast<uint32_t>(magic2));
    ASSERT_LE(std::abs(count), 1 << 20) << v;
    ASSERT_LE(std::abs(count2), 1 << 20) << v;
    double parts = double(count) * unit + double(count2) * unit2;
    ASSERT_LE(std::fabs(double(v) - parts), unit2 / 2) << v;
  }
}

} // namespace
