// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The LLVM modules that AMD's machine code is made of, executed on emulated
// wavefronts: 64 threads with DPP moves, swizzles and ds_bpermute (gfx942), 32
// with row_xmask and permlanex16 (gfx1100).
#include "SchedulesTest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

class AMDTest : public SchedulesTest {
protected:
  std::unique_ptr<DeviceProgram> compileFor(StringRef chip, StringRef text,
                                            StringRef strategy = "") {
    DeviceOptions options;
    options.chip = chip.str();
    options.strategy = strategy.str();
    return compile(text, options);
  }
};

TEST_F(AMDTest, Softmax) {
  for (StringRef chip : {"gfx942", "gfx1100"})
    for (StringRef element : {"f32", "f16", "bf16", "f64"}) {
      auto program =
          compileFor(chip, softmaxText(element, element,
                                       element == "f64" ? "f64" : "f32"));
      ASSERT_TRUE(program);
      int64_t shift = 0;
      for (int64_t columns : {1, 7, 33, 100, 1000, 2047, 3000, 9001}) {
        SCOPED_TRACE(
            (chip + ", " + element + ", columns " + Twine(columns)).str());
        check(*program, rows(element, columns > 1000 ? 2 : 19, columns),
              shift ^= 1);
      }
    }
}

// C-DET-1: the same bits on all chips of AMD's, whatever the wavefront.
TEST_F(AMDTest, SameBits) {
  for (auto [element, columns] :
       {std::pair<StringRef, int64_t>{"f32", 601}, {"f64", 37}}) {
    std::string text = sizedText(3, columns, element);
    ReferenceTensor x = rows(element, 3, columns, 10);
    auto program = compileFor("gfx942", text);
    ASSERT_TRUE(program);
    std::vector<std::vector<char>> expected = check(*program, x);
    for (StringRef chip : {"gfx90a", "gfx1100"})
      for (StringRef strategy :
           {"warp_per_row", "block_per_row", "block_online"}) {
        program = compileFor(chip, text, strategy);
        ASSERT_TRUE(program);
        EXPECT_EQ(check(*program, x, 1), expected)
            << chip.str() << ", " << strategy.str();
      }
  }
}

// A sum whose elements have no bound, along with the largest of both signs.
TEST_F(AMDTest, Gradient) {
  for (StringRef chip : {"gfx942", "gfx1100"})
    for (int64_t columns : {21, 1100, 8500}) {
      std::string text = llvm::formatv(R"(
        func.func @f(%dy: tensor<2x{0}xf32>, %y: tensor<2x{0}xf32>) -> tensor<2x{0}xf32> {{
          %i = tensor.empty() : tensor<2x{0}xf32>
          %p = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<2x{0}xf32>, tensor<2x{0}xf32>)
            outs(%i : tensor<2x{0}xf32>) -> tensor<2x{0}xf32>
          return %p : tensor<2x{0}xf32>
        })",
                                       columns)
                             .str();
      auto program = compileFor(chip, text);
      ASSERT_TRUE(program);
      ReferenceTensor y = rows("f32", 2, columns);
      for (Scalar &value : y.elements)
        value.real = std::exp(-std::fabs(value.real) / 2);
      check(*program, {rows("f32", 2, columns), round(y)}, columns % 2);
    }
}

// A row per thread, and several side by side.
TEST_F(AMDTest, InnerDimension) {
  for (StringRef chip : {"gfx942", "gfx1100"})
    for (auto [columns, inner] :
         {std::pair<int64_t, int64_t>{16, 77}, {75, 76}}) {
      std::string text = llvm::formatv(R"(
        func.func @f(%x: tensor<2x{0}x{1}xf32>) -> tensor<2x{0}x{1}xf32> {{
          %i = tensor.empty() : tensor<2x{0}x{1}xf32>
          %p = softmax.softmax dimensions = [1] ins(%x : tensor<2x{0}x{1}xf32>)
            outs(%i : tensor<2x{0}x{1}xf32>) -> tensor<2x{0}x{1}xf32>
          return %p : tensor<2x{0}x{1}xf32>
        })",
                                       columns, inner)
                             .str();
      auto single = compileFor(chip, text);
      auto wide = compileFor(chip, text, "lanes_inner");
      ASSERT_TRUE(single && wide);
      ReferenceTensor x = rows("f32", 2, columns * inner);
      x.shape = {2, columns, inner};
      auto expected = check(*single, x, 1);
      for (int64_t shift : {0, 1})
        EXPECT_EQ(check(*wide, x, shift), expected) << shift;
    }
}

// The largest sum that a wavefront's integers can have: none of its 2048
// elements is the row's maximum, and all exponentials are 2^-20, half a unit of
// the upper digit.
TEST_F(AMDTest, LargestSums) {
  for (int64_t columns : {2048, 8192}) {
    auto program = compileFor("gfx942", sizedText(2, columns, "f32"));
    ASSERT_TRUE(program);
    ReferenceTensor x{type("f32"), {2, columns}};
    for (int64_t row = 0; row < 2; ++row)
      for (int64_t j = 0; j < columns; ++j)
        x.elements.push_back(
            {Real(row == 0 || j == 0 ? 0 : -20 * std::log(2.0))});
    check(*program, round(x));
  }
}

} // namespace
