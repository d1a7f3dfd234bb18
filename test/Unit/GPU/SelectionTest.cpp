// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.topk on emulated threads, against the reference: selected values and
// columns have no bounds, they are right or wrong.
#include "SchedulesTest.h"

#include "mlir/AsmParser/AsmParser.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

constexpr Real inf = std::numeric_limits<Real>::infinity();
constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();

/// Of a function that selects.
struct Form {
  StringRef element = "f32";
  int64_t k = 8;
  /// 0 where dynamic.
  int64_t rows = 0, columns = 0;

  std::string compute() const { return element == "f64" ? "f64" : "f32"; }
};

/// `text` with what stands for the parts of `form`: $T and $C for the type and
/// the compute type, $K, $R and $N for sizes, $W for widening %e to %l, and $M
/// and $D for what dynamic results need.
std::string instantiate(StringRef text, const Form &form) {
  auto size = [](int64_t value) {
    return value ? std::to_string(value) : std::string("?");
  };
  std::string sizes;
  if (!form.rows)
    sizes = "%c0 = arith.constant 0 : index\n %c1 = arith.constant 1 : index\n"
            "%m = tensor.dim %x, %c0 : tensor<?x?x$T>\n"
            "%n = tensor.dim %x, %c1 : tensor<?x?x$T>\n";
  std::string result = text.str();
  auto replace = [&](StringRef name, const std::string &by) {
    for (size_t at; (at = result.find(name)) != std::string::npos;)
      result.replace(at, name.size(), by);
  };
  replace("$S", sizes);
  replace("$M", form.rows ? "()" : "(%m)");
  replace("$D", form.rows ? "()" : "(%m, %n)");
  replace("$W", form.element == form.compute()
                    ? "%zero = arith.constant 0.0 : $C\n"
                      "%l = arith.subf %e, %zero : $C"
                    : "%l = arith.extf %e : $T to $C");
  replace("$T", form.element.str());
  replace("$C", form.compute());
  replace("$K", std::to_string(form.k));
  replace("$R", size(form.rows));
  replace("$N", size(form.columns));
  return result;
}

/// Values and columns, and nothing else.
constexpr StringLiteral alone = R"mlir(
  #all = affine_map<(i, j) -> (i, j)>
  #row = affine_map<(i, j) -> (i)>
  func.func @f(%x: tensor<$Rx$Nx$T>) -> (tensor<$Rx$Kx$C>, tensor<$Rx$Kxi64>) {
    $S
    %i = tensor.empty$M : tensor<$Rx$Kx$C>
    %j = tensor.empty$M : tensor<$Rx$Kxi64>
    %v, %c = softmax.generic dimensions = [1] statistics = [#softmax.topk<k = $K>] maps = [#all, #row, #row]
      ins(%x : tensor<$Rx$Nx$T>) outs(%i, %j : tensor<$Rx$Kx$C>, tensor<$Rx$Kxi64>)
      logit { ^bb0(%e: $T):
        $W
        softmax.yield %l : $C }
      row { ^bb0(%w: vector<$Kx$C>, %k: vector<$Kxi64>):
        softmax.yield %w, %k : vector<$Kx$C>, vector<$Kxi64> }
      -> tensor<$Rx$Kx$C>, tensor<$Rx$Kxi64>
    return %v, %c : tensor<$Rx$Kx$C>, tensor<$Rx$Kxi64>
  })mlir";

/// Probabilities of the row, and those of the k largest: the region works on
/// them one by one.
constexpr StringLiteral beside = R"mlir(
  #all = affine_map<(i, j) -> (i, j)>
  #row = affine_map<(i, j) -> (i)>
  func.func @f(%x: tensor<$Rx$Nx$T>) -> (tensor<$Rx$Nx$T>, tensor<$Rx$Kx$C>, tensor<$Rx$Kxi32>) {
    $S
    %h = tensor.empty$D : tensor<$Rx$Nx$T>
    %i = tensor.empty$M : tensor<$Rx$Kx$C>
    %j = tensor.empty$M : tensor<$Rx$Kxi32>
    %y, %v, %c = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = $K>]
      maps = [#all, #all, #row, #row]
      ins(%x : tensor<$Rx$Nx$T>) outs(%h, %i, %j : tensor<$Rx$Nx$T>, tensor<$Rx$Kx$C>, tensor<$Rx$Kxi32>)
      logit { ^bb0(%e: $T):
        $W
        softmax.yield %l, %l : $C, $C }
      row { ^bb0(%max: $C, %sum: $C, %w: vector<$Kx$C>, %k: vector<$Kxi64>):
        %one = arith.constant dense<1.0> : vector<$Kx$C>
        %maxes = vector.broadcast %max : $C to vector<$Kx$C>
        %below = arith.subf %w, %maxes : vector<$Kx$C>
        %exp = math.exp %below : vector<$Kx$C>
        %factor = arith.mulf %exp, %one : vector<$Kx$C>
        %sums = vector.broadcast %sum : $C to vector<$Kx$C>
        %p = arith.divf %factor, %sums : vector<$Kx$C>
        %short = arith.trunci %k : vector<$Kxi64> to vector<$Kxi32>
        softmax.yield %p, %short : vector<$Kx$C>, vector<$Kxi32> }
      result { ^bb0(%e: $T, %p: $C, %logp: $C):
        $P
        softmax.yield %r : $T }
      -> tensor<$Rx$Nx$T>, tensor<$Rx$Kx$C>, tensor<$Rx$Kxi32>
    return %y, %v, %c : tensor<$Rx$Nx$T>, tensor<$Rx$Kx$C>, tensor<$Rx$Kxi32>
  })mlir";

