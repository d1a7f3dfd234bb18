// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-differentiate in f64, compiled and evaluated by the reference,
// against central differences: the family, alone and in networks.
#include "Data.h"
#include "Differentiated.h"
#include "Kernel.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

/// Elements of a mask: all but every third, and none of `maskedRow`.
ReferenceTensor makeMask(ArrayRef<int64_t> shape, int64_t maskedRow) {
  ReferenceTensor mask{getType("i1"), llvm::to_vector(shape)};
  for (int64_t i = 0, e = mask.getNumElements(); i < e; ++i) {
    bool on = i % 3 != 1 && i / shape.back() != maskedRow;
    mask.elements.push_back({0, 0, on ? -1 : 0});
  }
  return mask;
}

ReferenceTensor makeClasses(ArrayRef<int64_t> classes) {
  ReferenceTensor labels{getType("i64"), {int64_t(classes.size())}};
  for (int64_t label : classes)
    labels.elements.push_back({0, 0, label});
  return labels;
}

// C-INF-2, C-MASK-1: what stands under a mask is not seen, and a fully masked
// row has gradient 0 whatever the cotangents of its results are.
TEST(Differentiate, MaskedRows) {
  constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();
  for (StringRef op : {"softmax", "log_softmax"}) {
    Differentiated f(
        (R"mlir(
      func.func @f(%x: tensor<4x7xf64>, %s: f64, %b: tensor<7xf64>, %m: tensor<4x7xi1>) -> (tensor<4x7xf64>, tensor<4xf64>) {
        %i = tensor.empty() : tensor<4x7xf64>
        %j = tensor.empty() : tensor<4xf64>
        %p, %l = softmax.)mlir" +
         op + R"mlir( dimensions = [1] {masked_row = #softmax.masked_row<zero>}
          ins(%x : tensor<4x7xf64>) scale(%s : f64) bias(%b : tensor<7xf64>) mask(%m : tensor<4x7xi1>)
          outs(%i, %j : tensor<4x7xf64>, tensor<4xf64>) -> tensor<4x7xf64>, tensor<4xf64>
        return %p, %l : tensor<4x7xf64>, tensor<4xf64>
      })mlir")
            .str());
    ReferenceTensor x = makeInput({4, 7}), mask = makeMask({4, 7}, 2);
    ReferenceTensor dy = makeInput({4, 7}, 3), dlse = makeInput({4}, 4);
    x.elements[1].real = x.elements[15].real = nan;
    dy.elements[16].real = nan;
    dlse.elements[2].real = std::numeric_limits<Real>::infinity();
    f.setInputs({x, makeScalar(getType("f64"), 0.7), makeInput({7}, 1), mask});
    f.setCotangents({dy, dlse});
    SmallVector<ReferenceTensor> gradients = f.compileGradients();
    ASSERT_EQ(gradients.size(), 3u);
    for (auto [gradient, on] :
         llvm::zip_equal(gradients[0].elements, mask.elements)) {
      EXPECT_TRUE(std::isfinite(gradient.real));
      EXPECT_EQ(gradient.real != 0, on.integer != 0);
    }
    for (const ReferenceTensor &gradient : {gradients[1], gradients[2]})
      for (const Scalar &element : gradient.elements)
        EXPECT_TRUE(std::isfinite(element.real));
  }
}

TEST(Differentiate, Softmax) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<?x7xf64>, %s: f64, %b: tensor<7xf64>, %m: tensor<?x7xi1>) -> (tensor<?x7xf64>, tensor<?xf64>) {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?x7xf64>
      %i = tensor.empty(%n) : tensor<?x7xf64>
      %j = tensor.empty(%n) : tensor<?xf64>
      %p, %l = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>}
        ins(%x : tensor<?x7xf64>) scale(%s : f64) bias(%b : tensor<7xf64>) mask(%m : tensor<?x7xi1>)
        outs(%i, %j : tensor<?x7xf64>, tensor<?xf64>) -> tensor<?x7xf64>, tensor<?xf64>
      %zero = arith.constant 0.0 : f64
      %none = arith.constant 0xFFF0000000000000 : f64
      %finite = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%l : tensor<?xf64>) outs(%j : tensor<?xf64>) {
      ^bb0(%e: f64, %o: f64):
        %masked = arith.cmpf oeq, %e, %none : f64
        %r = arith.select %masked, %zero, %e : f64
        linalg.yield %r : f64
      } -> tensor<?xf64>
      return %p, %finite : tensor<?x7xf64>, tensor<?xf64>
    })mlir");
  f.setInputs({makeInput({4, 7}), makeScalar(getType("f64"), 0.7),
               makeInput({7}, 1), makeMask({4, 7}, 2)});
  f.checkAll();
}

