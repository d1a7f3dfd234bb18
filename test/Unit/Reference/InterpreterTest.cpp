// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The oracle against numbers worked out otherwise.
#include "softmax/Reference/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Reference/Comparison.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax::reference;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Equal but for two units of long double.
bool agrees(Real x, Real y) {
  return std::fabs(x - y) <= std::ldexp(std::fabs(y), -62);
}

class InterpreterTest : public ::testing::Test {
protected:
  InterpreterTest() {
    context.loadDialect<func::FuncDialect, linalg::LinalgDialect,
                        tensor::TensorDialect, softmax::SoftmaxDialect,
                        vector::VectorDialect>();
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      diagnostics += diagnostic.str();
      return success();
    });
  }

  /// The first function of `text`.
  func::FuncOp parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    if (!module) {
      ADD_FAILURE() << diagnostics;
      return nullptr;
    }
    return *module->getOps<func::FuncOp>().begin();
  }

  ReferenceTensor floats(ArrayRef<int64_t> shape, ArrayRef<float> values) {
    return decodeTensor(Float32Type::get(&context), shape, values.data());
  }
  ReferenceTensor integers(unsigned width, ArrayRef<int64_t> shape,
                           ArrayRef<int64_t> values) {
    ReferenceTensor tensor{IntegerType::get(&context, width),
                           llvm::to_vector(shape)};
    for (int64_t value : values)
      tensor.elements.push_back(Scalar{0, 0, value});
    return tensor;
  }

  SmallVector<ReferenceTensor> run(StringRef text,
                                   ArrayRef<ReferenceTensor> arguments) {
    func::FuncOp function = parse(text);
    if (!function)
      return {};
    FailureOr<SmallVector<ReferenceTensor>> results =
        evaluateFunction(function, arguments);
    if (succeeded(results))
      return *results;
    ADD_FAILURE() << diagnostics;
    return {};
  }

  /// The message that refuses `text` with these arguments.
  std::string refusal(StringRef text, ArrayRef<ReferenceTensor> arguments) {
    func::FuncOp function = parse(text);
    diagnostics.clear();
    if (function && succeeded(evaluateFunction(function, arguments)))
      return "nothing was refused";
    return diagnostics;
  }

  static std::vector<Real> reals(const ReferenceTensor &tensor) {
    std::vector<Real> result;
    for (const Scalar &element : tensor.elements)
      result.push_back(element.real);
    return result;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string diagnostics;
};

constexpr StringLiteral softmaxText = R"mlir(
  func.func @f(%x: tensor<?x3xf32>, %init: tensor<?x3xf32>, %l: tensor<?xf32>) -> (tensor<?x3xf32>, tensor<?xf32>) {
    %y:2 = softmax.softmax dimensions = [1] ins(%x : tensor<?x3xf32>) outs(%init, %l : tensor<?x3xf32>, tensor<?xf32>) -> tensor<?x3xf32>, tensor<?xf32>
    return %y#0, %y#1 : tensor<?x3xf32>, tensor<?xf32>
  })mlir";

TEST_F(InterpreterTest, ProbabilitiesInLongDouble) {
  SmallVector<ReferenceTensor> results = run(
      softmaxText, {floats({2, 3}, {1, 2, 4, 0, 0, 0}),
                    floats({2, 3}, {0, 0, 0, 0, 0, 0}), floats({2}, {0, 0})});
  ASSERT_EQ(results.size(), 2u);
  // Not rounded to f32: a third to 64 bits.
  EXPECT_EQ(results[0].elements[3].real, 1.0L / 3);
  // exp(1) / (exp(1) + exp(2) + exp(4)), to 20 digits.
  EXPECT_TRUE(agrees(results[0].elements[0].real, 0.0420100661340660510180L));
  EXPECT_TRUE(agrees(results[1].elements[0].real, 4.1698460195562856487789L));
  EXPECT_TRUE(agrees(results[1].elements[1].real, 1.0986122886681096913952L));
  // (4 + 1.25 |x - m|) ULP: |x - m| = 3, and 0.042 lies between 2^-5 and 2^-4.
  EXPECT_EQ(results[0].elements[0].error, 7.75 * std::ldexp(1.0, -28));
  EXPECT_EQ(results[0].elements[2].error, 4 * std::ldexp(1.0, -24));
}

