// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-differentiate against central differences in f64: linalg, operations
// that move elements, arith and math.
#include "Data.h"
#include "Differentiated.h"
#include "Kernel.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

// Values with several readers, operands that repeat or are transposed, scalars
// of the function in bodies, several results, destinations that are read.
TEST(Differentiate, Elementwise) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<3x4xf64>, %y: tensor<4x3xf64>, %c: tensor<3x1xf64>, %s: f64, %t: f64) -> (tensor<3x4xf64>, tensor<4xf64>) {
      %e = tensor.empty() : tensor<3x4xf64>
      %square = linalg.mul ins(%x, %x : tensor<3x4xf64>, tensor<3x4xf64>) outs(%e : tensor<3x4xf64>) -> tensor<3x4xf64>
      %st = arith.mulf %s, %t : f64
      %ab:2 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, 0)>,
                                               affine_map<(i, j) -> ()>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                              iterator_types = ["parallel", "parallel"]}
        ins(%square, %y, %c, %s : tensor<3x4xf64>, tensor<4x3xf64>, tensor<3x1xf64>, f64) outs(%e, %x : tensor<3x4xf64>, tensor<3x4xf64>) {
      ^bb0(%a: f64, %b: f64, %k: f64, %l: f64, %o: f64, %old: f64):
        %0 = arith.mulf %a, %b : f64
        %1 = arith.subf %0, %k : f64
        %2 = arith.mulf %1, %st : f64
        %3 = arith.mulf %old, %old : f64
        %4 = arith.addf %3, %l : f64
        %5 = math.exp %4 : f64
        %6 = arith.divf %2, %5 : f64
        linalg.yield %6, %3 : f64, f64
      } -> (tensor<3x4xf64>, tensor<3x4xf64>)
      %both = arith.subf %ab#0, %ab#1 : tensor<3x4xf64>
      %mixed = arith.mulf %both, %square : tensor<3x4xf64>
      %init = tensor.empty() : tensor<4xf64>
      %start = linalg.fill ins(%t : f64) outs(%init : tensor<4xf64>) -> tensor<4xf64>
      %sums = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, 0)>, affine_map<(i, j) -> (j)>],
                              iterator_types = ["reduction", "parallel"]}
        ins(%mixed, %c : tensor<3x4xf64>, tensor<3x1xf64>) outs(%start : tensor<4xf64>) {
      ^bb0(%a: f64, %k: f64, %sum: f64):
        %0 = arith.mulf %a, %k : f64
        %1 = arith.mulf %0, %s : f64
        %2 = arith.addf %1, %sum : f64
        linalg.yield %2 : f64
      } -> tensor<4xf64>
      return %mixed, %sums : tensor<3x4xf64>, tensor<4xf64>
    })mlir");
  f.setInputs({makeInput({3, 4}), makeInput({4, 3}, 1), makeInput({3, 1}, 2),
               makeScalar(getType("f64"), 0.4),
               makeScalar(getType("f64"), -1.1)});
  f.checkAll();
}

