// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Differentiated.h"
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

Differentiated::Differentiated(StringRef text) {
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

Differentiated::Tensors Differentiated::run(func::FuncOp what,
                                            TensorsRef arguments) {
  if (!isValid())
    return {};
  FailureOr<Tensors> results = evaluateFunction(what, arguments);
  EXPECT_TRUE(succeeded(results));
  return succeeded(results) ? std::move(*results) : Tensors();
}

void Differentiated::setInputs(TensorsRef values) {
  inputs.assign(values.begin(), values.end());
  cotangents.clear();
  for (const ReferenceTensor &result : run(function, inputs))
    cotangents.push_back(
        makeLogits(result.elementType, result.shape, Data::Normal, 77));
}

void Differentiated::setCotangents(TensorsRef values) {
  cotangents.assign(values.begin(), values.end());
}

Differentiated::Tensors Differentiated::evaluateGradients() {
  Tensors arguments = inputs;
  llvm::append_range(arguments, cotangents);
  return run(vjp, arguments);
}

Differentiated::Tensors Differentiated::compileGradients() {
  if (!isValid())
    return {};
  std::string text;
  llvm::raw_string_ostream stream(text);
  vjp.print(stream, OpPrintingFlags().useLocalScope());
  Kernel kernel{StringRef(text)};
  std::list<Buffer> buffers;
  SmallVector<Kernel::Argument> arguments;
  Tensors all = inputs;
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
  Tensors gradients = evaluateGradients();
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

Real Differentiated::getLoss(unsigned input, size_t element, Real step) {
  Tensors moved = inputs;
  moved[input].elements[element].real += step;
  Real sum = 0;
  for (auto [result, cotangent] :
       llvm::zip_equal(run(function, moved), cotangents))
    for (auto [y, dy] : llvm::zip_equal(result.elements, cotangent.elements))
      sum += y.real * dy.real;
  return sum;
}

void Differentiated::check(TensorsRef gradients, StringRef what) {
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

void Differentiated::checkAll() {
  if (!isValid())
    return;
  check(evaluateGradients(), "reference");
  check(compileGradients(), "kernel");
}

ReferenceTensor softmax_test::makeInput(ArrayRef<int64_t> shape,
                                        unsigned seed) {
  return makeLogits(getType("f64"), shape, Data::Normal, seed);
}
