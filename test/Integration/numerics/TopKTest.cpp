// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// #softmax.topk: the largest logits of a row, in order, and their columns;
// alone, and beside the probabilities of the same row.
#include "Data.h"
#include "Kernel.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

struct Case {
  const char *type;
  int64_t k;
};

void PrintTo(const Case &value, std::ostream *os) {
  *os << value.type << " top " << value.k;
}

/// `text` with $T, $C and $K replaced by the type, the compute type and k.
std::string instantiate(StringRef text, const Case &c) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      result += text[i];
      continue;
    }
    switch (text[++i]) {
    case 'T':
      result += c.type;
      break;
    case 'C':
      result += StringRef(c.type) == "f64" ? "f64" : "f32";
      break;
    default:
      result += std::to_string(c.k);
    }
  }
  return result;
}

constexpr StringLiteral header = R"mlir(
  #element = affine_map<(d0, d1) -> (d0, d1)>
  #row = affine_map<(d0, d1) -> (d0)>
)mlir";

std::string makeSelection(const Case &c) {
  // Narrow elements are extended to the compute type.
  bool narrow = StringRef(c.type).ends_with("16");
  std::string logit = narrow ? "%l = arith.extf %e : $T to f32\n"
                               "softmax.yield %l : $C }"
                             : "softmax.yield %e : $C }";
  return header.str() + instantiate(R"mlir(
  func.func @select(%x: tensor<?x?x$T>) -> (tensor<?x$Kx$C>, tensor<?x$Kxi64>) {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x?x$T>
    %v = tensor.empty(%n) : tensor<?x$Kx$C>
    %c = tensor.empty(%n) : tensor<?x$Kxi64>
    %r:2 = softmax.generic dimensions = [1] statistics = [#softmax.topk<k = $K>] maps = [#element, #row, #row]
      ins(%x : tensor<?x?x$T>) outs(%v, %c : tensor<?x$Kx$C>, tensor<?x$Kxi64>)
      logit { ^bb0(%e: $T):
)mlir" + logit + R"mlir(
      row { ^bb0(%values: vector<$Kx$C>, %columns: vector<$Kxi64>):
        softmax.yield %values, %columns : vector<$Kx$C>, vector<$Kxi64> }
      -> tensor<?x$Kx$C>, tensor<?x$Kxi64>
    return %r#0, %r#1 : tensor<?x$Kx$C>, tensor<?x$Kxi64>
  })mlir",
                                    c);
}

/// Probabilities of the row, and the k largest of them with their columns.
std::string makeSoftmax(const Case &c) {
  return header.str() + instantiate(R"mlir(
  func.func @softmax_topk(%x: tensor<?x?x$T>) -> (tensor<?x?x$T>, tensor<?x$Kx$T>, tensor<?x$Kxi32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %x, %c0 : tensor<?x?x$T>
    %m = tensor.dim %x, %c1 : tensor<?x?x$T>
    %y = tensor.empty(%n, %m) : tensor<?x?x$T>
    %v = tensor.empty(%n) : tensor<?x$Kx$T>
    %c = tensor.empty(%n) : tensor<?x$Kxi32>
    %r:3 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = $K>] maps = [#element, #element, #row, #row]
      ins(%x : tensor<?x?x$T>) outs(%y, %v, %c : tensor<?x?x$T>, tensor<?x$Kx$T>, tensor<?x$Kxi32>)
      logit { ^bb0(%l: $T): softmax.yield %l, %l : $T, $T }
      row { ^bb0(%max: $T, %sum: $T, %values: vector<$Kx$T>, %columns: vector<$Kxi64>):
        %maxes = vector.broadcast %max : $T to vector<$Kx$T>
        %below = arith.subf %values, %maxes : vector<$Kx$T>
        %e = math.exp %below : vector<$Kx$T>
        %sums = vector.broadcast %sum : $T to vector<$Kx$T>
        %p = arith.divf %e, %sums : vector<$Kx$T>
        %short = arith.trunci %columns : vector<$Kxi64> to vector<$Kxi32>
        softmax.yield %p, %short : vector<$Kx$T>, vector<$Kxi32> }
      result { ^bb0(%l: $T, %p: $T, %logp: $T): softmax.yield %p : $T }
      -> tensor<?x?x$T>, tensor<?x$Kx$T>, tensor<?x$Kxi32>
    return %r#0, %r#1, %r#2 : tensor<?x?x$T>, tensor<?x$Kx$T>, tensor<?x$Kxi32>
  })mlir",
                                    c);
}

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

/// Rows that tempt a selection: orders, ties, NaN and infinities.
SmallVector<std::pair<StringRef, ReferenceTensor>> makeRows(StringRef type,
                                                            int64_t columns) {
  SmallVector<std::pair<StringRef, ReferenceTensor>> all;
  uint64_t state = 12345;
  auto add = [&](StringRef name, function_ref<double(int64_t, uint64_t)> of) {
    ReferenceTensor tensor =
        makeLogits(getType(type), {2, columns}, Data::Normal);
    for (int64_t i = 0; i < 2 * columns; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      tensor.elements[i].real = of(i % columns, state >> 33);
    }
    all.push_back({name, tensor});
  };
  // Exact in every type.
  add("ascending", [](int64_t j, uint64_t) { return 0.125 * (j % 256); });
  add("descending", [](int64_t j, uint64_t) { return -0.125 * (j % 256); });
  add("equal", [](int64_t, uint64_t) { return 3.5; });
  add("ties", [](int64_t, uint64_t r) { return int64_t(r % 5) - 2.0; });
  add("zeros of both signs",
      [](int64_t, uint64_t r) { return r % 2 ? 0.0 : -0.0; });
  add("denormal", [&](int64_t, uint64_t r) {
    double unit = type == "f64"   ? 0x1p-1070
                  : type == "f16" ? 0x1p-22
                                  : 0x1p-130;
    return (int64_t(r % 7) - 3) * unit;
  });
  add("masked but one",
      [&](int64_t j, uint64_t) { return j == columns / 2 ? 1.0 : -infinity; });
  add("masked", [](int64_t, uint64_t) { return -infinity; });
  add("special", [](int64_t, uint64_t r) {
    return r % 8 == 0   ? notANumber
           : r % 8 == 1 ? infinity
           : r % 8 < 4  ? -infinity
                        : double(r % 16);
  });
  return all;
}

