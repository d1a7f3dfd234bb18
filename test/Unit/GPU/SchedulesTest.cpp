// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels of every schedule and type on rows of every kind, executed on
// emulated threads, against the reference and its bounds.
#include "SchedulesTest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

TEST_F(SchedulesTest, Softmax) {
  for (StringRef element : {"f32", "f16", "bf16", "f64"}) {
    auto program = compile(
        softmaxText(element, element, element == "f64" ? "f64" : "f32"));
    ASSERT_TRUE(program);
    for (int64_t columns : {1, 2, 7, 33, 100, 1000, 1025, 3000, 9001})
      for (int64_t shift : {0, 1}) {
        // Of the other types every second length, each at one alignment.
        if (element != "f32" && columns % 2 == shift)
          continue;
        SCOPED_TRACE((element + ", columns " + Twine(columns)).str());
        check(*program, rows(element, columns > 1000 ? 2 : 19, columns), shift);
      }
  }
}

// C-DET-1: the same bits from every schedule, at every alignment, and wherever
// the row stands among others.
TEST_F(SchedulesTest, SameBits) {
  for (auto [element, columns] :
       {std::pair<StringRef, int64_t>{"f32", 601}, {"f64", 37}}) {
    std::string text = softmaxText(element, element, element);
    ReferenceTensor x = rows(element, 3, columns, 10);
    std::vector<std::vector<char>> first;
    for (StringRef strategy :
         {"warp_per_row", "block_per_row", "block_online"}) {
      // A strategy that cannot hold every row wants to know how long they
      // are.
      DeviceOptions options;
      options.strategy = strategy.str();
      auto program = compile(sizedText(3, columns, element), options);
      ASSERT_TRUE(program);
      for (int64_t shift : {0, 1, 3}) {
        auto outputs = check(*program, x, shift);
        if (first.empty())
          first = outputs;
        EXPECT_EQ(outputs, first)
            << strategy.str() << ", shift " << shift << ", columns " << columns;
      }
    }
    // The last row by itself.
    ReferenceTensor last = x;
    last.shape[0] = 1;
    last.elements.erase(last.elements.begin(),
                        last.elements.begin() + 2 * columns);
    auto program = compile(text);
    auto outputs = check(*program, last);
    ASSERT_EQ(outputs.size(), 2u);
    size_t bytes = outputs[0].size();
    EXPECT_EQ(outputs[0],
              std::vector<char>(first[0].end() - bytes, first[0].end()));
    EXPECT_EQ(outputs[1], std::vector<char>(first[1].end() - outputs[1].size(),
                                            first[1].end()));
  }
}

// No element is read after it was overwritten.
TEST_F(SchedulesTest, InPlace) {
  auto program = compile(softmaxText("f32", "f32", "f32"));
  ASSERT_TRUE(program);
  for (int64_t columns : {21, 301, 2001, 8211})
    check(*program, rows("f32", 2, columns), 1, /*inPlace=*/true);
}

TEST_F(SchedulesTest, Modes) {
  for (StringRef mode : {"strict", "fast"})
    for (int64_t columns : {1001, 8301}) {
      DeviceOptions options;
      options.accuracy = mode.str();
      auto program = compile(sizedText(2, columns, "f32"), options);
      ASSERT_TRUE(program);
      check(*program, rows("f32", 2, columns, 10));
    }
}

TEST_F(SchedulesTest, SpecialValues) {
  auto program = compile(softmaxText("f32", "f32", "f32"));
  ASSERT_TRUE(program);
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (int64_t columns : {3, 100, 700, 1500, 8300}) {
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
    check(*program, x, columns % 2);
  }
  // C-AXIS-2: rows without elements have an lse of -inf.
  check(*program, rows("f32", 3, 0));
}

// A dimension other than the last: lanes across the inner dimension.
TEST_F(SchedulesTest, InnerDimension) {
  for (auto [element, columns] :
       {std::pair<StringRef, int64_t>{"f32", 16}, {"f32", 75}, {"bf16", 17}}) {
    std::string text = llvm::formatv(R"(
      func.func @f(%x: tensor<2x{0}x77x{1}>) -> (tensor<2x{0}x77x{1}>, tensor<2x77xf32>) {{
        %i = tensor.empty() : tensor<2x{0}x77x{1}>
        %j = tensor.empty() : tensor<2x77xf32>
        %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<2x{0}x77x{1}>)
          outs(%i, %j : tensor<2x{0}x77x{1}>, tensor<2x77xf32>) -> tensor<2x{0}x77x{1}>, tensor<2x77xf32>
        return %p, %l : tensor<2x{0}x77x{1}>, tensor<2x77xf32>
      })",
                                     columns, element)
                           .str();
    auto program = compile(text);
    ASSERT_TRUE(program);
    ReferenceTensor x = rows(element, 2, columns * 77);
    x.shape = {2, columns, 77};
    check(*program, x, 1);
  }
}

