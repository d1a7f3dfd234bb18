// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// NaN and infinities at every place of a vector, a tail and a block.
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

ReferenceTensor transpose(const ReferenceTensor &tensor) {
  int64_t rows = tensor.shape[0], columns = tensor.shape[1];
  ReferenceTensor result{tensor.elementType, {columns, rows}};
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t i = 0; i < rows; ++i)
      result.elements.push_back(tensor.elements[i * columns + j]);
  return result;
}

class SpecialValues : public testing::TestWithParam<std::string> {};

// C-NAN-1, C-INF-1, C-INF-2, C-INF-3
TEST_P(SpecialValues, EveryPlace) {
  std::string name = GetParam();
  Type type = getType(name);
  for (const char *op : {"softmax", "log_softmax", "logsumexp"}) {
    OpSpec spec = makeSpec(op, name, 2, "1");
    if (StringRef(op) != "logsumexp")
      spec.with = "lse";
    Kernel kernel(spec);
    for (int64_t columns : {1, 2, 7, 16, 17, 33, 64, 65, 257, 20000}) {
      // More than one block of a sum; one kernel shows it.
      if (columns > 1000 && (name != "f32" || StringRef(op) != "softmax"))
        continue;
      ReferenceTensor rows = makeSpecialRows(type, columns);
      // The three classes: along the row, along the rows, neither.
      for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Gapped})
        if (columns <= 65 || layout == Layout::Compact)
          kernel.check({rows}, layout, layout,
                       std::to_string(columns) + " columns");
    }
  }
}

TEST_P(SpecialValues, ColumnsOfTheOuterDimension) {
  Kernel kernel(makeSpec("softmax", GetParam(), 2, "0"));
  for (int64_t columns : {1, 7, 64, 65})
    kernel.check({transpose(makeSpecialRows(getType(GetParam()), columns))},
                 Layout::Compact, Layout::Compact,
                 std::to_string(columns) + " rows");
}

// C-INF-2
TEST_P(SpecialValues, MaskedRowsMayGiveZero) {
  std::string type = GetParam();
  std::string text = R"mlir(
    func.func @zero(%x: tensor<?x?x$>) -> (tensor<?x?x$>, tensor<?x?x$>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c0 : tensor<?x?x$>
      %k = tensor.dim %x, %c1 : tensor<?x?x$>
      %e = tensor.empty(%n, %k) : tensor<?x?x$>
      %p = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<?x?x$>) outs(%e : tensor<?x?x$>) -> tensor<?x?x$>
      %q = softmax.log_softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<?x?x$>) outs(%e : tensor<?x?x$>) -> tensor<?x?x$>
      return %p, %q : tensor<?x?x$>, tensor<?x?x$>
    })mlir";
  for (size_t at; (at = text.find('$')) != std::string::npos;)
    text.replace(at, 1, type);
  Kernel kernel{StringRef(text)};
  for (int64_t columns : {1, 7, 17, 64, 65})
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Gapped})
      kernel.check({makeSpecialRows(getType(type), columns)}, layout, layout,
                   std::to_string(columns) + " columns");
}

INSTANTIATE_TEST_SUITE_P(All, SpecialValues,
                         testing::Values("f32", "f64", "f16", "bf16"));

// C-BIG-1: an infinite difference of finite logits is no infinite logit.
TEST(SpecialValues, HugeLogitsSumToOne) {
  for (const char *name : {"f32", "f64", "f16", "bf16"}) {
    Kernel kernel(makeSpec("softmax", name, 2, "1"));
    Type type = getType(name);
    for (int64_t columns : {1, 2, 17, 65, 1000}) {
      Buffer logits(makeLogits(type, {4, columns}, Data::Huge, columns),
                    Layout::Compact);
      Buffer result(type, {4, columns}, Layout::Compact);
      ASSERT_EQ(kernel.call({&logits, &result}), 0);
      ReferenceTensor p = result.read();
      for (int64_t row = 0; row < 4; ++row) {
        Real sum = 0;
        for (int64_t i = 0; i < columns; ++i)
          sum += p.elements[row * columns + i].real;
        EXPECT_NEAR(sum, 1, columns * double(unitRoundoff(*getFloatKind(type))))
            << name << " " << columns;
      }
    }
  }
}

// C-BIG-1: log_softmax is -inf where x - m has no finite value; lse is finite.
TEST(SpecialValues, LogOfDistantLogits) {
  std::pair<const char *, Real> types[] = {{"f32", 3e38}, {"f64", 1e308}};
  for (auto [name, huge] : types) {
    OpSpec spec = makeSpec("log_softmax", name, 2, "1");
    spec.with = "lse";
    Kernel kernel(spec);
    Type type = getType(name);
    ReferenceTensor row{type, {1, 3}};
    for (Real logit : {huge, -huge, huge})
      row.elements.push_back({logit});
    Buffer logits(row, Layout::Compact);
    Buffer result(type, {1, 3}, Layout::Compact),
        lse(type, {1}, Layout::Compact);
    ASSERT_EQ(kernel.call({&logits, &result, &lse}), 0);
    ReferenceTensor y = result.read();
    EXPECT_NEAR(double(y.elements[0].real), -std::log(2.0), 1e-6) << name;
    EXPECT_EQ(double(y.elements[1].real), -double(inf)) << name;
    EXPECT_EQ(y.elements[2].real, y.elements[0].real) << name;
    EXPECT_TRUE(std::isfinite(double(lse.read().elements[0].real))) << name;
  }
}

// C-TEMP-1: any finite row is uniform at scale 0, and a NaN scale gives NaN.
TEST(SpecialValues, ScaleZeroAndNaN) {
  OpSpec spec = makeSpec("softmax", "f32", 2, "1");
  spec.with = "scale";
  Kernel kernel(spec);
  Type type = getType("f32");
  for (double scale : {0.0, double(nan), double(inf)})
    for (int64_t columns : {1, 9, 70})
      kernel.check(
          {makeLogits(type, {3, columns}, Data::Wide), makeScalar(type, scale)},
          Layout::Compact, Layout::Compact, "scale " + std::to_string(scale));
}

} // namespace
