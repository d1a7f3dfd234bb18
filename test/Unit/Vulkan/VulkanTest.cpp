// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels for Vulkan, run on a device without a GPU (Mesa's lavapipe), against
// the reference and its bounds.  Without a device the tests are skipped.
#include "../GPU/RowsTest.h"
#include "VulkanProgram.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

class VulkanTest : public RowsTest {
protected:
  void SetUp() override {
    static llvm::Expected<std::unique_ptr<vulkan::Device>> opened =
        vulkan::Device::open("", /*preferCPU=*/true);
    static std::string problem =
        opened ? "" : llvm::toString(opened.takeError());
    if (!problem.empty())
      GTEST_SKIP() << problem;
    device = opened->get();
    for (const char *capability : {"Float64", "Int64"})
      if (!device->findMissing({capability}).empty())
        GTEST_SKIP() << device->getName().str() << " has no " << capability;
  }

  std::unique_ptr<VulkanProgram> compile(StringRef text,
                                         StringRef strategy = "") {
    std::string problem;
    auto program = VulkanProgram::compile(
        context, text, device->getSubgroupSize(), strategy, problem);
    EXPECT_TRUE(program) << problem;
    return program;
  }

  /// Runs and compares; returns the outputs.
  std::vector<std::vector<char>> check(VulkanProgram &program,
                                       ArrayRef<ReferenceTensor> inputs,
                                       bool inPlace = false) {
    auto expected = program.evaluate(inputs);
    EXPECT_TRUE(succeeded(expected));
    if (failed(expected))
      return {};
    VulkanProgram::Run run = program.run(*device, inputs, *expected, inPlace);
    EXPECT_EQ(run.problem, "") << run.kernel;
    if (!run.problem.empty())
      return {};
    for (size_t i = 0; i < expected->size(); ++i) {
      Comparison comparison = compare((*expected)[i], run.outputs[i].data());
      EXPECT_TRUE(comparison.isWithinBounds())
          << run.kernel << ", output " << i << ": "
          << describe(comparison, (*expected)[i], run.outputs[i].data());
    }
    return run.outputs;
  }

  vulkan::Device *device = nullptr;
};

/// softmax with the lse of every row, of known length.
std::string softmaxText(int64_t columns, StringRef in, StringRef out,
                        StringRef wide) {
  return llvm::formatv(R"(
    func.func @f(%x: tensor<?x{0}x{1}>) -> (tensor<?x{0}x{2}>, tensor<?x{3}>) {{
      %c0 = arith.constant 0 : index
      %m = tensor.dim %x, %c0 : tensor<?x{0}x{1}>
      %i = tensor.empty(%m) : tensor<?x{0}x{2}>
      %j = tensor.empty(%m) : tensor<?x{3}>
      %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<?x{0}x{1}>)
        outs(%i, %j : tensor<?x{0}x{2}>, tensor<?x{3}>) -> tensor<?x{0}x{2}>, tensor<?x{3}>
      return %p, %l : tensor<?x{0}x{2}>, tensor<?x{3}>
    })",
                       columns, in, out, wide)
      .str();
}

TEST_F(VulkanTest, Softmax) {
  struct Case {
    StringRef in, out;
    int64_t columns;
  };
  for (const Case &c : {Case{"f32", "f32", 1},
                        {"f32", "f32", 7},
                        {"f32", "f32", 61},
                        {"f32", "f32", 250},
                        {"f32", "f32", 3021},
                        {"f32", "f32", 9001},
                        {"f16", "f16", 5},
                        {"f16", "f16", 999},
                        {"f16", "f32", 131},
                        {"f64", "f64", 77}}) {
    SCOPED_TRACE(
        (c.in + " to " + c.out + ", columns " + Twine(c.columns)).str());
    auto program = compile(
        softmaxText(c.columns, c.in, c.out, c.in == "f64" ? "f64" : "f32"));
    ASSERT_TRUE(program);
    check(*program, rows(c.in, c.columns > 1000 ? 3 : 19, c.columns));
  }
}

// C-DET-1: the same bits from every schedule.
TEST_F(VulkanTest, SameBits) {
  ReferenceTensor x = rows("f32", 3, 201, 10);
  std::vector<std::vector<char>> first;
  for (StringRef strategy : {"warp_per_row", "block_per_row", "block_online"}) {
    auto program = compile(softmaxText(201, "f32", "f32", "f32"), strategy);
    ASSERT_TRUE(program);
    auto outputs = check(*program, x);
    if (first.empty())
      first = outputs;
    EXPECT_EQ(outputs, first) << strategy.str();
  }
}

TEST_F(VulkanTest, InPlace) {
  auto program = compile(softmaxText(301, "f32", "f32", "f32"));
  ASSERT_TRUE(program);
  check(*program, rows("f32", 5, 301), /*inPlace=*/true);
}

TEST_F(VulkanTest, SpecialValues) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (int64_t columns : {3, 101, 1501}) {
    auto program = compile(softmaxText(columns, "f32", "f32", "f32"));
    ASSERT_TRUE(program);
    ReferenceTensor x = rows("f32", 7, columns);
    auto set = [&](int64_t row, int64_t column, double value) {
      x.elements[row * columns + column].real = value;
    };
    set(0, columns - 1, nan);
    set(1, 0, inf);
    set(2, 0, inf), set(2, columns - 1, nan);
    for (int64_t j = 0; j < columns; ++j)
      set(3, j, -inf), set(4, j, j == 1 ? nan : -inf);
    set(5, 0, -inf), set(5, columns - 1, -inf);
    set(6, 0, 3e38), set(6, 1, -3e38);
    check(*program, x);
  }
}