// C-NAN-1, C-INF-1, C-INF-2, C-INF-3, C-BIG-1
TEST_F(InterpreterTest, SpecialRows) {
  SmallVector<ReferenceTensor> results =
      run(softmaxText,
          {floats({7, 3}, {nan,  -inf, 1,    inf,  0,       -inf,    -inf,
                           -inf, -inf, -inf, 2,    -inf,    inf,     nan,
                           0,    nan,  -inf, -inf, 3.4e38f, 3.4e38f, -3.4e38f}),
           floats({7, 3}, std::vector<float>(21)),
           floats({7}, std::vector<float>(7))});
  ASSERT_EQ(results.size(), 2u);
  std::vector<Real> p = reals(results[0]), lse = reals(results[1]);
  for (unsigned row : {0u, 1u, 2u, 4u, 5u})
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_TRUE(std::isnan(p[3 * row + i])) << row;
  EXPECT_TRUE(std::isnan(lse[0]));
  EXPECT_EQ(lse[1], inf);
  EXPECT_EQ(lse[2], -inf);
  EXPECT_EQ(std::vector<Real>(p.begin() + 9, p.begin() + 12),
            (std::vector<Real>{0, 1, 0}));
  EXPECT_EQ(results[0].elements[9].error, 0);
  EXPECT_EQ(lse[3], 2);
  EXPECT_TRUE(std::isnan(lse[4]));
  EXPECT_TRUE(std::isnan(lse[5]));
  EXPECT_EQ(std::vector<Real>(p.begin() + 18, p.end()),
            (std::vector<Real>{0.5, 0.5, 0}));
}

// C-AXIS-2
TEST_F(InterpreterTest, EmptyRows) {
  SmallVector<ReferenceTensor> results =
      run(R"mlir(
    func.func @f(%x: tensor<2x?xf32>, %l: tensor<2xf32>) -> tensor<2xf32> {
      %y = softmax.logsumexp dimensions = [1] ins(%x : tensor<2x?xf32>) outs(%l : tensor<2xf32>) -> tensor<2xf32>
      return %y : tensor<2xf32>
    })mlir",
          {floats({2, 0}, {}), floats({2}, {0, 0})});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(reals(results[0]), (std::vector<Real>{-inf, -inf}));
}

// C-MASK-1, C-TEMP-1, C-INF-2 with masked_row = zero
TEST_F(InterpreterTest, ScaleBiasMask) {
  constexpr StringLiteral text = R"mlir(
    func.func @f(%x: tensor<2x2x2xf32>, %s: f32, %b: tensor<2x1xf32>, %m: tensor<2x2xi1>, %i: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> {
      %y = softmax.softmax dimensions = [0, 2] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<2x2x2xf32>)
        scale(%s : f32) bias(%b : tensor<2x1xf32>) mask(%m : tensor<2x2xi1>) outs(%i : tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
      return %y : tensor<2x2x2xf32>
    })mlir";
  // The masked row of d1 = 1 holds a NaN; row d1 = 0 keeps its first column.
  ReferenceTensor x = floats({2, 2, 2}, {1, nan, nan, 1, 1.5f, 7, 1, 1});
  SmallVector<ReferenceTensor> results =
      run(text, {x, floats({}, {2}), floats({2, 1}, {100, 200}),
                 integers(1, {2, 2}, {-1, 0, 0, 0}),
                 floats({2, 2, 2}, std::vector<float>(8))});
  ASSERT_EQ(results.size(), 1u);
  std::vector<Real> p = reals(results[0]);
  Real expected = 1 / (1 + std::exp(Real(1)));
  EXPECT_TRUE(agrees(p[0], expected));
  EXPECT_TRUE(agrees(p[4], 1 - expected));
  for (unsigned i : {1u, 2u, 3u, 5u, 6u, 7u})
    EXPECT_EQ(p[i], 0) << i;
}

