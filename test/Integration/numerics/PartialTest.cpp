// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// stats and merge (C-INF-4): the statistics themselves against the reference,
// where softmax would hide a wrong maximum, and those of a row from its parts.
#include "Data.h"
#include "Kernel.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

constexpr Real inf = std::numeric_limits<Real>::infinity();
constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();

struct Case {
  const char *type;
  const char *accuracy = "default";
  /// How far s may be from the sum in long double, relatively.
  double tolerance = 3e-7;
};

void PrintTo(const Case &value, std::ostream *os) {
  *os << value.type << ' ' << value.accuracy;
}

std::string instantiate(StringRef text, StringRef type) {
  std::string result = text.str();
  auto replace = [&](StringRef from, StringRef to) {
    for (size_t at; (at = result.find(from.str())) != std::string::npos;)
      result.replace(at, from.size(), to.str());
  };
  replace("$T", type);
  replace("$C", type == "f64" ? "f64" : "f32");
  return result;
}

constexpr StringLiteral whole = R"mlir(
func.func @main(%x: tensor<?x?x$T>) -> (tensor<?x$C>, tensor<?xf64>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x$T>
  %i = tensor.empty(%n) : tensor<?x$C>
  %j = tensor.empty(%n) : tensor<?xf64>
  %m, %s = softmax.stats dimensions = [1] ins(%x : tensor<?x?x$T>) outs(%i, %j : tensor<?x$C>, tensor<?xf64>) -> tensor<?x$C>, tensor<?xf64>
  return %m, %s : tensor<?x$C>, tensor<?xf64>
})mlir";

// Parts of rows of x, along its second dimension.
constexpr StringLiteral parts = R"mlir(
func.func @main(%x: tensor<?x?x?x$T>) -> (tensor<?x$C>, tensor<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x?x$T>
  %k = tensor.dim %x, %c1 : tensor<?x?x?x$T>
  %a = tensor.empty(%n, %k) : tensor<?x?x$C>
  %b = tensor.empty(%n, %k) : tensor<?x?xf64>
  %i = tensor.empty(%n) : tensor<?x$C>
  %j = tensor.empty(%n) : tensor<?xf64>
  %ms, %ss = softmax.stats dimensions = [2] ins(%x : tensor<?x?x?x$T>) outs(%a, %b : tensor<?x?x$C>, tensor<?x?xf64>) -> tensor<?x?x$C>, tensor<?x?xf64>
  %m, %s = softmax.merge dimensions = [1] ins(%ms, %ss : tensor<?x?x$C>, tensor<?x?xf64>) outs(%i, %j : tensor<?x$C>, tensor<?xf64>) -> tensor<?x$C>, tensor<?xf64>
  return %m, %s : tensor<?x$C>, tensor<?xf64>
})mlir";

/// Ordinary rows, and rows that statistics trip over: one outlier, masked in
/// part and whole, NaN, infinities.
ReferenceTensor makeRows(Type type, ArrayRef<int64_t> shape, unsigned turn) {
  static constexpr Data kinds[] = {Data::Normal, Data::Outlier, Data::Huge,
                                   Data::Equal, Data::Spread};
  ReferenceTensor x = makeLogits(type, shape, kinds[turn % 5], turn);
  int64_t columns = 1;
  for (int64_t size : shape.drop_front())
    columns *= size;
  if (columns == 0)
    return x;
  auto row = [&](int64_t i) { return x.elements.begin() + i * columns; };
  for (int64_t j = 0; j < columns; ++j) {
    row(2)[j].real = -inf;
    if (j >= columns / 2)
      row(3)[j].real = -inf;
    row(6)[j].real = -inf;
  }
  row(4)[columns / 3].real = nan;
  row(5)[columns / 2].real = inf;
  row(6)[columns - 1].real = nan;
  return x;
}

class Partial : public testing::TestWithParam<Case> {};

TEST_P(Partial, StatisticsOfRows) {
  KernelOptions options;
  options.accuracy = GetParam().accuracy;
  Kernel kernel(StringRef(instantiate(whole, GetParam().type)), options);
  unsigned turn = 0;
  for (int64_t columns : {0, 1, 7, 64, 100, 1000, 4096, 9001})
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Padded})
      kernel.check({makeRows(getType(GetParam().type),
                             {columns > 2000 ? 7 : 21, columns}, ++turn)},
                   layout, Layout::Compact, std::to_string(columns));
}

// Whatever the parts, the statistics are those of the row.
TEST_P(Partial, MergedParts) {
  KernelOptions options;
  options.accuracy = GetParam().accuracy;
  // Three ops, each with every strategy otherwise.
  options.forceStrategy = "three_pass";
  Kernel kernel(StringRef(instantiate(parts, GetParam().type)), options);
  unsigned turn = 0;
  Type type = getType(GetParam().type),
       compute = getType(StringRef(GetParam().type) == "f64" ? "f64" : "f32");
  for (auto [numParts, length] : {std::pair<int64_t, int64_t>(1, 1),
                                  {1, 300},
                                  {300, 1},
                                  {5, 77},
                                  {2, 5000},
                                  {0, 9},
                                  {4, 0}}) {
    std::string what =
        std::to_string(numParts) + " parts of " + std::to_string(length);
    ReferenceTensor x = makeRows(type, {7, numParts, length}, ++turn);
    kernel.check({x}, Layout::Compact, Layout::Compact, what);

    Buffer in(x, Layout::Compact), max(compute, {7}, Layout::Compact),
        sum(getType("f64"), {7}, Layout::Compact);
    ASSERT_EQ(kernel.call({&in, &max, &sum}), 0);
    ReferenceTensor ms = max.read(), ss = sum.read();
    int64_t columns = numParts * length;
    for (int64_t i : {0, 1, 2, 3}) {
      Real m = -inf, s = 0;
      for (int64_t j = 0; j < columns; ++j)
        m = std::max(m, x.elements[i * columns + j].real);
      for (int64_t j = 0; j < columns && m != -inf; ++j)
        s += std::exp(x.elements[i * columns + j].real - m);
      EXPECT_EQ(ms.elements[i].real, m) << what << ", row " << i;
      EXPECT_LE(std::fabs(ss.elements[i].real - s), GetParam().tolerance * s)
          << what << ", row " << i;
    }
    if (columns > 0) {
      EXPECT_TRUE(std::isnan(ss.elements[4].real));
      EXPECT_EQ(ms.elements[5].real, inf);
      EXPECT_GT(ss.elements[5].real, 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Partial,
                         testing::Values(Case{"f32"}, Case{"f16"},
                                         Case{"f64", "default", 1e-15},
                                         Case{"f32", "strict", 2e-8}));

} // namespace
