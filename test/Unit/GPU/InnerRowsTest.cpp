// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows along a dimension other than the last, several side by side in a thread:
// vectors have an element of each.
#include "SchedulesTest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

class InnerRowsTest : public SchedulesTest {
protected:
  /// With `wide` vectors, however few the rows, else as chosen: with one row
  /// per thread, for there are few here.
  std::unique_ptr<DeviceProgram> compileRows(StringRef text, bool wide,
                                             StringRef accuracy = "default") {
    DeviceOptions options;
    options.accuracy = accuracy.str();
    if (wide)
      options.strategy = "lanes_inner";
    return compile(text, options);
  }

  /// Logits in `outer` x `columns` x `inner`.
  ReferenceTensor box(StringRef element, int64_t outer, int64_t columns,
                      int64_t inner, double spread = 3) {
    ReferenceTensor x = rows(element, outer, columns * inner, spread);
    x.shape = {outer, columns, inner};
    return x;
  }

  /// The elements of probabilities and lse; one NaN is like another.
  std::vector<Real> values(StringRef element,
                           const std::vector<std::vector<char>> &outputs) {
    std::vector<Real> values;
    for (auto [i, bytes] : llvm::enumerate(outputs)) {
      StringRef name = i == 0 || element == "f64" ? element : "f32";
      int64_t width = name == "f64" ? 8 : name == "f32" ? 4 : 2;
      int64_t count = static_cast<int64_t>(bytes.size()) / width;
      for (const Scalar &scalar :
           decodeTensor(type(name), {count}, bytes.data()).elements)
        values.push_back(std::isnan(scalar.real) ? Real(12345) : scalar.real);
    }
    return values;
  }

  ReferenceTensor integers(ArrayRef<int64_t> shape, unsigned bits,
                           int64_t most) {
    ReferenceTensor tensor{IntegerType::get(&context, bits),
                           llvm::to_vector(shape)};
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      tensor.elements.push_back(
          {0, 0, static_cast<int64_t>(random() % (most + 1))});
    return tensor;
  }
};

/// softmax over dimension 1 of 3, with the lse of every row.
std::string innerText(StringRef sizes, StringRef rowSizes, StringRef element) {
  return llvm::formatv(R"(
    func.func @f(%x: tensor<{0}x{2}>) -> (tensor<{0}x{2}>, tensor<{1}x{3}>) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %o = tensor.dim %x, %c0 : tensor<{0}x{2}>
      %c = tensor.dim %x, %c1 : tensor<{0}x{2}>
      %n = tensor.dim %x, %c2 : tensor<{0}x{2}>
      %i = tensor.empty({4}) : tensor<{0}x{2}>
      %j = tensor.empty({5}) : tensor<{1}x{3}>
      %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<{0}x{2}>)
        outs(%i, %j : tensor<{0}x{2}>, tensor<{1}x{3}>) -> tensor<{0}x{2}>, tensor<{1}x{3}>
      return %p, %l : tensor<{0}x{2}>, tensor<{1}x{3}>
    })",
                       sizes, rowSizes, element,
                       element == "f64" ? "f64" : "f32",
                       sizes.contains('?') ? "%o, %c, %n" : "",
                       sizes.contains('?') ? "%o, %n" : "")
      .str();
}

std::string innerText(int64_t outer, int64_t columns, int64_t inner,
                      StringRef element) {
  return innerText(llvm::formatv("{0}x{1}x{2}", outer, columns, inner).str(),
                   llvm::formatv("{0}x{1}", outer, inner).str(), element);
}