class TopK : public testing::TestWithParam<Case> {
protected:
  void sweep(Kernel &kernel) {
    ASSERT_TRUE(kernel.isCompiled());
    for (int64_t columns : {0, 1, 3, 15, 16, 17, 63, 64, 65, 300, 4097}) {
      std::string what = std::to_string(columns) + " columns, ";
      for (auto &[name, tensor] : makeRows(GetParam().type, columns))
        kernel.check({tensor}, Layout::Compact, Layout::Compact,
                     what + name.str());
      for (Data data : {Data::Normal, Data::Outlier, Data::Huge})
        for (Layout layout :
             {Layout::Compact, Layout::Reversed, Layout::Gapped})
          kernel.check({makeLogits(getType(GetParam().type), {3, columns}, data,
                                   columns)},
                       layout, layout, what + toString(data).str());
    }
  }
};

TEST_P(TopK, ValuesAndColumns) {
  Kernel kernel{StringRef(makeSelection(GetParam()))};
  sweep(kernel);
}

class TopKBesideSoftmax : public TopK {};

// Every strategy for the probabilities, with the same selection.
TEST_P(TopKBesideSoftmax, EveryStrategy) {
  std::string text = makeSoftmax(GetParam());
  for (const char *strategy :
       {"", "registers", "pipe3", "pipe2", "online", "three_pass", "packed"}) {
    SCOPED_TRACE(strategy);
    KernelOptions options;
    options.forceStrategy = strategy;
    Kernel kernel(StringRef(text), options);
    sweep(kernel);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TopK,
                         testing::Values(Case{"f32", 1}, Case{"f32", 8},
                                         Case{"f32", 33}, Case{"f64", 5},
                                         Case{"f64", 64}, Case{"f16", 8},
                                         Case{"bf16", 16}));
INSTANTIATE_TEST_SUITE_P(All, TopKBesideSoftmax,
                         testing::Values(Case{"f32", 8}, Case{"f64", 5}));

// A linalg loop for the largest and its place, beside a softmax of the same
// rows: one pass.
TEST(TopK, ArgMaxBesideSoftmax) {
  Kernel kernel(StringRef(R"mlir(
  #id = affine_map<(i, j) -> (i, j)>
  #row = affine_map<(i, j) -> (i)>
  func.func @classify(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>, tensor<?xi64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %m = tensor.dim %x, %c0 : tensor<?x?xf32>
    %n = tensor.dim %x, %c1 : tensor<?x?xf32>
    %e = tensor.empty(%m, %n) : tensor<?x?xf32>
    %p = linalg.softmax dimension(1) ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
    %ninf = arith.constant 0xFF800000 : f32
    %zero = arith.constant 0 : i64
    %ev = tensor.empty(%m) : tensor<?xf32>
    %ei = tensor.empty(%m) : tensor<?xi64>
    %v0 = linalg.fill ins(%ninf : f32) outs(%ev : tensor<?xf32>) -> tensor<?xf32>
    %i0 = linalg.fill ins(%zero : i64) outs(%ei : tensor<?xi64>) -> tensor<?xi64>
    %r:2 = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x?xf32>) outs(%v0, %i0 : tensor<?xf32>, tensor<?xi64>) {
    ^bb0(%a: f32, %b: f32, %i: i64):
      %j = linalg.index 1 : index
      %k = arith.index_cast %j : index to i64
      %larger = arith.cmpf ogt, %a, %b fastmath<nnan,nsz> : f32
      %best = arith.select %larger, %a, %b : f32
      %at = arith.select %larger, %k, %i : i64
      linalg.yield %best, %at : f32, i64
    } -> (tensor<?xf32>, tensor<?xi64>)
    return %p, %r#0, %r#1 : tensor<?x?xf32>, tensor<?xf32>, tensor<?xi64>
  })mlir"));
  Kernel::Passes passes = kernel.countPasses();
  EXPECT_EQ(passes.softmax, 1u);
  EXPECT_EQ(passes.loops, 0u);
  EXPECT_EQ(passes.buffers, 0u);
  for (int64_t columns : {0, 1, 7, 64, 100, 5000}) {
    ReferenceTensor x =
        makeLogits(getType("f32"), {9, columns}, Data::Normal, columns);
    // Equal ones, an outlier at the end, a masked row.
    for (int64_t j = 0; j < columns; ++j) {
      x.elements[j].real = 3;
      x.elements[2 * columns + j].real = -std::numeric_limits<Real>::infinity();
    }
    if (columns > 0)
      x.elements[2 * columns - 1].real = 1e30L;
    for (Layout layout : {Layout::Compact, Layout::Padded, Layout::Reversed})
      kernel.check({x}, layout, layout, std::to_string(columns));
  }
}

} // namespace