/// The row without what is below the kth largest, and the largest: a region
/// that takes elements out of the vector.
constexpr StringLiteral filter = R"mlir(
  #all = affine_map<(i, j) -> (i, j)>
  #row = affine_map<(i, j) -> (i)>
  func.func @f(%x: tensor<$Rx$Nxf32>) -> (tensor<$Rx$Nxf32>, tensor<$Rxf32>, tensor<$Rx$Kxi64>) {
    $S
    %h = tensor.empty$D : tensor<$Rx$Nxf32>
    %i = tensor.empty$M : tensor<$Rxf32>
    %j = tensor.empty$M : tensor<$Rx$Kxi64>
    %y, %v, %c = softmax.generic dimensions = [1] statistics = [#softmax.topk<k = $K>] maps = [#all, #all, #row, #row]
      ins(%x : tensor<$Rx$Nxf32>) outs(%h, %i, %j : tensor<$Rx$Nxf32>, tensor<$Rxf32>, tensor<$Rx$Kxi64>)
      logit { ^bb0(%e: f32): softmax.yield %e : f32 }
      row { ^bb0(%w: vector<$Kxf32>, %k: vector<$Kxi64>):
        %largest = vector.extract %w[0] : f32 from vector<$Kxf32>
        %least = vector.extract %w[2] : f32 from vector<$Kxf32>
        softmax.yield %largest, %k, %least : f32, vector<$Kxi64>, f32 }
      result { ^bb0(%e: f32, %least: f32):
        %ninf = arith.constant 0xFF800000 : f32
        %stays = arith.cmpf oge, %e, %least : f32
        %r = arith.select %stays, %e, %ninf : f32
        softmax.yield %r : f32 }
      -> tensor<$Rx$Nxf32>, tensor<$Rxf32>, tensor<$Rx$Kxi64>
    return %y, %v, %c : tensor<$Rx$Nxf32>, tensor<$Rxf32>, tensor<$Rx$Kxi64>
  })mlir";

class SelectionTest : public SchedulesTest {
protected:
  std::unique_ptr<DeviceProgram> compileForm(StringRef text, const Form &form,
                                             StringRef strategy = "",
                                             StringRef chip = "sm_90") {
    DeviceOptions options;
    options.strategy = strategy.str();
    options.chip = chip.str();
    std::string whole = text.str();
    bool narrow = form.element != form.compute();
    size_t at = whole.find("$P");
    if (at != std::string::npos)
      whole.replace(at, 2,
                    narrow ? "%r = arith.truncf %p : $C to $T"
                           : "%zero = arith.constant 0.0 : $C\n"
                             "%r = arith.addf %p, %zero : $C");
    return compile(instantiate(whole, form), options);
  }

  Type elementType(StringRef name) { return parseType(name, &context); }

