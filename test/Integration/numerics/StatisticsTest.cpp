// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Softmax does not change when its maximum is wrong by a little, so a wrong
// maximum can hide: here the statistics themselves are results.
#include "Data.h"
#include "Kernel.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

/// `text` with every $ replaced by `type`.
std::string instantiate(StringRef text, StringRef type) {
  std::string result;
  for (char c : text)
    if (c == '$')
      result += type;
    else
      result += c;
  return result;
}

constexpr StringLiteral header = R"mlir(
  #element = affine_map<(d0, d1) -> (d0, d1)>
  #row = affine_map<(d0, d1) -> (d0)>
  func.func @statistics(%x: tensor<?x?x$>) -> (tensor<?x$>, tensor<?x$>) {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x?x$>
    %e = tensor.empty(%n) : tensor<?x$>
    %f = tensor.empty(%n) : tensor<?x$>
)mlir";

class Statistics : public testing::TestWithParam<std::string> {
protected:
  void sweep(StringRef body) {
    std::string text = instantiate((header + body).str(), GetParam());
    Kernel kernel{StringRef(text)};
    Type type = getType(GetParam());
    unsigned seed = 0;
    for (int64_t columns : {0, 1, 2, 7, 16, 17, 64, 65, 300, 5001, 40000})
      for (unsigned kind = 0; kind < numDataKinds; ++kind) {
        if (columns > 5000 && kind % 3 != seed % 3)
          continue;
        SmallVector<int64_t> shape = {columns > 1000 ? 1 : 3, columns};
        ReferenceTensor logits =
            makeLogits(type, shape, static_cast<Data>(kind), ++seed);
        for (Layout layout :
             {Layout::Compact, Layout::Reversed, Layout::Gapped})
          kernel.check({logits}, layout, Layout::Compact,
                       std::to_string(columns) + " columns of " +
                           toString(static_cast<Data>(kind)).str());
      }
  }
};

TEST_P(Statistics, MaximumAndSumOfExponentials) {
  sweep(R"mlir(
    %r:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#element, #row, #row]
      ins(%x : tensor<?x?x$>) outs(%e, %f : tensor<?x$>, tensor<?x$>)
      logit { ^bb0(%l: $): softmax.yield %l : $ }
      row { ^bb0(%max: $, %sum: $): softmax.yield %max, %sum : $, $ }
      -> tensor<?x$>, tensor<?x$>
    return %r#0, %r#1 : tensor<?x$>, tensor<?x$>
  })mlir");
}

TEST_P(Statistics, SumsOfTwoLogits) {
  sweep(R"mlir(
    %r:2 = softmax.generic dimensions = [1] statistics = [#softmax.sum, #softmax.sum] maps = [#element, #row, #row]
      ins(%x : tensor<?x?x$>) outs(%e, %f : tensor<?x$>, tensor<?x$>)
      logit { ^bb0(%l: $):
        %c = arith.constant 0.0625 : $
        %s = arith.mulf %l, %c : $
        softmax.yield %l, %s : $, $ }
      row { ^bb0(%a: $, %b: $): softmax.yield %a, %b : $, $ }
      -> tensor<?x$>, tensor<?x$>
    return %r#0, %r#1 : tensor<?x$>, tensor<?x$>
  })mlir");
}

TEST_P(Statistics, BothInOnePass) {
  sweep(R"mlir(
    %r:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum] maps = [#element, #row, #row]
      ins(%x : tensor<?x?x$>) outs(%e, %f : tensor<?x$>, tensor<?x$>)
      logit { ^bb0(%l: $):
        %h = arith.constant 0.5 : $
        %s = arith.mulf %l, %h : $
        softmax.yield %l, %s : $, $ }
      row { ^bb0(%max: $, %sum: $, %total: $):
        %log = math.log %sum : $
        %lse = arith.addf %max, %log : $
        softmax.yield %lse, %total : $, $ }
      -> tensor<?x$>, tensor<?x$>
    return %r#0, %r#1 : tensor<?x$>, tensor<?x$>
  })mlir");
}

INSTANTIATE_TEST_SUITE_P(All, Statistics, testing::Values("f32", "f64"));

/// Region operations on statistics, coordinates and values handed on: a causal
/// softmax with a sink, beside the gradient's form y * (dy - sum(dy * y)).
TEST(GenericForms, CausalWithASink) {
  Kernel kernel{StringRef(R"mlir(
    func.func @causal(%x: tensor<?x?xf32>, %sink: f32) -> tensor<?x?xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c0 : tensor<?x?xf32>
      %k = tensor.dim %x, %c1 : tensor<?x?xf32>
      %e = tensor.empty(%n, %k) : tensor<?x?xf32>
      %r = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
        maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> ()>, affine_map<(d0, d1) -> (d0, d1)>]
        ins(%x, %sink : tensor<?x?xf32>, f32) outs(%e : tensor<?x?xf32>)
        logit { ^bb0(%l: f32, %s: f32):
          %i = softmax.index 0
          %j = softmax.index 1
          %keep = arith.cmpi ule, %j, %i : index
          %low = arith.constant 0xFF800000 : f32
          %m = arith.select %keep, %l, %low : f32
          softmax.yield %m : f32 }
        row { ^bb0(%s: f32, %max: f32, %sum: f32):
          %d = arith.subf %s, %max : f32
          %t = math.exp %d : f32
          %total = arith.addf %sum, %t : f32
          %factor = arith.divf %sum, %total : f32
          softmax.yield %factor : f32 }
        result { ^bb0(%l: f32, %s: f32, %p: f32, %logp: f32, %factor: f32):
          %q = arith.mulf %p, %factor : f32
          softmax.yield %q : f32 }
        -> tensor<?x?xf32>
      return %r : tensor<?x?xf32>
    })mlir")};
  Type type = getType("f32");
  for (int64_t size : {1, 7, 16, 33, 65, 130})
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Gapped})
      kernel.check({makeLogits(type, {size, size}, Data::Normal, size),
                    makeScalar(type, 0.75)},
                   layout, layout, std::to_string(size) + " tokens");
}

TEST(GenericForms, SoftmaxBackward) {
  Kernel kernel{StringRef(R"mlir(
    #element = affine_map<(d0, d1) -> (d0, d1)>
    func.func @backward(%dy: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %y, %c0 : tensor<?x?xf32>
      %k = tensor.dim %y, %c1 : tensor<?x?xf32>
      %e = tensor.empty(%n, %k) : tensor<?x?xf32>
      %r = softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#element, #element, #element]
        ins(%dy, %y : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>)
        logit { ^bb0(%a: f32, %b: f32): %l = arith.mulf %a, %b : f32 softmax.yield %l : f32 }
        result { ^bb0(%a: f32, %b: f32, %s: f32):
          %d = arith.subf %a, %s : f32
          %g = arith.mulf %b, %d : f32
          softmax.yield %g : f32 }
        -> tensor<?x?xf32>
      return %r : tensor<?x?xf32>
    })mlir")};
  Type type = getType("f32");
  for (int64_t size : {0, 1, 7, 16, 65, 1000})
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Gapped})
      kernel.check({makeLogits(type, {3, size}, Data::Normal, size),
                    makeLogits(type, {3, size}, Data::Tiny, size + 1)},
                   layout, layout, std::to_string(size) + " columns");
}

} // namespace