TEST_F(InterpreterTest, LogitsAreRoundedStatisticsAreNot) {
  // 1 + 2^-24 is 1 in f32: both logits are equal, and p is a half.
  SmallVector<ReferenceTensor> results =
      run(R"mlir(
    func.func @f(%x: tensor<2xf32>, %i: tensor<2xf32>) -> tensor<2xf32> {
      %y = softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
        maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>]
        ins(%x : tensor<2xf32>) outs(%i : tensor<2xf32>)
        logit { ^bb0(%e: f32): %one = arith.constant 1.0 : f32 %l = arith.addf %e, %one : f32 softmax.yield %l : f32 }
        result { ^bb0(%e: f32, %p: f32, %logp: f32): %three = arith.constant 3.0 : f32 %r = arith.divf %p, %three : f32 softmax.yield %r : f32 }
        -> tensor<2xf32>
      return %y : tensor<2xf32>
    })mlir",
          {floats({2}, {0, 0x1p-24f}), floats({2}, {0, 0})});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].elements[0].real, 0.5L / 3);
  EXPECT_EQ(results[0].elements[1].real, 0.5L / 3);
  // A third of p's error (4 ULP of 1/2) and half an ULP of the quotient.
  double error = 4 * std::ldexp(1.0, -24) / 3 + std::ldexp(1.0, -27);
  EXPECT_NEAR(results[0].elements[0].error, error, error * 1e-9);
}

TEST_F(InterpreterTest, SumsRowsCoordinatesAndHandedOnValues) {
  // y * (dy - sum(dy * y)), and the sum of the coordinates along the row.
  SmallVector<ReferenceTensor> results =
      run(R"mlir(
    func.func @f(%dy: tensor<1x3xf32>, %y: tensor<1x3xf32>, %i: tensor<1x3xf32>, %j: tensor<1xf32>) -> (tensor<1x3xf32>, tensor<1xf32>) {
      %r:2 = softmax.generic dimensions = [1] statistics = [#softmax.sum, #softmax.sum]
        maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>]
        ins(%dy, %y : tensor<1x3xf32>, tensor<1x3xf32>) outs(%i, %j : tensor<1x3xf32>, tensor<1xf32>)
        logit { ^bb0(%a: f32, %b: f32):
          %l = arith.mulf %a, %b : f32
          %d = softmax.index 1
          %n = arith.index_cast %d : index to i32
          %c = arith.sitofp %n : i32 to f32
          softmax.yield %l, %c : f32, f32 }
        row { ^bb0(%s: f32, %c: f32): softmax.yield %c, %s : f32, f32 }
        result { ^bb0(%a: f32, %b: f32, %s: f32, %c: f32, %t: f32):
          %d = arith.subf %a, %t : f32
          %g = arith.mulf %b, %d : f32
          softmax.yield %g : f32 }
        -> tensor<1x3xf32>, tensor<1xf32>
      return %r#0, %r#1 : tensor<1x3xf32>, tensor<1xf32>
    })mlir",
          {floats({1, 3}, {1, 2, 4}), floats({1, 3}, {0.5, 0.25, 0.25}),
           floats({1, 3}, {0, 0, 0}), floats({1}, {0})});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(reals(results[0]), (std::vector<Real>{-0.5, 0, 0.5}));
  EXPECT_EQ(reals(results[1]), (std::vector<Real>{3}));
}

TEST_F(InterpreterTest, LogSumExpOfTheRowRegionHasThePromisedBound) {
  constexpr StringLiteral text = R"mlir(
    func.func @f(%x: tensor<2x3xf32>, %i: tensor<2xf32>) -> tensor<2xf32> {
      %y = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
        maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>]
        ins(%x : tensor<2x3xf32>) outs(%i : tensor<2xf32>)
        logit { ^bb0(%e: f32): softmax.yield %e : f32 }
        row { ^bb0(%m: f32, %s: f32): %l = math.log %s : f32 %lse = arith.addf %m, %l : f32 softmax.yield %lse : f32 }
        -> tensor<2xf32>
      return %y : tensor<2xf32>
    })mlir";
  SmallVector<ReferenceTensor> results =
      run(text, {floats({2, 3}, {1, 2, 4, inf, inf, 0}), floats({2}, {0, 0})});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(agrees(results[0].elements[0].real, 4.1698460195562856487789L));
  EXPECT_NEAR(results[0].elements[0].error,
              std::ldexp(1.0, -22) + 4 * std::ldexp(1.0, -24) * std::log(3.0),
              1e-15);
  EXPECT_EQ(results[0].elements[1].real, inf);
}

