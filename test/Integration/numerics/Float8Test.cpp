// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// C-TYPE-1: logits of f8E4M3FN and f8E5M2, with a step per row, against the
// reference; probabilities in f32 and in f8, and lse.
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

std::string makeText(StringRef type) {
  std::string text = R"mlir(
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @main(%x: tensor<?x?x$T>, %step: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?x?x$T>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?x$T>
  %n = tensor.dim %x, %c1 : tensor<?x?x$T>
  %y = tensor.empty(%m, %n) : tensor<?x?xf32>
  %q = tensor.empty(%m, %n) : tensor<?x?x$T>
  %l = tensor.empty(%m) : tensor<?xf32>
  %0:3 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #row, #id, #id, #row]
    ins(%x, %step : tensor<?x?x$T>, tensor<?xf32>) outs(%y, %q, %l : tensor<?x?xf32>, tensor<?x?x$T>, tensor<?xf32>)
    logit {
    ^bb0(%e: $T, %s: f32):
      %0 = arith.extf %e : $T to f32
      %1 = arith.mulf %0, %s : f32
      softmax.yield %1 : f32
    } row {
    ^bb0(%s: f32, %max: f32, %sum: f32):
      %0 = math.log %sum : f32
      %1 = arith.addf %max, %0 : f32
      softmax.yield %1 : f32
    } result {
    ^bb0(%e: $T, %s: f32, %p: f32, %logp: f32):
      %r = arith.truncf %p : f32 to $T
      softmax.yield %p, %r : f32, $T
    } -> tensor<?x?xf32>, tensor<?x?x$T>, tensor<?xf32>
  return %0#0, %0#1, %0#2 : tensor<?x?xf32>, tensor<?x?x$T>, tensor<?xf32>
})mlir";
  for (size_t at; (at = text.find("$T")) != std::string::npos;)
    text.replace(at, 2, type.str());
  return text;
}

class Float8 : public testing::TestWithParam<const char *> {};

TEST_P(Float8, AgainstReference) {
  Kernel kernel{StringRef(makeText(GetParam()))};
  Type type = getType(GetParam()), f32 = getType("f32");
  FloatKind kind = *getFloatKind(type);
  bool hasInfinity = kind == FloatKind::F8E5M2;
  for (int64_t columns : {0, 1, 2, 7, 16, 63, 65, 257, 4500}) {
    const int64_t rows = columns > 1000 ? 3 : 20;
    ReferenceTensor x{type, {rows, columns}}, step{f32, {rows}};
    ReferenceTensor normal =
        makeLogits(f32, {rows, columns}, Data::Normal, columns);
    for (const Scalar &value : normal.elements)
      x.elements.push_back({roundTo(kind, 20 * value.real)});
    for (int64_t i = 0; i < rows; ++i)
      step.elements.push_back(
          {roundTo(FloatKind::F32, std::ldexp(1.3L, i % 5 - 4))});
    auto set = [&](int64_t row, int64_t column, Real value) {
      if (row < rows && columns > 0)
        x.elements[row * columns + column % columns].real = value;
    };
    // One outlier; the largest numbers of both signs; what no row forgives.
    set(0, columns / 2, 448);
    set(1, columns / 3, -448);
    set(2, 0, roundTo(kind, 0x1p-9L));
    set(4, columns - 1, nan);
    if (hasInfinity) {
      set(5, columns - 1, -inf);
      set(6, columns / 2, inf);
      for (int64_t j = 0; j < columns; ++j)
        set(7, j, -inf);
    }
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Padded})
      kernel.check({x, step}, layout, layout,
                   std::to_string(columns) + " columns");
  }
}

INSTANTIATE_TEST_SUITE_P(All, Float8, testing::Values("f8E4M3FN", "f8E5M2"));

} // namespace