// C-DET-1: a row has the same bits in every vector, at every alignment.
TEST_F(InnerRowsTest, SameBits) {
  struct Case {
    StringRef element;
    int64_t outer, columns, inner;
  };
  for (const Case &c : {Case{"f32", 2, 16, 64},
                        {"f32", 2, 75, 36},
                        {"f32", 3, 33, 6},
                        {"f32", 2, 40, 7},
                        {"f16", 2, 16, 40},
                        {"f16", 2, 7, 48},
                        {"f16", 2, 50, 44},
                        {"f16", 2, 50, 9},
                        {"bf16", 2, 35, 16},
                        {"bf16", 2, 19, 18},
                        {"f64", 2, 21, 14},
                        {"f64", 2, 9, 5}}) {
    SCOPED_TRACE((c.element + ", " + Twine(c.outer) + "x" + Twine(c.columns) +
                  "x" + Twine(c.inner))
                     .str());
    std::string text = innerText(c.outer, c.columns, c.inner, c.element);
    auto wide = compileRows(text, /*wide=*/true);
    auto single = compileRows(text, /*wide=*/false);
    ASSERT_TRUE(wide && single);
    ReferenceTensor x = box(c.element, c.outer, c.columns, c.inner);
    auto expected = check(*single, x);
    for (int64_t shift : {0, 1, 2})
      EXPECT_EQ(check(*wide, x, shift), expected) << shift;
    EXPECT_EQ(check(*wide, x, 0, /*inPlace=*/true), expected);
  }
}

// Sizes that only the launch knows: of each width some.
TEST_F(InnerRowsTest, DynamicSizes) {
  for (StringRef element : {"f32", "f16"}) {
    std::string text = innerText("?x?x?", "?x?", element);
    auto wide = compileRows(text, /*wide=*/true);
    auto single = compileRows(text, /*wide=*/false);
    ASSERT_TRUE(wide && single);
    for (int64_t columns : {0, 11, 41})
      for (int64_t inner : {8, 6, 5, 1}) {
        SCOPED_TRACE(
            (element + ", " + Twine(columns) + "x" + Twine(inner)).str());
        ReferenceTensor x = box(element, 3, columns, inner);
        auto expected = check(*single, x);
        for (int64_t shift : {0, 1})
          EXPECT_EQ(check(*wide, x, shift), expected) << shift;
      }
  }
}

// Aligned rows are read and written by 16 bytes, as many sectors as they have.
TEST_F(InnerRowsTest, Traffic) {
  for (auto [element, lanes] :
       {std::pair<StringRef, uint64_t>{"f32", 4}, {"f16", 4}, {"f64", 2}}) {
    SCOPED_TRACE(element.str());
    std::string text = innerText(2, 16, 128, element);
    auto program = compileRows(text, /*wide=*/true);
    ASSERT_TRUE(program);
    ReferenceTensor x = box(element, 2, 16, 128);
    auto expected = program->evaluate(x);
    uint64_t bytes = element == "f64" ? 8 : element == "f32" ? 4 : 2;
    constexpr uint64_t rowCount = 256, elements = 16 * rowCount;
    emulator::Counters counters = program->run(x, *expected).counters.front();
    EXPECT_EQ(counters.global.loads, elements / lanes);
    EXPECT_EQ(counters.globalLoads.sectors, elements * bytes / 32);
    // And those of lse.
    uint64_t wide = element == "f64" ? 8 : 4;
    EXPECT_EQ(counters.global.stores, (elements + rowCount) / lanes);
    EXPECT_EQ(counters.globalStores.sectors,
              elements * bytes / 32 + rowCount * wide / 32);
    // Half an access away from alignment: half as wide.
    counters =
        program->run(x, *expected, static_cast<int64_t>(lanes) / 2).counters[0];
    EXPECT_EQ(counters.global.loads, 2 * elements / lanes);
  }
  // Short rows of 16 bits leave registers for as many as an access brings.
  auto program = compileRows(innerText(2, 8, 128, "f16"), /*wide=*/true);
  ASSERT_TRUE(program);
  ReferenceTensor x = box("f16", 2, 8, 128);
  auto expected = program->evaluate(x);
  EXPECT_EQ(program->run(x, *expected).counters.front().global.loads,
            uint64_t(2 * 8 * 128 / 8));
}