TEST_F(InterpreterTest, TopK) {
  constexpr StringLiteral text = R"mlir(
    func.func @f(%x: tensor<2x3xf32>, %v: tensor<2x4xf32>, %n: tensor<2x4xi64>) -> (tensor<2x4xf32>, tensor<2x4xi64>) {
      %y:2 = softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 4>]
        maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>]
        ins(%x : tensor<2x3xf32>) outs(%v, %n : tensor<2x4xf32>, tensor<2x4xi64>)
        logit { ^bb0(%e: f32): softmax.yield %e : f32 }
        row { ^bb0(%best: vector<4xf32>, %where: vector<4xi64>): softmax.yield %best, %where : vector<4xf32>, vector<4xi64> }
        -> tensor<2x4xf32>, tensor<2x4xi64>
      return %y#0, %y#1 : tensor<2x4xf32>, tensor<2x4xi64>
    })mlir";
  SmallVector<ReferenceTensor> results =
      run(text, {floats({2, 3}, {1, 3, 2, 5, 4, 5}),
                 floats({2, 4}, std::vector<float>(8)),
                 integers(64, {2, 4}, std::vector<int64_t>(8))});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(reals(results[0]),
            (std::vector<Real>{3, 2, 1, -inf, 5, 5, 4, -inf}));
  std::vector<int64_t> where;
  for (const Scalar &element : results[1].elements)
    where.push_back(element.integer);
  EXPECT_EQ(where, (std::vector<int64_t>{1, 2, 0, -1, 0, 2, 1, -1}));
}

TEST_F(InterpreterTest, LinalgInTheOrderAndPrecisionOfLoops) {
  // In f32, ((0 + 2^24) + 1) + -2^24 is 0; exactly it would be 1.
  constexpr StringLiteral text = R"mlir(
    func.func @f(%a: tensor<?x3xf32>, %b: tensor<3x1xf32>) -> tensor<?x1xf32> {
      %c0 = arith.constant 0 : index
      %zero = arith.constant 0.0 : f32
      %n = tensor.dim %a, %c0 : tensor<?x3xf32>
      %e = tensor.empty(%n) : tensor<?x1xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x1xf32>) -> tensor<?x1xf32>
      %m = linalg.matmul ins(%a, %b : tensor<?x3xf32>, tensor<3x1xf32>) outs(%f : tensor<?x1xf32>) -> tensor<?x1xf32>
      return %m : tensor<?x1xf32>
    })mlir";
  SmallVector<ReferenceTensor> results =
      run(text, {floats({2, 3}, {0x1p24f, 1, -0x1p24f, 0x1p24f, -0x1p24f, 1}),
                 floats({3, 1}, {1, 1, 1})});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(reals(results[0]), (std::vector<Real>{0, 1}));
  EXPECT_EQ(results[0].elements[0].error, 0);
  EXPECT_FALSE(results[0].exact);
}

TEST_F(InterpreterTest, DoublesAreRoundedOnce) {
  // Rounding to 64 bits first would make this product one ULP larger.
  SmallVector<ReferenceTensor> results =
      run(R"mlir(
    func.func @f(%a: f64, %b: f64) -> (f64, f64) {
      %c = arith.mulf %a, %b : f64
      %d = arith.addf %a, %b : f64
      return %c, %d : f64, f64
    })mlir",
          {[&] {
             double a = 1 + 0x1p-52;
             return decodeTensor(Float64Type::get(&context), {}, &a);
           }(),
           [&] {
             double b = 0x1p-53 - 0x1p-66;
             return decodeTensor(Float64Type::get(&context), {}, &b);
           }()});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].elements[0].real, (1 + 0x1p-52) * (0x1p-53 - 0x1p-66));
  EXPECT_EQ(results[1].elements[0].real, 1 + 0x1p-52);
}

