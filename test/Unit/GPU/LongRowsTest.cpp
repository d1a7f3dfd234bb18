// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows of several blocks of the numeric part: in shared memory, over a cluster,
// split over the grid.
#include "SchedulesTest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

class LongRowsTest : public SchedulesTest {
protected:
  std::unique_ptr<DeviceProgram> force(StringRef text, StringRef strategy,
                                       StringRef chip = "sm_90") {
    DeviceOptions options;
    options.strategy = strategy.str();
    options.chip = chip.str();
    return compile(text, options);
  }
  /// f32 softmax with its lse, by the one alternative given.
  std::string scheduledText(int64_t count, int64_t columns,
                            StringRef alternative) {
    return llvm::formatv(R"(
      #row = affine_map<(i, j) -> (i, j)>
      #one = affine_map<(i, j) -> (i)>
      func.func @f(%x: tensor<{0}x{1}xf32>) -> (tensor<{0}x{1}xf32>, tensor<{0}xf32>) {{
        %i = tensor.empty() : tensor<{0}x{1}xf32>
        %j = tensor.empty() : tensor<{0}xf32>
        %p, %l = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
          maps = [#row, #row, #one]
          {{softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 8192>, alternatives = [{2}]>}
          ins(%x : tensor<{0}x{1}xf32>) outs(%i, %j : tensor<{0}x{1}xf32>, tensor<{0}xf32>)
          logit {{ ^bb0(%e: f32): softmax.yield %e : f32 }
          row {{ ^bb0(%m: f32, %s: f32):
            %log = math.log %s : f32
            %lse = arith.addf %m, %log : f32
            softmax.yield %lse : f32
          } result {{ ^bb0(%e: f32, %q: f32, %logq: f32): softmax.yield %q : f32 } -> tensor<{0}x{1}xf32>, tensor<{0}xf32>
        return %p, %l : tensor<{0}x{1}xf32>, tensor<{0}xf32>
      })",
                         count, columns, alternative)
        .str();
  }
};

constexpr StringLiteral strategies[] = {"block_shared", "cluster_per_row",
                                        "split_row"};

// Odd and misaligned rows of every type; the first has a huge outlier.
TEST_F(LongRowsTest, Types) {
  for (auto [strategy, element, columns, shift] :
       {std::tuple<StringRef, StringRef, int64_t, int64_t>{"block_shared",
                                                           "f16", 17003, 1},
        {"block_shared", "f64", 9001, 0},
        {"cluster_per_row", "bf16", 16385, 1},
        {"cluster_per_row", "f16", 70001, 0},
        {"cluster_per_row", "f64", 8193, 1},
        {"split_row", "bf16", 24999, 1},
        {"split_row", "f64", 16385, 0}}) {
    SCOPED_TRACE(
        (strategy + " " + element + ", columns " + Twine(columns)).str());
    auto program = force(sizedText(2, columns, element), strategy);
    ASSERT_TRUE(program);
    check(*program, rows(element, 2, columns), shift);
  }
}

// C-DET-1: the same bits as from one block, in every place of a batch.
TEST_F(LongRowsTest, SameBits) {
  for (int64_t columns : {601, 20003}) {
    ReferenceTensor x = rows("f32", 3, columns, 10);
    std::vector<std::vector<char>> first;
    std::string text = sizedText(3, columns, "f32");
    auto program = force(text, "block_online");
    ASSERT_TRUE(program);
    first = check(*program, x);
    for (StringRef strategy : strategies) {
      program = force(text, strategy);
      ASSERT_TRUE(program);
      // Misaligned, and in place, where nothing is read after it was written.
      EXPECT_EQ(check(*program, x, 3), first)
          << strategy.str() << ", columns " << columns;
      EXPECT_EQ(check(*program, x, 0, /*inPlace=*/true), first)
          << strategy.str() << ", columns " << columns;
    }
  }
}

// Every way to lay a row over a cluster: blocks in registers and in shared
// memory, ranks with fewer blocks than others and with none.
TEST_F(LongRowsTest, Clusters) {
  int64_t columns = 33001;
  ReferenceTensor x = rows("f32", 2, columns, 10);
  auto online = compile(scheduledText(
      2, columns,
      "<strategy = block_online, threads = 256, lanes = 4, vectors = 8>"));
  ASSERT_TRUE(online);
  auto first = check(*online, x, 1);
  for (auto [cluster, most] : {std::pair<int64_t, int64_t>{2, 49152},
                               {4, 65536},
                               {8, 65536},
                               {16, 131072}}) {
    auto program = compile(scheduledText(
        2, columns,
        llvm::formatv("<max_columns = {0}, strategy = cluster_per_row, threads "
                      "= 256, lanes = 4, vectors = 8, cluster = {1}>",
                      most, cluster)
            .str()));
    ASSERT_TRUE(program);
    EXPECT_EQ(check(*program, x, 1), first) << cluster;
  }
}

TEST_F(LongRowsTest, SpecialValues) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  int64_t columns = 16400;
  ReferenceTensor x = rows("f32", 6, columns);
  auto set = [&](int64_t row, int64_t column, double value) {
    x.elements[row * columns + column].real = value;
  };
  set(0, columns - 1, nan);
  set(1, 9000, inf);
  set(2, 0, inf), set(2, columns - 1, nan);
  for (int64_t j = 0; j < columns; ++j)
    set(3, j, -inf), set(4, j, j == columns - 1 ? 1 : -inf);
  set(5, 0, 3e38), set(5, 9000, -3e38);
  for (StringRef strategy : strategies) {
    auto program = force(sizedText(6, columns, "f32"), strategy);
    ASSERT_TRUE(program);
    check(*program, x, 1);
  }
}

TEST_F(LongRowsTest, Gradients) {
  for (StringRef strategy : strategies) {
    int64_t columns = 9001;
    std::string text = llvm::formatv(R"(
      func.func @f(%dy: tensor<2x{0}xf32>, %y: tensor<2x{0}xf32>) -> tensor<2x{0}xf32> {{
        %i = tensor.empty() : tensor<2x{0}xf32>
        %p = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<2x{0}xf32>, tensor<2x{0}xf32>)
          outs(%i : tensor<2x{0}xf32>) -> tensor<2x{0}xf32>
        return %p : tensor<2x{0}xf32>
      })",
                                     columns)
                           .str();
    ReferenceTensor y = rows("f32", 2, columns);
    for (Scalar &value : y.elements)
      value.real = std::exp(-std::fabs(value.real) / 2);
    SmallVector<ReferenceTensor> inputs = {rows("f32", 2, columns), round(y)};
    auto online = force(text, "block_online");
    auto program = force(text, strategy);
    ASSERT_TRUE(online && program);
    EXPECT_EQ(check(*program, inputs, 1), check(*online, inputs))
        << strategy.str();
  }
}

// Nothing but what is per row: the second kernel has no elements.
TEST_F(LongRowsTest, LogSumExp) {
  StringRef text = R"(
    func.func @f(%x: tensor<3x?xf16>) -> tensor<3xf32> {
      %i = tensor.empty() : tensor<3xf32>
      %l = softmax.logsumexp dimensions = [1] ins(%x : tensor<3x?xf16>) outs(%i : tensor<3xf32>) -> tensor<3xf32>
      return %l : tensor<3xf32>
    })";
  auto program = force(text, "split_row");
  ASSERT_TRUE(program);
  for (int64_t columns : {0, 5, 30001})
    check(*program, rows("f16", 3, columns), columns % 2);
}

// Rows whose maxima are below 512: from there on blocks in registers are read
// again for the results.
static ReferenceTensor modest(ReferenceTensor x) {
  for (Scalar &value : x.elements)
    if (std::fabs(value.real) > 500)
      value.real = value.real > 10000 ? 90 : value.real - 1000;
  return x;
}

// A row is read once, whose blocks differ by any factor, and one barrier of the
// cluster stands before its results and one behind.
TEST_F(LongRowsTest, Traffic) {
  for (auto [strategy, reads] :
       {std::pair<StringRef, uint64_t>{"block_shared", 1},
        {"cluster_per_row", 1}}) {
    auto program = force(sizedText(2, 32768, "f32"), strategy);
    ASSERT_TRUE(program);
    ReferenceTensor x = modest(rows("f32", 2, 32768));
    auto expected = program->evaluate(x);
    DeviceProgram::Run run = program->run(x, *expected);
    ASSERT_EQ(run.problem, "");
    uint64_t ideal = 2 * 32768 / 8;
    EXPECT_EQ(run.counters[0].globalLoads.sectors, reads * ideal);
    EXPECT_LE(run.counters[0].globalStores.sectors, ideal + 2)
        << strategy.str();
    if (strategy == "cluster_per_row")
      EXPECT_EQ(run.counters[0].clusterBarriers, 2u * 2);
  }
}

// Rows of which only the first elements count are read up to there, in every
// schedule, and a NaN behind changes nothing.
TEST_F(LongRowsTest, RowExtent) {
  for (auto [strategy, columns] :
       {std::pair<StringRef, int64_t>{"warp_per_row", 1000},
        {"block_per_row", 8000},
        {"block_online", 16001},
        {"block_shared", 16001},
        {"cluster_per_row", 16001},
        {"split_row", 16001}}) {
    std::string text = llvm::formatv(R"(
      #row = affine_map<(i, j) -> (i, j)>
      #one = affine_map<(i, j) -> (i)>
      func.func @f(%x: tensor<4x{0}xf32>, %n: tensor<4xi32>) -> (tensor<4x{0}xf32>, tensor<4xf32>) {{
        %i = tensor.empty() : tensor<4x{0}xf32>
        %j = tensor.empty() : tensor<4xf32>
        %p, %l = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
          maps = [#row, #one, #row, #one]
          ins(%x, %n : tensor<4x{0}xf32>, tensor<4xi32>) outs(%i, %j : tensor<4x{0}xf32>, tensor<4xf32>)
          logit {{
          ^bb0(%e: f32, %end: i32):
            %k = softmax.index 1
            %m = arith.index_cast %k : index to i32
            %see = arith.cmpi slt, %m, %end : i32
            %ninf = arith.constant 0xFF800000 : f32
            %a = arith.select %see, %e, %ninf : f32
            softmax.yield %a : f32
          } row {{ ^bb0(%end: i32, %m: f32, %s: f32):
            softmax.yield %m : f32
          } result {{ ^bb0(%e: f32, %end: i32, %q: f32, %logq: f32): softmax.yield %q : f32 } -> tensor<4x{0}xf32>, tensor<4xf32>
        return %p, %l : tensor<4x{0}xf32>, tensor<4xf32>
      })",
                                     columns)
                           .str();
    auto program = force(text, strategy);
    ASSERT_TRUE(program);
    ReferenceTensor x = modest(rows("f32", 4, columns)),
                    ends{IntegerType::get(&context, 32), {4}};
    uint64_t counted = 0;
    for (int64_t end : {columns, columns / 3, int64_t(1), int64_t(0)}) {
      ends.elements.push_back({0, 0, end});
      counted += end;
    }
    x.elements.back().real = std::numeric_limits<double>::quiet_NaN();
    auto expected = program->evaluate({x, ends});
    ASSERT_TRUE(succeeded(expected));
    check(*program, {x, ends}, 1);
    DeviceProgram::Run run = program->run({x, ends}, *expected);
    ASSERT_EQ(run.problem, "");
    uint64_t sweeps = strategy == "block_online" ? 2 : 1;
    // Odd rows, ends inside of sectors, lengths.
    EXPECT_LE(run.counters[0].globalLoads.sectors,
              sweeps * (1.05 * static_cast<double>(counted) / 8 + 24))
        << strategy.str();
  }
}

// What a chip has not is refused with what works instead.
TEST_F(LongRowsTest, Refusals) {
  auto refuse = [&](StringRef chip, StringRef strategy, int64_t columns) {
    std::string problem;
    DeviceOptions options;
    options.chip = chip.str();
    options.strategy = strategy.str();
    EXPECT_FALSE(DeviceProgram::compile(context, sizedText(2, columns, "f32"),
                                        options, problem));
    return problem;
  };
  EXPECT_NE(refuse("sm_80", "cluster_per_row", 20000)
                .find("needs clusters, which sm_80 has not; use block_shared"),
            std::string::npos);
  EXPECT_NE(refuse("sm_90", "block_shared", 100000)
                .find("holds rows of up to 49152 columns, and these have "
                      "100000; use block_online"),
            std::string::npos);
}

} // namespace
