// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What tests of kernels for GPUs of all kinds share: a context, and rows.
#ifndef SOFTMAX_TEST_UNIT_GPU_ROWSTEST_H
#define SOFTMAX_TEST_UNIT_GPU_ROWSTEST_H

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Reference/Interpreter.h"

#include "gtest/gtest.h"

#include <random>

namespace mlir::softmax {

class RowsTest : public ::testing::Test {
protected:
  RowsTest() {
    DialectRegistry registry;
    registerPipelineDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  Type type(StringRef name) {
    Builder b(&context);
    return name == "f16"    ? Type(b.getF16Type())
           : name == "bf16" ? Type(b.getBF16Type())
           : name == "f64"  ? Type(b.getF64Type())
                            : Type(b.getF32Type());
  }

  /// Normal logits with the deviation `spread`; the first row has one huge
  /// outlier, the second a constant offset.
  reference::ReferenceTensor rows(StringRef element, int64_t count,
                                  int64_t columns, double spread = 3) {
    reference::ReferenceTensor tensor{type(element), {count, columns}};
    std::normal_distribution<float> normal(0, static_cast<float>(spread));
    std::vector<float> values(count * columns);
    for (float &value : values)
      value = normal(random);
    if (columns > 1)
      values[columns / 2] = 60000;
    for (int64_t j = 0; count > 1 && j < columns; ++j)
      values[columns + j] += 1000;
    for (float value : values)
      tensor.elements.push_back({reference::Real(value)});
    return round(tensor);
  }

  /// With the elements rounded to their type.
  static reference::ReferenceTensor
  round(const reference::ReferenceTensor &tensor) {
    std::vector<char> bytes(tensor.elements.size() * 8);
    reference::encodeTensor(tensor, bytes.data());
    return reference::decodeTensor(tensor.elementType, tensor.shape,
                                   bytes.data());
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::mt19937 random{7}; // NOLINT(bugprone-random-generator-seed)
};

} // namespace mlir::softmax

#endif // SOFTMAX_TEST_UNIT_GPU_ROWSTEST_H