  ReferenceTensor make(StringRef element, int64_t count, int64_t columns,
                       function_ref<Real(int64_t, int64_t)> value) {
    ReferenceTensor tensor{elementType(element), {count, columns}};
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < columns; ++j)
        tensor.elements.push_back({value(i, j)});
    return round(tensor);
  }

  ReferenceTensor normal(StringRef element, int64_t count, int64_t columns) {
    std::normal_distribution<float> distribution(0, 3);
    return make(element, count, columns,
                [&](int64_t, int64_t) { return Real(distribution(random)); });
  }

  /// Nine rows that tempt a selection: orders, ties, zeros of both signs, NaN
  /// and infinities.
  ReferenceTensor tempting(StringRef element, int64_t columns) {
    return make(element, 9, columns, [&](int64_t i, int64_t j) -> Real {
      auto r = static_cast<int64_t>(random() % 1024);
      switch (i) {
      case 0:
        return Real(j % 256) / 8;
      case 1:
        return -Real(j % 256) / 8;
      case 2:
        return 3.5;
      case 3:
        return Real(r % 5 - 2);
      case 4:
        return r % 2 ? Real(0) : -Real(0);
      case 5:
        return j == columns / 2 ? 1 : -inf;
      case 6:
        return -inf;
      case 7:
        return r % 8 == 0   ? nan
               : r % 8 == 1 ? inf
               : r % 8 < 4  ? -inf
                            : Real(r % 16);
      default:
        return r % 97 == 0 ? -nan : Real(r % 64);
      }
    });
  }
};

// Every schedule by the length of rows, at two alignments.
TEST_F(SelectionTest, Types) {
  for (auto [element, k] : {std::pair<StringRef, int64_t>{"f32", 8},
                            {"f32", 1},
                            {"f16", 3},
                            {"bf16", 33},
                            {"f64", 5},
                            {"f32", 64},
                            {"f8E4M3FN", 4}}) {
    auto program = compileForm(alone, {element, k});
    ASSERT_TRUE(program);
    for (int64_t columns : {1, 7, 33, 100, 257, 1025, 3000, 9001})
      for (int64_t shift : {0, 1}) {
        if (element != "f32" && columns % 2 == shift)
          continue;
        SCOPED_TRACE(
            llvm::formatv("{0}, k {1}, columns {2}", element, k, columns)
                .str());
        check(*program, normal(element, columns > 1000 ? 2 : 19, columns),
              shift);
      }
  }
}

// C-DET-1 has nothing to add to an order that is total.
TEST_F(SelectionTest, TemptingRows) {
  for (auto [element, k] :
       {std::pair<StringRef, int64_t>{"f32", 8}, {"f64", 64}, {"bf16", 2}}) {
    auto program = compileForm(alone, {element, k});
    ASSERT_TRUE(program);
    for (int64_t columns : {0, 1, 3, 16, 65, 300, 2001, 9001}) {
      SCOPED_TRACE(
          llvm::formatv("{0}, k {1}, columns {2}", element, k, columns).str());
      check(*program, tempting(element, columns), columns % 2);
    }
  }
}

// The strategies by name, on rows that several could hold; a chip that cannot
// reduce integers over a warp, and AMD's wavefronts.
TEST_F(SelectionTest, Strategies) {
  for (auto [strategy, chip] :
       {std::pair<StringRef, StringRef>{"rows_per_warp", "sm_90"},
        {"warp_per_row", "sm_90"},
        {"block_per_row", "sm_90"},
        {"block_online", "sm_90"},
        {"warp_per_row", "sm_75"},
        {"block_per_row", "sm_75"},
        {"block_online", "sm_75"},
        {"rows_per_warp", "gfx942"},
        {"block_per_row", "gfx942"},
        {"block_online", "gfx1100"}})
    for (int64_t k : {2, 40}) {
      SCOPED_TRACE((strategy + ", " + chip).str());
      Form form{"f32", k, 9, 101};
      auto program = compileForm(alone, form, strategy, chip);
      ASSERT_TRUE(program);
      for (int64_t shift : {0, 1, 3})
        check(*program, tempting("f32", 101), shift);
    }
}

// Each block of 8192 elements in turn brings some of the first, all or none.
TEST_F(SelectionTest, LongRows) {
  for (int64_t k : {1, 8, 50}) {
    auto program = compileForm(alone, {"f32", k});
    ASSERT_TRUE(program);
    const int64_t columns = 25001;
    ReferenceTensor x =
        make("f32", 6, columns, [&](int64_t i, int64_t j) -> Real {
          switch (i) {
          case 0:
            return Real(j);
          case 1:
            return -Real(j);
          case 2:
            return j % 8192 < 3 ? 7 : Real(random() % 7);
          case 3:
            return j < 20000 ? -inf : nan;
          case 4:
            return -inf;
          default:
            return Real(static_cast<int32_t>(random()));
          }
        });
    check(*program, x, k % 2);
  }
}

