// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-differentiate in f64: the gradients that the compiled vector-Jacobian
// product gives, and those of the reference's evaluation of it, against central
// differences of the function, which the reference evaluates.
#include "Data.h"
#include "Kernel.h"

#include "softmax/Differentiation/Passes.h"
#include "softmax/Reference/Interpreter.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <cmath>
#include <list>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

/// A function `@f` beside its vector-Jacobian product.
class Differentiated {
public:
  explicit Differentiated(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &getContext());
    if (!module) {
      ADD_FAILURE() << "the function does not parse: " << text.str();
      return;
    }
    PassManager manager(&getContext());
    SoftmaxDifferentiatePassOptions options;
    options.functions = {"f"};
    manager.addPass(createSoftmaxDifferentiatePass(options));
    if (failed(manager.run(*module))) {
      ADD_FAILURE() << "the function is not differentiated";
      return;
    }
    function = module->lookupSymbol<func::FuncOp>("f");
    vjp = module->lookupSymbol<func::FuncOp>("f_vjp");
  }

  /// Random cotangents for the results that `inputs` give.
  void setInputs(ArrayRef<ReferenceTensor> values) {
    inputs.assign(values.begin(), values.end());
    cotangents.clear();
    for (ReferenceTensor &result : run(function, inputs))
      cotangents.push_back(
          makeLogits(result.elementType, result.shape, Data::Normal, 77));
  }
  void setCotangents(ArrayRef<ReferenceTensor> values) {
    cotangents.assign(values.begin(), values.end());
  }

  SmallVector<ReferenceTensor> evaluateGradients() {
    SmallVector<ReferenceTensor> arguments = inputs;
    llvm::append_range(arguments, cotangents);
    return run(vjp, arguments);
  }

  /// The same by compiled code.
  SmallVector<ReferenceTensor> compileGradients() {
    std::string text;
    llvm::raw_string_ostream stream(text);
    vjp.print(stream, OpPrintingFlags().useLocalScope());
    Kernel kernel{StringRef(text)};
    std::list<Buffer> buffers;
    SmallVector<Kernel::Argument> arguments;
    SmallVector<ReferenceTensor> all = inputs;
    llvm::append_range(all, cotangents);
    for (auto [value, type] : llvm::zip_equal(all, vjp.getArgumentTypes())) {
      if (!isa<ShapedType>(type)) {
        // Scalars are passed by address, integers by their bits.
        const Scalar &scalar = value.elements[0];
        arguments.push_back(isa<FloatType>(type)
                                ? static_cast<double>(scalar.real)
                                : llvm::bit_cast<double>(scalar.integer));
        continue;
      }
      buffers.emplace_back(value, softmax_test::Layout::Compact);
      arguments.push_back(&buffers.back());
    }
    SmallVector<ReferenceTensor> gradients = evaluateGradients();
    SmallVector<Buffer *> results;
    for (const ReferenceTensor &gradient : gradients) {
      buffers.emplace_back(gradient.elementType, gradient.shape,
                           softmax_test::Layout::Compact);
      results.push_back(&buffers.back());
      arguments.push_back(&buffers.back());
    }
    EXPECT_EQ(kernel.call(arguments), 0);
    for (auto [gradient, buffer] : llvm::zip_equal(gradients, results))
      gradient = buffer->read();
    return gradients;
  }

  /// Compares `gradients` with central differences.
  void check(ArrayRef<ReferenceTensor> gradients, StringRef what) {
    unsigned next = 0;
    for (unsigned i = 0; i < inputs.size(); ++i) {
      if (!isa<FloatType>(inputs[i].elementType))
        continue;
      ASSERT_LT(next, gradients.size());
      const ReferenceTensor &gradient = gradients[next++];
      ASSERT_EQ(gradient.elements.size(), inputs[i].elements.size());
      for (size_t j = 0; j < gradient.elements.size(); ++j) {
        // The rounding of f64 over the step, and its square times the third
        // derivative.
        constexpr Real step = 1e-5;
        double value = gradient.elements[j].real;
        double difference =
            (getLoss(i, j, step) - getLoss(i, j, -step)) / (2 * step);
        EXPECT_NEAR(value, difference, 1e-8 * (1 + std::fabs(value)))
            << what.str() << ": argument " << i << ", element " << j;
      }
    }
    EXPECT_EQ(next, gradients.size());
  }

  void checkAll() {
    if (!vjp)
      return;
    check(evaluateGradients(), "reference");
    check(compileGradients(), "kernel");
  }

  func::FuncOp getVjp() { return vjp; }