// Rows of all kinds beside each other.
TEST_F(InnerRowsTest, SpecialValues) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (StringRef element : {"f32", "f16", "f64"})
    for (int64_t columns : {3, 16, 53}) {
      SCOPED_TRACE((element + ", columns " + Twine(columns)).str());
      ReferenceTensor x = box(element, 1, columns, 16);
      auto set = [&](int64_t row, int64_t column, double value) {
        x.elements[column * 16 + row].real = value;
      };
      set(0, columns - 1, nan);
      set(1, 0, inf);
      set(2, 0, inf), set(2, columns - 1, nan);
      for (int64_t j = 0; j < columns; ++j)
        set(3, j, -inf), set(4, j, j == 1 ? nan : -inf), set(8, j, 7);
      set(5, 0, -inf), set(5, columns - 1, -inf);
      double large = element == "f16" ? 60000 : 3e38;
      set(6, 0, large), set(6, 1, -large);
      // One that is centred beside others that are not.
      set(9, columns / 2, 1000), set(11, 0, -2000);
      std::string text = innerText(1, columns, 16, element);
      auto wide = compileRows(text, /*wide=*/true);
      auto single = compileRows(text, /*wide=*/false);
      ASSERT_TRUE(wide && single);
      EXPECT_EQ(values(element, check(*wide, x)),
                values(element, check(*single, x)));
    }
}

TEST_F(InnerRowsTest, Modes) {
  for (StringRef mode : {"strict", "fast"})
    for (int64_t columns : {13, 50}) {
      auto program = compileRows(innerText(2, columns, 12, "f32"),
                                 /*wide=*/true, mode);
      ASSERT_TRUE(program);
      check(*program, box("f32", 2, columns, 12, 10));
    }
}

// Two inputs, and sums whose elements have no bound: of every row its own.
TEST_F(InnerRowsTest, Gradients) {
  for (StringRef op : {"softmax_backward", "log_softmax_backward"})
    for (StringRef element : {"f32", "bf16", "f64"})
      for (int64_t columns : {11, 37}) {
        std::string text = llvm::formatv(R"(
          func.func @f(%dy: tensor<2x{0}x12x{1}>, %y: tensor<2x{0}x12x{1}>) -> tensor<2x{0}x12x{1}> {{
            %i = tensor.empty() : tensor<2x{0}x12x{1}>
            %p = softmax.{2} dimensions = [1] ins(%dy, %y : tensor<2x{0}x12x{1}>, tensor<2x{0}x12x{1}>)
              outs(%i : tensor<2x{0}x12x{1}>) -> tensor<2x{0}x12x{1}>
            return %p : tensor<2x{0}x12x{1}>
          })",
                                         columns, element, op)
                               .str();
        SCOPED_TRACE(
            (op + " " + element + ", columns " + Twine(columns)).str());
        auto wide = compileRows(text, /*wide=*/true);
        auto single = compileRows(text, /*wide=*/false);
        ASSERT_TRUE(wide && single);
        ReferenceTensor dy = box(element, 2, columns, 12);
        ReferenceTensor y = box(element, 2, columns, 12);
        for (Scalar &value : y.elements)
          value.real = std::exp(-std::fabs(value.real) / 2);
        // Rows of sizes far apart; one with an infinite gradient.
        for (int64_t j = 0; j < columns; ++j) {
          dy.elements[j * 12 + 2].real *= 1e-3;
          dy.elements[j * 12 + 5].real *= 100;
        }
        dy = round(dy);
        dy.elements[7].real = std::numeric_limits<double>::infinity();
        EXPECT_EQ(check(*wide, {dy, round(y)}, columns % 2),
                  check(*single, {dy, round(y)}));
      }
}