// A bias that repeats along two dimensions, joint softmax dimensions, and a
// mask under which log_softmax is -inf.
TEST(Differentiate, LogSoftmax) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<3x4x5xf64>, %s: f64, %b: tensor<4x1xf64>, %m: tensor<4x5xi1>) -> (tensor<3x4x5xf64>, tensor<4xf64>) {
      %i = tensor.empty() : tensor<3x4x5xf64>
      %j = tensor.empty() : tensor<4xf64>
      %p, %l = softmax.log_softmax dimensions = [0, 2] ins(%x : tensor<3x4x5xf64>) scale(%s : f64)
        bias(%b : tensor<4x1xf64>) mask(%m : tensor<4x5xi1>)
        outs(%i, %j : tensor<3x4x5xf64>, tensor<4xf64>) -> tensor<3x4x5xf64>, tensor<4xf64>
      %zero = arith.constant 0.0 : f64
      %kept = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j, k)>],
                              iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%p, %m : tensor<3x4x5xf64>, tensor<4x5xi1>) outs(%i : tensor<3x4x5xf64>) {
      ^bb0(%e: f64, %on: i1, %o: f64):
        %r = arith.select %on, %e, %zero : f64
        linalg.yield %r : f64
      } -> tensor<3x4x5xf64>
      return %kept, %l : tensor<3x4x5xf64>, tensor<4xf64>
    })mlir");
  f.setInputs({makeInput({3, 4, 5}), makeScalar(getType("f64"), -1.3),
               makeInput({4, 1}, 1), makeMask({4, 5}, -1)});
  f.checkAll();
}

TEST(Differentiate, LogSumExp) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<6x?xf64>, %s: f64, %b: tensor<6x?xf64>) -> tensor<?xf64> {
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c1 : tensor<6x?xf64>
      %i = tensor.empty(%n) : tensor<?xf64>
      %l = softmax.logsumexp dimensions = [0] ins(%x : tensor<6x?xf64>) scale(%s : f64) bias(%b : tensor<6x?xf64>)
        outs(%i : tensor<?xf64>) -> tensor<?xf64>
      return %l : tensor<?xf64>
    })mlir");
  f.setInputs({makeInput({6, 3}), makeScalar(getType("f64"), 1.7),
               makeInput({6, 3}, 1)});
  f.checkAll();
}

// C-LABEL-1: an ignored row counts through its lse alone.
TEST(Differentiate, CrossEntropyOfClasses) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<4x6xf64>, %t: tensor<4xi64>) -> (tensor<4xf64>, tensor<4xf64>) {
      %i = tensor.empty() : tensor<4xf64>
      %loss, %l = softmax.cross_entropy dimensions = [1] {ignore_index = -100 : i64, label_smoothing = 1.000000e-01 : f64}
        ins(%x, %t : tensor<4x6xf64>, tensor<4xi64>) outs(%i, %i : tensor<4xf64>, tensor<4xf64>) -> tensor<4xf64>, tensor<4xf64>
      return %loss, %l : tensor<4xf64>, tensor<4xf64>
    })mlir");
  f.setInputs({makeInput({4, 6}), makeClasses({5, -100, 0, 2})});
  f.checkAll();
}

// Labels that are computed, with respect to their logits as well.
TEST(Differentiate, CrossEntropyOfProbabilities) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<3x5xf64>, %teacher: tensor<3x5xf64>) -> tensor<3xf64> {
      %i = tensor.empty() : tensor<3x5xf64>
      %t = softmax.softmax dimensions = [1] ins(%teacher : tensor<3x5xf64>) outs(%i : tensor<3x5xf64>) -> tensor<3x5xf64>
      %j = tensor.empty() : tensor<3xf64>
      %loss = softmax.cross_entropy dimensions = [1] {label_smoothing = 2.500000e-01 : f64}
        ins(%x, %t : tensor<3x5xf64>, tensor<3x5xf64>) outs(%j : tensor<3xf64>) -> tensor<3xf64>
      return %loss : tensor<3xf64>
    })mlir");
  f.setInputs({makeInput({3, 5}), makeInput({3, 5}, 1)});
  f.checkAll();
}