// Push constants of f32, and bytes in storage.
TEST_F(VulkanTest, ScaleBiasMask) {
  auto program = compile(R"(
    func.func @f(%x: tensor<?x131xf32>, %s: f32, %b: tensor<131xf32>, %m: tensor<?x131xi1>) -> tensor<?x131xf32> {
      %c0 = arith.constant 0 : index
      %rows = tensor.dim %x, %c0 : tensor<?x131xf32>
      %i = tensor.empty(%rows) : tensor<?x131xf32>
      %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x131xf32>) scale(%s : f32)
        bias(%b : tensor<131xf32>) mask(%m : tensor<?x131xi1>) outs(%i : tensor<?x131xf32>) -> tensor<?x131xf32>
      return %p : tensor<?x131xf32>
    })");
  ASSERT_TRUE(program);
  ReferenceTensor x = rows("f32", 4, 131), b = rows("f32", 1, 131),
                  s{type("f32"), {}},
                  m{IntegerType::get(&context, 1), {4, 131}};
  b.shape = {131};
  s.elements.push_back({Real(0.375f)});
  for (int64_t i = 0; i < int64_t(4) * 131; ++i)
    m.elements.push_back({0, 0, random() % 3 != 0});
  check(*program, {x, s, b, m});
}

TEST_F(VulkanTest, Backward) {
  auto program = compile(R"(
    func.func @f(%dy: tensor<?x203xf32>, %y: tensor<?x203xf32>) -> tensor<?x203xf32> {
      %c0 = arith.constant 0 : index
      %m = tensor.dim %y, %c0 : tensor<?x203xf32>
      %i = tensor.empty(%m) : tensor<?x203xf32>
      %dx = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<?x203xf32>, tensor<?x203xf32>)
        outs(%i : tensor<?x203xf32>) -> tensor<?x203xf32>
      return %dx : tensor<?x203xf32>
    })");
  ASSERT_TRUE(program);
  check(*program, {rows("f32", 3, 203), rows("f32", 3, 203, 0.1)});
}

// Another dimension than the last: a row per thread, or several side by side.
TEST_F(VulkanTest, LanesInner) {
  for (auto [element, columns, inner] :
       {std::tuple<StringRef, int64_t, int64_t>{"f32", 9, 37},
        {"f32", 40, 36},
        {"f16", 16, 20},
        {"f64", 21, 6}}) {
    SCOPED_TRACE((element + ", " + Twine(columns) + "x" + Twine(inner)).str());
    std::string text =
        llvm::formatv(R"(
      func.func @f(%x: tensor<2x{0}x{1}x{2}>) -> (tensor<2x{0}x{1}x{2}>, tensor<2x{1}x{3}>) {{
        %i = tensor.empty() : tensor<2x{0}x{1}x{2}>
        %j = tensor.empty() : tensor<2x{1}x{3}>
        %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<2x{0}x{1}x{2}>)
          outs(%i, %j : tensor<2x{0}x{1}x{2}>, tensor<2x{1}x{3}>) -> tensor<2x{0}x{1}x{2}>, tensor<2x{1}x{3}>
        return %p, %l : tensor<2x{0}x{1}x{2}>, tensor<2x{1}x{3}>
      })",
                      columns, inner, element, element == "f64" ? "f64" : "f32")
            .str();
    auto single = compile(text);
    auto wide = compile(text, "lanes_inner");
    ASSERT_TRUE(single && wide);
    ReferenceTensor x = rows(element, 2, columns * inner);
    x.shape = {2, columns, inner};
    EXPECT_EQ(check(*wide, x), check(*single, x));
  }
}

// #softmax.topk beside the probabilities: of a row that a part of a subgroup, a
// subgroup and a workgroup hold, and of one that comes in blocks.
TEST_F(VulkanTest, TopK) {
  for (auto [columns, k] : {std::pair<int64_t, int64_t>{20, 2},
                            {64, 8},
                            {250, 8},
                            {1021, 20},
                            {9001, 3}}) {
    SCOPED_TRACE(("columns " + Twine(columns)).str());
    std::string text = llvm::formatv(R"(
      #all = affine_map<(i, j) -> (i, j)>
      #row = affine_map<(i, j) -> (i)>
      func.func @f(%x: tensor<5x{0}xf32>) -> (tensor<5x{0}xf32>, tensor<5x{1}xf32>, tensor<5x{1}xi64>) {{
        %h = tensor.empty() : tensor<5x{0}xf32>
        %i = tensor.empty() : tensor<5x{1}xf32>
        %j = tensor.empty() : tensor<5x{1}xi64>
        %y, %v, %c = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = {1}>]
          maps = [#all, #all, #row, #row]
          ins(%x : tensor<5x{0}xf32>) outs(%h, %i, %j : tensor<5x{0}xf32>, tensor<5x{1}xf32>, tensor<5x{1}xi64>)
          logit {{ ^bb0(%e: f32): softmax.yield %e, %e : f32, f32 }
          row {{ ^bb0(%m: f32, %s: f32, %w: vector<{1}xf32>, %k: vector<{1}xi64>):
            softmax.yield %w, %k : vector<{1}xf32>, vector<{1}xi64> }
          result {{ ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
          -> tensor<5x{0}xf32>, tensor<5x{1}xf32>, tensor<5x{1}xi64>
        return %y, %v, %c : tensor<5x{0}xf32>, tensor<5x{1}xf32>, tensor<5x{1}xi64>
      })",
                                     columns, k)
                           .str();
    auto program = compile(text);
    ASSERT_TRUE(program);
    ReferenceTensor x = rows("f32", 5, columns, 10);
    // Equal ones, and few of them.
    for (int64_t j = 0; j < columns; ++j)
      x.elements[3 * columns + j].real = Real(j * 7 % 5);
    check(*program, x);
  }
}

} // namespace