TEST_F(InterpreterTest, ChoicesWithinTheErrorAreNotPromised) {
  SmallVector<ReferenceTensor> results =
      run(R"mlir(
    func.func @f(%x: tensor<2xf32>, %i: tensor<2xi32>) -> tensor<2xi32> {
      %y = softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
        maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>]
        ins(%x : tensor<2xf32>) outs(%i : tensor<2xi32>)
        logit { ^bb0(%e: f32): softmax.yield %e : f32 }
        result { ^bb0(%e: f32, %p: f32, %logp: f32):
          %half = arith.constant 0.5 : f32
          %c = arith.cmpf ogt, %p, %half : f32
          %r = arith.extui %c : i1 to i32
          softmax.yield %r : i32 }
        -> tensor<2xi32>
      return %y : tensor<2xi32>
    })mlir",
          {floats({2}, {1, 1}), integers(32, {2}, {0, 0})});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].elements[0].error, HUGE_VAL);
}

TEST_F(InterpreterTest, Shapes) {
  func::FuncOp function = parse(R"mlir(
    func.func @f(%a: tensor<?x6xf32>) -> (tensor<?x2x3xf32>, tensor<?xf32>) {
      %c0 = arith.constant 0 : index
      %c6 = arith.constant 6 : index
      %n = tensor.dim %a, %c0 : tensor<?x6xf32>
      %e = tensor.expand_shape %a [[0], [1, 2]] output_shape [%n, 2, 3] : tensor<?x6xf32> into tensor<?x2x3xf32>
      %k = arith.muli %n, %c6 : index
      %o = tensor.empty(%k) : tensor<?xf32>
      return %e, %o : tensor<?x2x3xf32>, tensor<?xf32>
    })mlir");
  ReferenceTensor a{Float32Type::get(&context), {1000000, 6}};
  FailureOr<SmallVector<ReferenceTensor>> results =
      evaluateShapes(function, {a});
  ASSERT_TRUE(succeeded(results)) << diagnostics;
  EXPECT_EQ((*results)[0].shape, (SmallVector<int64_t>{1000000, 2, 3}));
  EXPECT_EQ((*results)[1].shape, (SmallVector<int64_t>{6000000}));
}

TEST_F(InterpreterTest, Refusals) {
  ReferenceTensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_NE(
      refusal(softmaxText, {x, floats({1, 3}, {1, 2, 3}), floats({2}, {0, 0})})
          .find("result has sizes 1x3xf32 where 2x3xf32 is needed"),
      std::string::npos);
  EXPECT_NE(
      refusal(softmaxText, {floats({1, 4}, {1, 2, 3, 4}), x, floats({1}, {0})})
          .find("dimension 1 has size 4 where 'tensor<?x3xf32>' says 3"),
      std::string::npos);
  EXPECT_NE(refusal("func.func @f(%x: tensor<2x3xf32>) -> tensor<?x3xf32> {\n"
                    "  %c = arith.constant 99999999999 : index\n"
                    "  %e = tensor.empty(%c) : tensor<?x3xf32>\n"
                    "  return %e : tensor<?x3xf32> }",
                    {x})
                .find("too large for the reference"),
            std::string::npos);
  EXPECT_NE(
      refusal("func.func @f(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
              "  %e = \"tensor.generate\"() ({ ^bb0(%i: index, %j: index):\n"
              "    %z = arith.constant 0.0 : f32 \n tensor.yield %z : f32 }) : "
              "() -> tensor<2x3xf32>\n"
              "  return %e : tensor<2x3xf32> }",
              {x})
          .find("the reference does not evaluate tensor.generate"),
      std::string::npos);
  EXPECT_NE(
      refusal("func.func private @f(%x: tensor<2x3xf32>) -> tensor<2x3xf32>",
              {x})
          .find("has no body"),
      std::string::npos);
  EXPECT_NE(
      refusal("func.func @f(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
              "  %y = func.call @f(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>\n"
              "  return %y : tensor<2x3xf32> }",
              {x})
          .find("calls nest"),
      std::string::npos);
}