// Two products, a bias in the body and one as the product's destination, tanh,
// relu, the mean of a loss.
TEST(Differentiate, Perceptron) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<?x5xf64>, %w1: tensor<5x6xf64>, %b1: tensor<6xf64>, %w2: tensor<6x4xf64>, %b2: tensor<4xf64>, %t: tensor<?xi64>) -> tensor<f64> {
      %c0 = arith.constant 0 : index
      %zero = arith.constant 0.0 : f64
      %n = tensor.dim %x, %c0 : tensor<?x5xf64>
      %e0 = tensor.empty(%n) : tensor<?x6xf64>
      %z0 = linalg.fill ins(%zero : f64) outs(%e0 : tensor<?x6xf64>) -> tensor<?x6xf64>
      %h0 = linalg.matmul ins(%x, %w1 : tensor<?x5xf64>, tensor<5x6xf64>) outs(%z0 : tensor<?x6xf64>) -> tensor<?x6xf64>
      %h = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
        ins(%h0, %b1 : tensor<?x6xf64>, tensor<6xf64>) outs(%e0 : tensor<?x6xf64>) {
      ^bb0(%a: f64, %b: f64, %o: f64):
        %sum = arith.addf %a, %b : f64
        %tanh = math.tanh %sum : f64
        %positive = arith.maximumf %sum, %zero : f64
        %r = arith.addf %tanh, %positive : f64
        linalg.yield %r : f64
      } -> tensor<?x6xf64>
      %e1 = tensor.empty(%n) : tensor<?x4xf64>
      %bb = linalg.broadcast ins(%b2 : tensor<4xf64>) outs(%e1 : tensor<?x4xf64>) dimensions = [0]
      %y = linalg.matmul ins(%h, %w2 : tensor<?x6xf64>, tensor<6x4xf64>) outs(%bb : tensor<?x4xf64>) -> tensor<?x4xf64>
      %e2 = tensor.empty(%n) : tensor<?xf64>
      %loss = softmax.cross_entropy dimensions = [1] ins(%y, %t : tensor<?x4xf64>, tensor<?xi64>) outs(%e2 : tensor<?xf64>) -> tensor<?xf64>
      %e3 = tensor.empty() : tensor<f64>
      %z3 = linalg.fill ins(%zero : f64) outs(%e3 : tensor<f64>) -> tensor<f64>
      %sum = linalg.reduce { arith.addf } ins(%loss : tensor<?xf64>) outs(%z3 : tensor<f64>) dimensions = [0]
      %total = tensor.extract %sum[] : tensor<f64>
      %i = arith.index_cast %n : index to i64
      %count = arith.sitofp %i : i64 to f64
      %mean = arith.divf %total, %count : f64
      %result = tensor.from_elements %mean : tensor<f64>
      return %result : tensor<f64>
    })mlir");
  f.setInputs({makeInput({3, 5}), makeInput({5, 6}, 1), makeInput({6}, 2),
               makeInput({6, 4}, 3), makeInput({4}, 4),
               makeClasses({3, 0, 2})});
  f.setCotangents({makeScalar(getType("f64"), 1)});
  f.checkAll();
}