// The family comes by its regions.
TEST_F(SchedulesTest, ScaleBiasMask) {
  for (int64_t columns : {37, 1300, 8200}) {
    std::string text = llvm::formatv(R"(
      func.func @f(%x: tensor<3x{0}xbf16>, %s: f32, %b: tensor<1x{0}xf32>, %m: tensor<3x{0}xi1>) -> tensor<3x{0}xf32> {{
        %i = tensor.empty() : tensor<3x{0}xf32>
        %p = softmax.log_softmax dimensions = [1] {{masked_row = #softmax.masked_row<zero>} ins(%x : tensor<3x{0}xbf16>)
          scale(%s : f32) bias(%b : tensor<1x{0}xf32>) mask(%m : tensor<3x{0}xi1>) outs(%i : tensor<3x{0}xf32>) -> tensor<3x{0}xf32>
        return %p : tensor<3x{0}xf32>
      })",
                                     columns)
                           .str();
    auto program = compile(text);
    ASSERT_TRUE(program);
    ReferenceTensor scale{type("f32"), {}},
        mask{IntegerType::get(&context, 1), {3, columns}};
    scale.elements.push_back({Real(0.5)});
    for (int64_t i = 0; i < 3 * columns; ++i)
      mask.elements.push_back(
          {0, 0, i >= 2 * columns || random() % 3 == 0 ? 0 : -1});
    check(*program,
          {rows("bf16", 3, columns), scale, rows("f32", 1, columns), mask}, 1);
  }
}

TEST_F(SchedulesTest, Gradients) {
  for (StringRef op : {"softmax_backward", "log_softmax_backward"})
    for (StringRef element : {"f32", "f16", "f64"})
      for (int64_t columns : {21, 1100, 8500}) {
        std::string text = llvm::formatv(R"(
          func.func @f(%dy: tensor<2x{0}x{1}>, %y: tensor<2x{0}x{1}>) -> tensor<2x{0}x{1}> {{
            %i = tensor.empty() : tensor<2x{0}x{1}>
            %p = softmax.{2} dimensions = [1] ins(%dy, %y : tensor<2x{0}x{1}>, tensor<2x{0}x{1}>)
              outs(%i : tensor<2x{0}x{1}>) -> tensor<2x{0}x{1}>
            return %p : tensor<2x{0}x{1}>
          })",
                                         columns, element, op)
                               .str();
        auto program = compile(text);
        ASSERT_TRUE(program);
        SCOPED_TRACE(
            (op + " " + element + ", columns " + Twine(columns)).str());
        ReferenceTensor y = rows(element, 2, columns);
        for (Scalar &value : y.elements)
          value.real = std::exp(-std::fabs(value.real) / 2);
        check(*program, {rows(element, 2, columns), round(y)}, columns % 2);
      }
}

TEST_F(SchedulesTest, Losses) {
  for (int64_t columns : {19, 1200, 8400}) {
    std::string text = llvm::formatv(R"(
      func.func @f(%x: tensor<3x{0}xf32>, %t: tensor<3xi64>) -> (tensor<3xf32>, tensor<3xf32>) {{
        %i = tensor.empty() : tensor<3xf32>
        %j = tensor.empty() : tensor<3xf32>
        %p, %l = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<3x{0}xf32>, tensor<3xi64>)
          outs(%i, %j : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>, tensor<3xf32>
        return %p, %l : tensor<3xf32>, tensor<3xf32>
      })",
                                     columns)
                           .str();
    auto program = compile(text);
    ASSERT_TRUE(program);
    ReferenceTensor labels{IntegerType::get(&context, 64), {3}};
    for (int64_t label : {int64_t(0), columns - 1, columns / 2})
      labels.elements.push_back({0, 0, label});
    check(*program, {rows("f32", 3, columns), labels}, 1);
  }
}

// No statistic: every thread writes what it has read.
TEST_F(SchedulesTest, LossGradient) {
  for (int64_t columns : {19, 1200, 8400}) {
    std::string text = llvm::formatv(R"(
      func.func @f(%x: tensor<3x{0}xf32>, %t: tensor<3xi64>, %l: tensor<3xf32>, %d: tensor<3xf32>) -> tensor<3x{0}xf32> {{
        %i = tensor.empty() : tensor<3x{0}xf32>
        %p = softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l, %d : tensor<3x{0}xf32>, tensor<3xi64>, tensor<3xf32>, tensor<3xf32>)
          outs(%i : tensor<3x{0}xf32>) -> tensor<3x{0}xf32>
        return %p : tensor<3x{0}xf32>
      })",
                                     columns)
                           .str();
    auto program = compile(text);
    ASSERT_TRUE(program);
    ReferenceTensor labels{IntegerType::get(&context, 64), {3}},
        lse{type("f32"), {3}}, loss{type("f32"), {3}};
    for (int64_t label : {int64_t(0), columns - 1, columns / 2})
      labels.elements.push_back({0, 0, label});
    ReferenceTensor x = rows("f32", 3, columns);
    for (int64_t i = 0; i < 3; ++i) {
      Real largest = 0;
      for (int64_t j = 0; j < columns; ++j)
        largest = std::max(largest, x.elements[i * columns + j].real);
      lse.elements.push_back({Real(float(largest + 1))});
      loss.elements.push_back({Real(0.5)});
    }
    check(*program, {x, labels, lse, loss}, 1);
  }
}

// Coordinates: a causal mask with an offset, over two softmax dimensions.
TEST_F(SchedulesTest, Coordinates) {
  for (int64_t columns : {6, 90, 700}) {
    std::string text = llvm::formatv(R"(
      #all = affine_map<(i, j, k) -> (i, j, k)>
      func.func @f(%x: tensor<4x3x{0}xf32>, %o: index) -> tensor<4x3x{0}xf32> {{
        %i = tensor.empty() : tensor<4x3x{0}xf32>
        %p = softmax.generic dimensions = [1, 2] statistics = [#softmax.max_sumexp]
          maps = [#all, affine_map<(i, j, k) -> ()>, #all]
          ins(%x, %o : tensor<4x3x{0}xf32>, index) outs(%i : tensor<4x3x{0}xf32>)
          logit {{
          ^bb0(%e: f32, %n: index):
            %r = softmax.index 0
            %c = softmax.index 1
            %k = softmax.index 2
            %s = arith.addi %c, %k : index
            %last = arith.addi %r, %n : index
            %see = arith.cmpi sle, %s, %last : index
            %ninf = arith.constant 0xFF800000 : f32
            %l = arith.select %see, %e, %ninf : f32
            softmax.yield %l : f32
          } result {{ ^bb0(%e: f32, %n: index, %q: f32, %logq: f32): softmax.yield %q : f32 } -> tensor<4x3x{0}xf32>
        return %p : tensor<4x3x{0}xf32>
      })",
                                     columns)
                           .str();
    auto program = compile(text);
    ASSERT_TRUE(program);
    ReferenceTensor x = rows("f32", 4, 3 * columns),
                    offset{IndexType::get(&context), {}};
    x.shape = {4, 3, columns};
    offset.elements.push_back({0, 0, 2});
    check(*program, {x, offset}, 1);
  }
}

// One read and one write of every element while the row fits, and whole
// sectors.
TEST_F(SchedulesTest, Traffic) {
  auto program = compile(softmaxText("f32", "f32", "f32"));
  ASSERT_TRUE(program);
  auto run = [&](int64_t count, int64_t columns) {
    ReferenceTensor x = rows("f32", count, columns);
    auto expected = program->evaluate(x);
    return program->run(x, *expected).counters.front();
  };
  for (int64_t columns : {512, 1024, 4096, 8192}) {
    emulator::Counters counters = run(4, columns);
    uint64_t ideal = 4 * columns / 8;
    EXPECT_EQ(counters.globalLoads.sectors, ideal) << columns;
    // And one sector per row of lse.
    EXPECT_LE(counters.globalStores.sectors, ideal + 4) << columns;
  }
  for (int64_t columns : {1021, 4099, 8191}) {
    emulator::Counters counters = run(4, columns);
    double ideal = 4.0 * columns / 8;
    EXPECT_LE(counters.globalLoads.sectors, 1.05 * ideal) << columns;
    EXPECT_LE(counters.globalStores.sectors, 1.05 * ideal + 4) << columns;
  }
  // One barrier per exchange.
  EXPECT_EQ(run(1, 4096).blockBarriers, 2u);
}

} // namespace