// A matrix by its own transpose, products of vectors, a contraction with a
// scalar factor that has no named op, and sums over a loop that a term does not
// name.
TEST(Differentiate, Contractions) {
  Differentiated f(R"mlir(
    func.func @f(%a: tensor<3x4xf64>, %v: tensor<4xf64>, %b: tensor<2x3x4xf64>, %s: f64, %d: tensor<4x3xf64>) -> (tensor<3x3xf64>, tensor<3xf64>, tensor<4x2xf64>, tensor<4x4xf64>) {
      %zero = arith.constant 0.0 : f64
      %e0 = tensor.empty() : tensor<3x3xf64>
      %z0 = linalg.fill ins(%zero : f64) outs(%e0 : tensor<3x3xf64>) -> tensor<3x3xf64>
      %gram = linalg.matmul
        indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
        ins(%a, %a : tensor<3x4xf64>, tensor<3x4xf64>) outs(%z0 : tensor<3x3xf64>) -> tensor<3x3xf64>
      %e1 = tensor.empty() : tensor<3xf64>
      %z1 = linalg.fill ins(%zero : f64) outs(%e1 : tensor<3xf64>) -> tensor<3xf64>
      %av = linalg.matvec ins(%a, %v : tensor<3x4xf64>, tensor<4xf64>) outs(%z1 : tensor<3xf64>) -> tensor<3xf64>
      %gav = linalg.matvec ins(%gram, %av : tensor<3x3xf64>, tensor<3xf64>) outs(%z1 : tensor<3xf64>) -> tensor<3xf64>
      %e2 = tensor.empty() : tensor<4x2xf64>
      %z2 = linalg.fill ins(%zero : f64) outs(%e2 : tensor<4x2xf64>) -> tensor<4x2xf64>
      %mix = linalg.generic {indexing_maps = [affine_map<(j, b, i, k) -> (i, k)>, affine_map<(j, b, i, k) -> (b, i, j)>, affine_map<(j, b, i, k) -> (j, b)>],
                             iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
        ins(%a, %b : tensor<3x4xf64>, tensor<2x3x4xf64>) outs(%z2 : tensor<4x2xf64>) {
      ^bb0(%p: f64, %q: f64, %sum: f64):
        %0 = math.tanh %p : f64
        %1 = arith.mulf %0, %q : f64
        %2 = arith.mulf %1, %s : f64
        %3 = arith.addf %sum, %2 : f64
        linalg.yield %3 : f64
      } -> tensor<4x2xf64>
      %pairs = linalg.generic {indexing_maps = [affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>],
                               iterator_types = ["parallel", "reduction"]}
        ins(%gav, %v : tensor<3xf64>, tensor<4xf64>) outs(%z1 : tensor<3xf64>) {
      ^bb0(%p: f64, %q: f64, %sum: f64):
        %0 = arith.subf %p, %q : f64
        %1 = arith.addf %sum, %0 : f64
        linalg.yield %1 : f64
      } -> tensor<3xf64>
      %e3 = tensor.empty() : tensor<4x4xf64>
      %z3 = linalg.fill ins(%zero : f64) outs(%e3 : tensor<4x4xf64>) -> tensor<4x4xf64>
      %e4 = tensor.empty() : tensor<3x4xf64>
      %z4 = linalg.fill ins(%zero : f64) outs(%e4 : tensor<3x4xf64>) -> tensor<3x4xf64>
      %ga = linalg.matmul
        indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
        ins(%gram, %a : tensor<3x3xf64>, tensor<3x4xf64>) outs(%z4 : tensor<3x4xf64>) -> tensor<3x4xf64>
      %last = linalg.matmul
        indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
        ins(%ga, %d : tensor<3x4xf64>, tensor<4x3xf64>) outs(%z3 : tensor<4x4xf64>) -> tensor<4x4xf64>
      return %gram, %pairs, %mix, %last : tensor<3x3xf64>, tensor<3xf64>, tensor<4x2xf64>, tensor<4x4xf64>
    })mlir");
  f.setInputs({makeInput({3, 4}), makeInput({4}, 1), makeInput({2, 3, 4}, 2),
               makeScalar(getType("f64"), 0.8), makeInput({4, 3}, 3)});
  f.checkAll();
}

TEST(Differentiate, NamedLinalg) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<3x4xf64>, %y: tensor<4x3xf64>, %v: tensor<4xf64>) -> (tensor<f64>, tensor<2x4x2xf64>) {
      %zero = arith.constant 0.0 : f64
      %e = tensor.empty() : tensor<4x3xf64>
      %t = linalg.transpose ins(%x : tensor<3x4xf64>) outs(%e : tensor<4x3xf64>) permutation = [1, 0]
      %c = linalg.copy ins(%t : tensor<4x3xf64>) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
      %exp = linalg.exp ins(%y : tensor<4x3xf64>) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
      %sub = linalg.sub ins(%c, %y : tensor<4x3xf64>, tensor<4x3xf64>) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
      %div = linalg.div ins(%sub, %exp : tensor<4x3xf64>, tensor<4x3xf64>) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
      %neg = linalg.negf ins(%div : tensor<4x3xf64>) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
      %tanh = linalg.map { math.tanh } ins(%neg : tensor<4x3xf64>) outs(%e : tensor<4x3xf64>)
      %larger = linalg.max ins(%tanh, %y : tensor<4x3xf64>, tensor<4x3xf64>) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
      %square = linalg.square ins(%larger : tensor<4x3xf64>) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
      %scaled = linalg.elementwise kind = #linalg.elementwise_kind<mul>
        indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>]
        ins(%square, %v : tensor<4x3xf64>, tensor<4xf64>) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>

      %e1 = tensor.empty() : tensor<3xf64>
      %z1 = linalg.fill ins(%zero : f64) outs(%e1 : tensor<3xf64>) -> tensor<3xf64>
      %row = linalg.vecmat ins(%v, %scaled : tensor<4xf64>, tensor<4x3xf64>) outs(%z1 : tensor<3xf64>) -> tensor<3xf64>
      %e0 = tensor.empty() : tensor<f64>
      %z0 = linalg.fill ins(%zero : f64) outs(%e0 : tensor<f64>) -> tensor<f64>
      %dot = linalg.dot ins(%row, %row : tensor<3xf64>, tensor<3xf64>) outs(%z0 : tensor<f64>) -> tensor<f64>
      %sum = linalg.reduce { arith.addf } ins(%scaled : tensor<4x3xf64>) outs(%dot : tensor<f64>) dimensions = [0, 1]

      %split = tensor.expand_shape %x [[0], [1, 2]] output_shape [3, 2, 2] : tensor<3x4xf64> into tensor<3x2x2xf64>
      %e3 = tensor.empty() : tensor<2x4x2xf64>
      %z3 = linalg.fill ins(%zero : f64) outs(%e3 : tensor<2x4x2xf64>) -> tensor<2x4x2xf64>
      %contracted = linalg.contract
        indexing_maps = [affine_map<(b, i, j, k) -> (i, k)>, affine_map<(b, i, j, k) -> (k, b, j)>, affine_map<(b, i, j, k) -> (b, i, j)>]
        ins(%scaled, %split : tensor<4x3xf64>, tensor<3x2x2xf64>) outs(%z3 : tensor<2x4x2xf64>) -> tensor<2x4x2xf64>
      %e2 = tensor.empty() : tensor<2x2x2xf64>
      %z2 = linalg.fill ins(%zero : f64) outs(%e2 : tensor<2x2x2xf64>) -> tensor<2x2x2xf64>
      %batch = linalg.batch_matmul
        indexing_maps = [affine_map<(b, m, n, k) -> (b, k, m)>, affine_map<(b, m, n, k) -> (b, k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>]
        ins(%contracted, %contracted : tensor<2x4x2xf64>, tensor<2x4x2xf64>) outs(%z2 : tensor<2x2x2xf64>) -> tensor<2x2x2xf64>
      %again = linalg.batch_matmul ins(%contracted, %batch : tensor<2x4x2xf64>, tensor<2x2x2xf64>) outs(%contracted : tensor<2x4x2xf64>) -> tensor<2x4x2xf64>
      return %sum, %again : tensor<f64>, tensor<2x4x2xf64>
    })mlir");
  f.setInputs({makeInput({3, 4}), makeInput({4, 3}, 1), makeInput({4}, 2)});
  f.check(f.evaluateGradients(), "reference");
}