// dx = y (dy - S) and dy - exp(y) S, worked out by hand; a row of zeros under
// masked_row = zero (C-INF-2).
TEST_F(InterpreterTest, Gradients) {
  SmallVector<ReferenceTensor> results =
      run(R"mlir(
    func.func @main(%dy: tensor<3x2xf32>, %y: tensor<3x2xf32>, %z: tensor<3x2xf32>, %s: f32) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
      %0 = softmax.softmax_backward dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%dy, %y : tensor<3x2xf32>, tensor<3x2xf32>)
        scale(%s : f32) outs(%y : tensor<3x2xf32>) -> tensor<3x2xf32>
      %1 = softmax.log_softmax_backward dimensions = [0] ins(%dy, %z : tensor<3x2xf32>, tensor<3x2xf32>) outs(%y : tensor<3x2xf32>) -> tensor<3x2xf32>
      return %0, %1 : tensor<3x2xf32>, tensor<3x2xf32>
    })mlir",
          {floats({3, 2}, {1, 2, nan, 4, -3, 0.5}),
           floats({3, 2}, {0.25, 0.75, 0, 0, 1, 0}),
           floats({3, 2}, {-inf, 0, 0, -inf, -inf, -inf}), floats({}, {2})});
  ASSERT_EQ(results.size(), 2u);
  // S = 1.75; masked; S = -3.
  const Real first[] = {-0.375, 0.375, 0, 0, 0, 0};
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(results[0].elements[i].real, first[i]) << i;
  // S = NaN of column 0; S = 6.5 of column 1.
  for (int i = 0; i < 6; i += 2)
    EXPECT_TRUE(std::isnan(results[1].elements[i].real)) << i;
  const Real second[] = {-4.5, 4, 0.5};
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(results[1].elements[2 * i + 1].real, second[i]) << i;
  // What a kernel in f32 may be off by: 10 u |scale y| sum |dy y| + 2 ULP.
  double bound =
      10 * std::ldexp(1, -24) * 2 * 0.75 * 1.75 + 2 * std::ldexp(1, -25);
  EXPECT_GT(results[0].elements[1].error, 0);
  EXPECT_LE(results[0].elements[1].error, bound);
}

// Losses of two classes, worked out by hand; an ignored row, and a class that
// is none (C-LABEL-1).
TEST_F(InterpreterTest, Losses) {
  SmallVector<ReferenceTensor> results = run(
      R"mlir(
    func.func @main(%x: tensor<4x2xf32>, %t: tensor<4xi32>, %q: tensor<4x2xf32>, %a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4x2xf32>) {
      %0:2 = softmax.cross_entropy dimensions = [1] {ignore_index = -1 : i64} ins(%x, %t : tensor<4x2xf32>, tensor<4xi32>) outs(%a, %a : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
      %1 = softmax.cross_entropy dimensions = [1] {label_smoothing = 0.5 : f64} ins(%x, %q : tensor<4x2xf32>, tensor<4x2xf32>) outs(%a : tensor<4xf32>) -> tensor<4xf32>
      %2 = softmax.cross_entropy_backward dimensions = [1] {ignore_index = -1 : i64} ins(%x, %t, %0#1, %a : tensor<4x2xf32>, tensor<4xi32>, tensor<4xf32>, tensor<4xf32>) outs(%x : tensor<4x2xf32>) -> tensor<4x2xf32>
      return %0#0, %0#1, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4x2xf32>
    })mlir",
      {floats({4, 2}, {0, 0, 1, 1, 5, 5, 2, 2}),
       integers(32, {4}, {0, 1, -1, 2}),
       floats({4, 2}, {1, 0, 0.5, 0.5, 0, 1, 1, 0}),
       floats({4}, {1, 2, 3, 4})});
  ASSERT_EQ(results.size(), 4u);
  Real log2 = std::log(Real(2));
  std::vector<Real> loss = reals(results[0]), lse = reals(results[1]),
                    smoothed = reals(results[2]), dx = reals(results[3]);
  EXPECT_TRUE(agrees(loss[0], log2));
  EXPECT_TRUE(agrees(loss[1], log2));
  EXPECT_EQ(loss[2], 0);
  EXPECT_TRUE(std::isnan(loss[3]));
  EXPECT_TRUE(agrees(lse[3], 2 + log2));
  for (Real value : smoothed)
    EXPECT_TRUE(std::fabs(value - log2) < 1e-17L) << double(value);
  const Real expected[] = {-0.5, 0.5, 1, -1, 0, 0};
  for (int i = 0; i < 6; ++i)
    EXPECT_TRUE(std::fabs(dx[i] - expected[i]) < 1e-17L) << i;
  EXPECT_TRUE(std::isnan(dx[6]) && std::isnan(dx[7]));
}

} // namespace