// Inputs that vary along the row alone, along the inner dimension alone, and
// along both, of other types.
TEST_F(InnerRowsTest, ScaleBiasMask) {
  for (int64_t columns : {9, 37}) {
    std::string text = llvm::formatv(R"(
      func.func @f(%x: tensor<3x{0}x8xbf16>, %s: f32, %b: tensor<1x{0}x1xf32>, %m: tensor<3x{0}x8xi1>) -> tensor<3x{0}x8xf32> {{
        %i = tensor.empty() : tensor<3x{0}x8xf32>
        %p = softmax.log_softmax dimensions = [1] {{masked_row = #softmax.masked_row<zero>} ins(%x : tensor<3x{0}x8xbf16>)
          scale(%s : f32) bias(%b : tensor<1x{0}x1xf32>) mask(%m : tensor<3x{0}x8xi1>) outs(%i : tensor<3x{0}x8xf32>) -> tensor<3x{0}x8xf32>
        return %p : tensor<3x{0}x8xf32>
      })",
                                     columns)
                           .str();
    auto wide = compileRows(text, /*wide=*/true);
    auto single = compileRows(text, /*wide=*/false);
    ASSERT_TRUE(wide && single);
    ReferenceTensor scale{type("f32"), {}},
        mask{IntegerType::get(&context, 1), {3, columns, 8}};
    scale.elements.push_back({Real(0.5)});
    for (int64_t i = 0; i < 3 * columns * 8; ++i)
      mask.elements.push_back({0, 0, i % 8 == 3 || random() % 3 == 0 ? 0 : -1});
    ReferenceTensor bias = box("f32", 1, columns, 1);
    ReferenceTensor x = box("bf16", 3, columns, 8);
    EXPECT_EQ(check(*wide, {x, scale, bias, mask}),
              check(*single, {x, scale, bias, mask}, 1));
  }
}

// Rows side by side that end in different places, and coordinates of all
// dimensions in every region.
TEST_F(InnerRowsTest, LengthsAndCoordinates) {
  for (int64_t columns : {14, 70}) {
    std::string text = llvm::formatv(R"(
      #all = affine_map<(i, j, k) -> (i, j, k)>
      #row = affine_map<(i, j, k) -> (i, k)>
      func.func @f(%x: tensor<3x{0}x8xf32>, %n: tensor<3x8xi32>) -> (tensor<3x{0}x8xf32>, tensor<3x8xf32>) {{
        %i = tensor.empty() : tensor<3x{0}x8xf32>
        %q = tensor.empty() : tensor<3x8xf32>
        %p, %l = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
          maps = [#all, #row, #all, #row]
          ins(%x, %n : tensor<3x{0}x8xf32>, tensor<3x8xi32>) outs(%i, %q : tensor<3x{0}x8xf32>, tensor<3x8xf32>)
          logit {{
          ^bb0(%e: f32, %m: i32):
            %c = softmax.index 1
            %c32 = arith.index_cast %c : index to i32
            %see = arith.cmpi slt, %c32, %m : i32
            %ninf = arith.constant 0xFF800000 : f32
            %l = arith.select %see, %e, %ninf : f32
            softmax.yield %l : f32
          } row {{
          ^bb0(%m: i32, %max: f32, %sum: f32):
            %log = math.log %sum : f32
            %lse = arith.addf %max, %log : f32
            %k = softmax.index 2
            %k32 = arith.index_cast %k : index to i32
            %add = arith.sitofp %k32 : i32 to f32
            %r = arith.addf %lse, %add : f32
            softmax.yield %r, %add : f32, f32
          } result {{
          ^bb0(%e: f32, %m: i32, %a: f32, %loga: f32, %add: f32):
            %r = softmax.index 0
            %k = softmax.index 2
            %s = arith.addi %r, %k : index
            %s32 = arith.index_cast %s : index to i32
            %sf = arith.sitofp %s32 : i32 to f32
            %t = arith.mulf %a, %add : f32
            %u = arith.mulf %t, %sf : f32
            softmax.yield %u : f32
          } -> tensor<3x{0}x8xf32>, tensor<3x8xf32>
        return %p, %l : tensor<3x{0}x8xf32>, tensor<3x8xf32>
      })",
                                     columns)
                           .str();
    auto wide = compileRows(text, /*wide=*/true);
    auto single = compileRows(text, /*wide=*/false);
    ASSERT_TRUE(wide && single);
    ReferenceTensor x = box("f32", 3, columns, 8);
    ReferenceTensor lengths = integers({3, 8}, 32, columns);
    EXPECT_EQ(check(*wide, {x, lengths}), check(*single, {x, lengths}));
    // Elements are read up to where the last of the rows side by side ends.
    for (Scalar &length : lengths.elements)
      length.integer = 5;
    auto expected = wide->evaluate({x, lengths});
    DeviceProgram::Run run = wide->run({x, lengths}, *expected);
    ASSERT_EQ(run.problem, "");
    // 8 rows are two vectors; results read the elements that count again.
    uint64_t reads = columns > 16 ? 2 : 1;
    constexpr uint64_t vectors = 6;
    EXPECT_EQ(run.counters.front().global.loads, vectors * (reads * 5 + 1));
  }
}

// Losses: a label per row, which nothing is read through.
TEST_F(InnerRowsTest, Losses) {
  for (int64_t columns : {10, 45}) {
    std::string text = llvm::formatv(R"(
      func.func @f(%x: tensor<2x{0}x8xf32>, %t: tensor<2x8xi64>) -> (tensor<2x8xf32>, tensor<2x8xf32>) {{
        %i = tensor.empty() : tensor<2x8xf32>
        %j = tensor.empty() : tensor<2x8xf32>
        %p, %l = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<2x{0}x8xf32>, tensor<2x8xi64>)
          outs(%i, %j : tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>, tensor<2x8xf32>
        return %p, %l : tensor<2x8xf32>, tensor<2x8xf32>
      })",
                                     columns)
                           .str();
    auto wide = compileRows(text, /*wide=*/true);
    auto single = compileRows(text, /*wide=*/false);
    ASSERT_TRUE(wide && single);
    ReferenceTensor x = box("f32", 2, columns, 8);
    ReferenceTensor labels = integers({2, 8}, 64, columns - 1);
    EXPECT_EQ(check(*wide, {x, labels}), check(*single, {x, labels}, 1));
  }
}

// The last dimension is reduced, or none is contiguous: a row per thread.
TEST_F(InnerRowsTest, OtherLayouts) {
  std::string text = R"(
    func.func @f(%x: tensor<3x8x20xf32>) -> tensor<3x8x20xf32> {
      %i = tensor.empty() : tensor<3x8x20xf32>
      %p = softmax.softmax dimensions = [0, 2] ins(%x : tensor<3x8x20xf32>)
        outs(%i : tensor<3x8x20xf32>) -> tensor<3x8x20xf32>
      return %p : tensor<3x8x20xf32>
    })";
  auto program = compileRows(text, /*wide=*/true);
  ASSERT_TRUE(program);
  check(*program, box("f32", 3, 8, 20));
  // A second operand that has the rows one behind the other is read one by one.
  text = R"(
    #all = affine_map<(i, j) -> (i, j)>
    func.func @f(%x: tensor<20x8xf32>, %y: tensor<8x20xf32>) -> tensor<20x8xf32> {
      %i = tensor.empty() : tensor<20x8xf32>
      %p = softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
        maps = [#all, affine_map<(i, j) -> (j, i)>, #all]
        {softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 16>, alternatives = [
          <strategy = lanes_inner, threads = 32, lanes = 4, vectors = 16, rows = 128>]>}
        ins(%x, %y : tensor<20x8xf32>, tensor<8x20xf32>) outs(%i : tensor<20x8xf32>)
        logit { ^bb0(%e: f32, %f: f32):
          %s = arith.addf %e, %f : f32
          softmax.yield %s : f32
        } result { ^bb0(%e: f32, %f: f32, %q: f32, %logq: f32): softmax.yield %q : f32 } -> tensor<20x8xf32>
      return %p : tensor<20x8xf32>
    })";
  program = compileRows(text, /*wide=*/false);
  ASSERT_TRUE(program);
  ReferenceTensor x = rows("f32", 20, 8), y = rows("f32", 8, 20);
  check(*program, {x, y});
  auto expected = program->evaluate({x, y});
  // Twice: of one operand two vectors, of the other eight elements.
  EXPECT_EQ(program->run({x, y}, *expected).counters.front().global.loads,
            uint64_t(2 * 20 * (2 + 8)));
}

} // namespace
