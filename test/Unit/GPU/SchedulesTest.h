// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What tests of GPU schedules share: results of emulated threads against the
// reference.
#ifndef SOFTMAX_TEST_UNIT_GPU_SCHEDULESTEST_H
#define SOFTMAX_TEST_UNIT_GPU_SCHEDULESTEST_H

#include "DeviceProgram.h"
#include "RowsTest.h"

#include "softmax/Emulator/DeviceModule.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::softmax {

class SchedulesTest : public RowsTest {
protected:
  SchedulesTest() {
    DialectRegistry registry;
    emulator::registerDeviceDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  std::unique_ptr<DeviceProgram> compile(StringRef text,
                                         const DeviceOptions &options = {}) {
    std::string problem;
    auto program = DeviceProgram::compile(context, text, options, problem);
    EXPECT_TRUE(program) << problem;
    return program;
  }

  /// Runs and compares; returns the outputs.
  std::vector<std::vector<char>>
  check(DeviceProgram &program, ArrayRef<reference::ReferenceTensor> inputs,
        int64_t shift = 0, bool inPlace = false) {
    auto expected = program.evaluate(inputs);
    EXPECT_TRUE(succeeded(expected));
    if (failed(expected))
      return {};
    DeviceProgram::Run run = program.run(inputs, *expected, shift, inPlace);
    EXPECT_EQ(run.problem, "") << run.kernel;
    if (!run.problem.empty())
      return {};
    for (size_t i = 0; i < expected->size(); ++i) {
      reference::Comparison comparison =
          reference::compare((*expected)[i], run.outputs[i].data());
      EXPECT_TRUE(comparison.isWithinBounds())
          << run.kernel << ", output " << i << ", shift " << shift << ": "
          << reference::describe(comparison, (*expected)[i],
                                 run.outputs[i].data());
    }
    return run.outputs;
  }
};

/// softmax with the lse of every row.
inline std::string softmaxText(StringRef in, StringRef out, StringRef wide) {
  return llvm::formatv(R"(
    func.func @f(%x: tensor<?x?x{0}>) -> (tensor<?x?x{1}>, tensor<?x{2}>) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %m = tensor.dim %x, %c0 : tensor<?x?x{0}>
      %n = tensor.dim %x, %c1 : tensor<?x?x{0}>
      %i = tensor.empty(%m, %n) : tensor<?x?x{1}>
      %j = tensor.empty(%m) : tensor<?x{2}>
      %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<?x?x{0}>)
        outs(%i, %j : tensor<?x?x{1}>, tensor<?x{2}>) -> tensor<?x?x{1}>, tensor<?x{2}>
      return %p, %l : tensor<?x?x{1}>, tensor<?x{2}>
    })",
                       in, out, wide)
      .str();
}

/// The same for rows whose number and length the types tell.
inline std::string sizedText(int64_t count, int64_t columns, StringRef type) {
  return llvm::formatv(R"(
    func.func @f(%x: tensor<{0}x{1}x{2}>) -> (tensor<{0}x{1}x{2}>, tensor<{0}x{3}>) {{
      %i = tensor.empty() : tensor<{0}x{1}x{2}>
      %j = tensor.empty() : tensor<{0}x{3}>
      %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<{0}x{1}x{2}>)
        outs(%i, %j : tensor<{0}x{1}x{2}>, tensor<{0}x{3}>) -> tensor<{0}x{1}x{2}>, tensor<{0}x{3}>
      return %p, %l : tensor<{0}x{1}x{2}>, tensor<{0}x{3}>
    })",
                       count, columns, type, type == "f64" ? "f64" : "f32")
      .str();
}

} // namespace mlir::softmax

#endif // SOFTMAX_TEST_UNIT_GPU_SCHEDULESTEST_H