private:
  SmallVector<ReferenceTensor> run(func::FuncOp what,
                                   ArrayRef<ReferenceTensor> arguments) {
    FailureOr<SmallVector<ReferenceTensor>> results =
        evaluateFunction(what, arguments);
    EXPECT_TRUE(succeeded(results));
    return succeeded(results) ? std::move(*results)
                              : SmallVector<ReferenceTensor>();
  }

  /// sum(cotangents * results) with one element of one input moved.
  Real getLoss(unsigned input, size_t element, Real step) {
    SmallVector<ReferenceTensor> moved = inputs;
    moved[input].elements[element].real += step;
    Real sum = 0;
    for (auto [result, cotangent] :
         llvm::zip_equal(run(function, moved), cotangents))
      for (auto [y, dy] : llvm::zip_equal(result.elements, cotangent.elements))
        sum += y.real * dy.real;
    return sum;
  }

  OwningOpRef<ModuleOp> module;
  func::FuncOp function, vjp;
  SmallVector<ReferenceTensor> inputs, cotangents;
};

ReferenceTensor makeInput(ArrayRef<int64_t> shape, unsigned seed = 0) {
  return makeLogits(getType("f64"), shape, Data::Normal, seed);
}

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

// C-INF-2, C-MASK-1: a fully masked row has no influence on anything.
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
  ReferenceTensor x = makeInput({4, 7});
  // Under the mask, where it must not be seen.
  x.elements[1].real = std::numeric_limits<Real>::quiet_NaN();
  ReferenceTensor scale = makeScalar(getType("f64"), 0.7);
  f.setInputs({x, scale, makeInput({7}, 1), makeMask({4, 7}, 2)});
  SmallVector<ReferenceTensor> gradients = f.compileGradients();
  ASSERT_EQ(gradients.size(), 3u);
  EXPECT_EQ(gradients[0].elements[1].real, 0);
  for (int64_t j = 14; j < 21; ++j)
    EXPECT_EQ(gradients[0].elements[j].real, 0);
  // Differences at a NaN are none.
  x.elements[1].real = 3;
  f.setInputs({x, scale, makeInput({7}, 1), makeMask({4, 7}, 2)});
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

// A matrix by its own transpose, products of vectors, and a contraction with a
// scalar factor that has no named op.
TEST(Differentiate, Contractions) {
  Differentiated f(R"mlir(
    func.func @f(%a: tensor<3x4xf64>, %v: tensor<4xf64>, %b: tensor<2x3x4xf64>, %s: f64) -> (tensor<3x3xf64>, tensor<3xf64>, tensor<4x2xf64>) {
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
      return %gram, %gav, %mix : tensor<3x3xf64>, tensor<3xf64>, tensor<4x2xf64>
    })mlir");
  f.setInputs({makeInput({3, 4}), makeInput({4}, 1), makeInput({2, 3, 4}, 2),
               makeScalar(getType("f64"), 0.8)});
  f.checkAll();
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
    if (!f.getVjp())
      continue;
    for (auto [a, b] : {std::pair(0.3, 0.8), std::pair(0.9, 0.2)}) {
      f.setInputs({makeScalar(getType("f64"), a + shift),
                   makeScalar(getType("f64"), b)});
      f.check(f.evaluateGradients(), "reference");
    }
  }
}

} // namespace