TEST(Differentiate, MovedElements) {
  Differentiated f(R"mlir(
    func.func @f(%x: tensor<2x6xf64>, %y: tensor<2x2xf64>, %i: index) -> (tensor<4x3xf64>, tensor<2x6xf64>, tensor<2x2xf64>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %four = tensor.expand_shape %x [[0], [1, 2]] output_shape [2, 2, 3] : tensor<2x6xf64> into tensor<2x2x3xf64>
      %flat = tensor.collapse_shape %four [[0, 1], [2]] : tensor<2x2x3xf64> into tensor<4x3xf64>
      %slice = tensor.extract_slice %x[0, 1] [2, 2] [1, 3] : tensor<2x6xf64> to tensor<2x2xf64>
      %other = tensor.extract_slice %x[0, 2] [2, 2] [1, 2] : tensor<2x6xf64> to tensor<2x2xf64>
      %product = arith.mulf %slice, %other : tensor<2x2xf64>
      %changed = tensor.insert_slice %y into %x[0, 3] [2, 2] [1, 1] : tensor<2x2xf64> into tensor<2x6xf64>
      %dynamic = tensor.cast %changed : tensor<2x6xf64> to tensor<?x?xf64>
      %exp = math.exp %dynamic : tensor<?x?xf64>
      %static = tensor.cast %exp : tensor<?x?xf64> to tensor<2x6xf64>
      %a = tensor.extract %product[%i, %c0] : tensor<2x2xf64>
      %b = tensor.extract %product[%c1, %c1] : tensor<2x2xf64>
      %ab = arith.mulf %a, %b : f64
      %elements = tensor.from_elements %a, %ab, %b, %a : tensor<2x2xf64>
      %inserted = tensor.insert %ab into %elements[%c0, %i] : tensor<2x2xf64>
      %many = tensor.splat %b : tensor<2x2xf64>
      %last = arith.mulf %inserted, %many : tensor<2x2xf64>
      return %flat, %static, %last : tensor<4x3xf64>, tensor<2x6xf64>, tensor<2x2xf64>
    })mlir");
  ReferenceTensor index{getType("index"), {}};
  index.elements.push_back({0, 0, 1});
  f.setInputs({makeInput({2, 6}), makeInput({2, 2}, 1), index});
  f.checkAll();
}