// softmax(Q K^T scale, masked) V, causal by linalg.index, K transposed by the
// map of the product.
TEST(Differentiate, Attention) {
  Differentiated f(R"mlir(
    func.func @f(%q: tensor<2x4x3xf64>, %k: tensor<2x4x3xf64>, %v: tensor<2x4x5xf64>, %s: f64, %m: tensor<2x1x4xi1>) -> tensor<2x4x5xf64> {
      %zero = arith.constant 0.0 : f64
      %e0 = tensor.empty() : tensor<2x4x4xf64>
      %z0 = linalg.fill ins(%zero : f64) outs(%e0 : tensor<2x4x4xf64>) -> tensor<2x4x4xf64>
      %scores = linalg.batch_matmul
        indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, n, k)>, affine_map<(b, m, n, k) -> (b, m, n)>]
        ins(%q, %k : tensor<2x4x3xf64>, tensor<2x4x3xf64>) outs(%z0 : tensor<2x4x4xf64>) -> tensor<2x4x4xf64>
      %causal = linalg.generic {indexing_maps = [affine_map<(b, i, j) -> (b, i, j)>, affine_map<(b, i, j) -> (b, i, j)>],
                                iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%scores : tensor<2x4x4xf64>) outs(%e0 : tensor<2x4x4xf64>) {
      ^bb0(%e: f64, %o: f64):
        %i = linalg.index 1 : index
        %j = linalg.index 2 : index
        %seen = arith.cmpi sle, %j, %i : index
        %never = arith.constant 0xFFF0000000000000 : f64
        %r = arith.select %seen, %e, %never : f64
        linalg.yield %r : f64
      } -> tensor<2x4x4xf64>
      %p = softmax.softmax dimensions = [2] {masked_row = #softmax.masked_row<zero>} ins(%causal : tensor<2x4x4xf64>)
        scale(%s : f64) mask(%m : tensor<2x1x4xi1>) outs(%e0 : tensor<2x4x4xf64>) -> tensor<2x4x4xf64>
      %e1 = tensor.empty() : tensor<2x4x5xf64>
      %z1 = linalg.fill ins(%zero : f64) outs(%e1 : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
      %y = linalg.batch_matmul ins(%p, %v : tensor<2x4x4xf64>, tensor<2x4x5xf64>) outs(%z1 : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
      return %y : tensor<2x4x5xf64>
    })mlir");
  f.setInputs({makeInput({2, 4, 3}), makeInput({2, 4, 3}, 1),
               makeInput({2, 4, 5}, 2), makeScalar(getType("f64"), 0.5),
               makeMask({2, 1, 4}, -1)});
  f.checkAll();
}

// C-TYPE-2: of narrow types the gradients are those of f64 but for the rounding
// of logits, probabilities and results, and compiled code is within its bounds.
TEST(Differentiate, NarrowTypes) {
  std::string text = R"mlir(
    func.func @f(%x: tensor<5x70x$X>, %s: $C, %b: tensor<70x$B>, %w: tensor<70x3x$X>) -> (tensor<5x3x$X>, tensor<5x$C>) {
      %i = tensor.empty() : tensor<5x70x$X>
      %j = tensor.empty() : tensor<5x$C>
      %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<5x70x$X>) scale(%s : $C) bias(%b : tensor<70x$B>)
        outs(%i, %j : tensor<5x70x$X>, tensor<5x$C>) -> tensor<5x70x$X>, tensor<5x$C>
      %zero = arith.constant 0.0 : $X
      %e = tensor.empty() : tensor<5x3x$X>
      %z = linalg.fill ins(%zero : $X) outs(%e : tensor<5x3x$X>) -> tensor<5x3x$X>
      %y = linalg.matmul ins(%p, %w : tensor<5x70x$X>, tensor<70x3x$X>) outs(%z : tensor<5x3x$X>) -> tensor<5x3x$X>
      return %y, %l : tensor<5x3x$X>, tensor<5x$C>
    })mlir";
  auto replace = [&](std::string in, StringRef from, StringRef to) {
    for (size_t at; (at = in.find(from.str())) != std::string::npos;)
      in.replace(at, from.size(), to.str());
    return in;
  };
  auto make = [&](StringRef x, StringRef bias, StringRef compute) {
    return replace(replace(replace(text, "$X", x), "$B", bias), "$C", compute);
  };
  for (auto [x, bias] : {std::pair("f16", "f32"), std::pair("bf16", "bf16"),
                         std::pair("f32", "f16")}) {
    SCOPED_TRACE(x);
    Differentiated narrow(make(x, bias, "f32"));
    Differentiated wide(make("f64", "f64", "f64"));
    auto input = [&](StringRef type, ArrayRef<int64_t> shape, unsigned seed) {
      return makeLogits(getType(type), shape, Data::Normal, seed);
    };
    auto widen = [&](ReferenceTensor tensor) {
      tensor.elementType = getType("f64");
      return tensor;
    };
    SmallVector<ReferenceTensor> inputs = {
        input(x, {5, 70}, 0), makeScalar(getType("f32"), 0.75),
        input(bias, {70}, 1), input(x, {70, 3}, 2)};
    SmallVector<ReferenceTensor> cotangents = {input(x, {5, 3}, 3),
                                               input("f32", {5}, 4)};
    narrow.setInputs(inputs);
    narrow.setCotangents(cotangents);
    wide.setInputs(llvm::map_to_vector(inputs, widen));
    wide.setCotangents(llvm::map_to_vector(cotangents, widen));
    SmallVector<ReferenceTensor> expected = wide.evaluateGradients();
    // A few roundings of the narrowest type, of numbers below 4.
    double tolerance = StringRef(x) == "f32"   ? 1e-3
                       : StringRef(x) == "f16" ? 8e-3
                                               : 6e-2;
    for (auto [gradient, want, given] :
         llvm::zip_equal(narrow.compileGradients(), expected, inputs)) {
      EXPECT_EQ(gradient.elementType, given.elementType);
      for (auto [a, b] : llvm::zip_equal(gradient.elements, want.elements))
        EXPECT_NEAR(double(a.real), double(b.real), tolerance);
    }
  }
}

} // namespace
