// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels of every schedule and type on rows of every kind, executed on emulated
// threads, against the reference and its bounds.
#include "DeviceProgram.h"

#include "softmax/Emulator/DeviceModule.h"
#include "softmax/Pipelines/Pipelines.h"

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

class SchedulesTest : public ::testing::Test {
protected:
  SchedulesTest() {
    DialectRegistry registry;
    registerPipelineDialects(registry);
    emulator::registerDeviceDialects(registry);
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
  ReferenceTensor rows(StringRef element, int64_t count, int64_t columns,
                       double spread = 3) {
    ReferenceTensor tensor{type(element), {count, columns}};
    std::normal_distribution<float> normal(0, static_cast<float>(spread));
    std::vector<float> values(count * columns);
    for (float &value : values)
      value = normal(random);
    if (columns > 1)
      values[columns / 2] = 60000;
    for (int64_t j = 0; count > 1 && j < columns; ++j)
      values[columns + j] += 1000;
    for (float value : values)
      tensor.elements.push_back({Real(value)});
    // Rounded to the type.
    std::vector<char> bytes(values.size() * 8);
    encodeTensor(tensor, bytes.data());
    return decodeTensor(tensor.elementType, tensor.shape, bytes.data());
  }

  std::unique_ptr<DeviceProgram> compile(StringRef text,
                                         const DeviceOptions &options = {}) {
    std::string problem;
    auto program = DeviceProgram::compile(context, text, options, problem);
    EXPECT_TRUE(program) << problem;
    return program;
  }

  /// Runs and compares; returns the outputs.
  std::vector<std::vector<char>> check(DeviceProgram &program,
                                       ArrayRef<ReferenceTensor> inputs,
                                       int64_t shift = 0) {
    auto expected = program.evaluate(inputs);
    EXPECT_TRUE(succeeded(expected));
    if (failed(expected))
      return {};
    DeviceProgram::Run run = program.run(inputs, *expected, shift);
    EXPECT_EQ(run.problem, "") << run.kernel;
    if (!run.problem.empty())
      return {};
    for (size_t i = 0; i < expected->size(); ++i) {
      Comparison comparison = compare((*expected)[i], run.outputs[i].data());
      EXPECT_TRUE(comparison.isWithinBounds())
          << run.kernel << ", output " << i << ", shift " << shift << ": "
          << describe(comparison, (*expected)[i], run.outputs[i].data());
    }
    return run.outputs;
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::mt19937 random{7};
};

/// softmax with the lse of every row.
std::string softmaxText(StringRef in, StringRef out, StringRef wide) {
  return llvm::formatv(R"(
    func.func @f(%x: tensor<?x?x{0}>) -> (tensor<?x?x{1}>, tensor<?x{2}>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %m = tensor.dim %x, %c0 : tensor<?x?x{0}>
      %n = tensor.dim %x, %c1 : tensor<?x?x{0}>
      %i = tensor.empty(%m, %n) : tensor<?x?x{1}>
      %j = tensor.empty(%m) : tensor<?x{2}>
      %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<?x?x{0}>)
        outs(%i, %j : tensor<?x?x{1}>, tensor<?x{2}>) -> tensor<?x?x{1}>, tensor<?x{2}>
      return %p, %l : tensor<?x?x{1}>, tensor<?x{2}>
    })", in, out, wide).str();
}

TEST_F(SchedulesTest, Softmax) {
  for (StringRef element : {"f32", "f16", "bf16", "f64"}) {
    auto program = compile(
        softmaxText(element, element, element == "f64" ? "f64" : "f32"));
    ASSERT_TRUE(program);
    for (int64_t columns : {1, 2, 7, 33, 128, 250, 1000, 1025, 3000, 8192, 9001})
      for (int64_t shift : {0, 1}) {
        if (columns > 1025 && shift != 0 && columns % 2 == 0)
          continue;
        SCOPED_TRACE((element + ", columns " + Twine(columns)).str());
        check(*program, rows(element, columns > 1000 ? 2 : 5, columns), shift);
      }
  }
}

} // namespace