// Every scalar operation that has a rule, on both of its operands.
TEST(Differentiate, ScalarOperations) {
  const char *unary[] = {
      "exp",   "exp2", "expm1", "log",   "log2",  "log10", "log1p", "sqrt",
      "rsqrt", "cbrt", "absf",  "floor", "ceil",  "trunc", "round", "roundeven",
      "erf",   "erfc", "sin",   "cos",   "tan",   "asin",  "acos",  "atan",
      "sinh",  "cosh", "tanh",  "asinh", "atanh", "acosh"};
  const char *binary[] = {"arith.addf",    "arith.subf",     "arith.mulf",
                          "arith.divf",    "arith.maximumf", "arith.minimumf",
                          "arith.maxnumf", "arith.minnumf",  "math.powf",
                          "math.atan2",    "math.copysign"};
  SmallVector<std::pair<std::string, double>> formulas;
  for (std::string name : unary)
    formulas.push_back(
        {"%r = math." + name + " %a : f64", name == "acosh" ? 1.2 : 0});
  for (const char *name : {"exp", "sin", "tanh", "absf", "cbrt", "erf"})
    formulas.push_back({"%r = math." + std::string(name) + " %a : f64", -1});
  for (std::string name : binary)
    formulas.push_back({"%r = " + name + " %a, %b : f64", 0});
  formulas.push_back({"%r = arith.negf %a : f64", 0});
  formulas.push_back({"%r = math.fma %a, %b, %a : f64", 0});
  formulas.push_back({"%c = arith.cmpf olt, %a, %b : f64\n"
                      "%r = arith.select %c, %a, %b : f64",
                      0});
  for (auto &[formula, shift] : formulas) {
    SCOPED_TRACE(formula);
    Differentiated f("func.func @f(%a: f64, %b: f64) -> f64 {\n" + formula +
                     "\nreturn %r : f64\n}");
    if (!f.isValid())
      continue;
    for (auto [a, b] : {std::pair(0.3, 0.8), std::pair(0.9, 0.2)}) {
      f.setInputs({makeScalar(getType("f64"), a + shift),
                   makeScalar(getType("f64"), b)});
      f.check(f.evaluateGradients(), "reference");
    }
  }
}

} // namespace