// Beside the probabilities of the same rows, with every strategy.
TEST_F(SelectionTest, BesideSoftmax) {
  for (auto [element, k, columns, strategy] :
       {std::tuple<StringRef, int64_t, int64_t, StringRef>{"f32", 2, 64, ""},
        {"f16", 8, 128, "rows_per_warp"},
        {"f32", 8, 256, "warp_per_row"},
        {"bf16", 6, 777, "block_per_row"},
        {"f32", 50, 1001, "block_online"},
        {"f64", 5, 301, ""},
        {"f32", 8, 9001, ""}}) {
    SCOPED_TRACE((element + ", " + strategy + ", " + Twine(columns)).str());
    int64_t count = columns > 1000 ? 2 : 17;
    auto program = compileForm(beside, {element, k, count, columns}, strategy);
    ASSERT_TRUE(program);
    check(*program, normal(element, count, columns), 1);
  }
}

// A row region that needs whole vectors, and results that need what it takes
// from them.
TEST_F(SelectionTest, WholeVectors) {
  auto program = compileForm(filter, {"f32", 5});
  ASSERT_TRUE(program);
  for (int64_t columns : {2, 60, 700, 2100, 8300})
    check(*program, normal("f32", 3, columns), columns % 4);
}

// A row per thread: of as few elements as its registers hold, and of more.
TEST_F(SelectionTest, InnerDimension) {
  for (auto [columns, k] :
       {std::pair<int64_t, int64_t>{16, 2}, {5, 8}, {75, 8}, {200, 1}}) {
    std::string text = instantiate(R"mlir(
      #all = affine_map<(i, j, l) -> (i, j, l)>
      #row = affine_map<(i, j, l) -> (i, l)>
      func.func @f(%x: tensor<2x$Nx77xf32>) -> (tensor<2x$Nx77xf32>, tensor<2x77x$Kxf32>, tensor<2x77x$Kxi64>) {
        %h = tensor.empty() : tensor<2x$Nx77xf32>
        %i = tensor.empty() : tensor<2x77x$Kxf32>
        %j = tensor.empty() : tensor<2x77x$Kxi64>
        %y, %v, %c = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = $K>]
          maps = [#all, #all, #row, #row]
          ins(%x : tensor<2x$Nx77xf32>) outs(%h, %i, %j : tensor<2x$Nx77xf32>, tensor<2x77x$Kxf32>, tensor<2x77x$Kxi64>)
          logit { ^bb0(%e: f32): softmax.yield %e, %e : f32, f32 }
          row { ^bb0(%max: f32, %sum: f32, %w: vector<$Kxf32>, %k: vector<$Kxi64>):
            softmax.yield %w, %k : vector<$Kxf32>, vector<$Kxi64> }
          result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
          -> tensor<2x$Nx77xf32>, tensor<2x77x$Kxf32>, tensor<2x77x$Kxi64>
        return %y, %v, %c : tensor<2x$Nx77xf32>, tensor<2x77x$Kxf32>, tensor<2x77x$Kxi64>
      })mlir",
                                   {"f32", k, 2, columns});
    auto program = compile(text);
    ASSERT_TRUE(program);
    ReferenceTensor x = make("f32", 2, columns * 77, [&](int64_t, int64_t) {
      return Real(random() % 50) / 4;
    });
    x.shape = {2, columns, 77};
    check(*program, x, 1);
  }
}

// One kernel reads every element once.  Few elements take a barrier each, more
// of them as many barriers as the first few.
TEST_F(SelectionTest, Traffic) {
  auto few = compileForm(alone, {"f32", 3}),
       many = compileForm(alone, {"f32", 50});
  ASSERT_TRUE(few && many);
  auto run = [&](DeviceProgram &program, const ReferenceTensor &x) {
    auto expected = program.evaluate(x);
    return program.run(x, *expected).counters.front();
  };
  for (int64_t columns : {512, 4096, 16384})
    EXPECT_EQ(run(*many, normal("f32", 2, columns)).globalLoads.sectors,
              uint64_t(2 * columns / 8));
  auto barriers = [&](DeviceProgram &program, int64_t columns) {
    return run(program, normal("f32", 2, columns)).blockBarriers;
  };
  EXPECT_EQ(barriers(*many, 512), 0u);
  EXPECT_EQ(barriers(*few, 4096), 2u * 3);
  // The empty list, two for a bound; for each block one for candidates and one
  // for their ranks.
  EXPECT_EQ(barriers(*many, 4096), 2u * (3 + 2));
  EXPECT_EQ(barriers(*many, 16384), 2u * (3 + 2 * 2));
  // More equal elements than there is room for: candidates come several times,
  // in the first block.
  ReferenceTensor equal =
      make("f32", 2, 16384, [](int64_t, int64_t) { return Real(1); });
  uint64_t again = run(*many, equal).blockBarriers;
  EXPECT_GT(again, 2u * (3 + 2 * 2));
  EXPECT_LT(again, 2u * (3 + 2 * 16));
}

} // namespace
