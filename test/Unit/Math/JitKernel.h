// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Runs what a builder builds: a loop over arrays around it, expanded by
// softmax-expand-math, lowered to LLVM and compiled for the host.

#ifndef SOFTMAX_TEST_UNIT_MATH_JITKERNEL_H
#define SOFTMAX_TEST_UNIT_MATH_JITKERNEL_H

#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/MLIRContext.h"
#include "softmax/Math/MathBuilder.h"
#include "softmax/Math/Passes.h"
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace mlir::softmax::test {

/// Element types of kernels' arrays.
enum class Element { f8E4M3FN, f8E5M2, f16, bf16, f32, f64 };

Type elementType(OpBuilder &b, Element element);

class JitKernel {
public:
  /// Elements per call.
  static constexpr int64_t batch = 4096;

  using Body =
      std::function<SmallVector<Value>(MathBuilder &math, ValueRange inputs)>;

  /// Compiles a loop that loads `lanes` elements (1: scalars) of every input,
  /// builds `body` and stores its results.  Aborts where compilation fails.
  JitKernel(ArrayRef<Element> inputs, ArrayRef<Element> outputs, int64_t lanes,
            const SoftmaxExpandMathOptions &options, const Body &body);

  /// Runs over `batch` elements: pointers to inputs, then to outputs.
  void run(ArrayRef<void *> arrays);

private:
  MLIRContext context;
  std::unique_ptr<ExecutionEngine> engine;
  void (*entry)(void **) = nullptr;
};

/// One input array to one output array of any length.
template <typename In, typename Out>
std::vector<Out> apply(JitKernel &kernel, const std::vector<In> &input) {
  std::vector<Out> output(input.size());
  std::vector<In> in(JitKernel::batch);
  std::vector<Out> out(JitKernel::batch);
  for (size_t i = 0; i < input.size(); i += JitKernel::batch) {
    size_t count = std::min<size_t>(JitKernel::batch, input.size() - i);
    std::copy_n(input.begin() + i, count, in.begin());
    kernel.run({in.data(), out.data()});
    std::copy_n(out.begin(), count, output.begin() + i);
  }
  return output;
}

/// |got - exact| in units in the last place of Float at `exact`; 0 where both
/// are NaN or equal, huge where only one is NaN or infinite.
template <typename Float>
double ulpError(Float got, long double exact) {
  if (std::isnan(got) || std::isnan(exact))
    return std::isnan(got) && std::isnan(exact) ? 0 : 1e30;
  Float rounded = static_cast<Float>(exact);
  if (got == rounded && (std::isinf(got) || exact == 0))
    return std::signbit(got) == std::signbit(exact) ? 0 : 1e30;
  if (std::isinf(got) || std::isinf(rounded))
    // Rounding at the edge of the range is judged by the neighbour.
    return std::isinf(got) && std::isinf(rounded) ? 0 : 1;
  int exponent;
  std::frexp(exact, &exponent);
  exponent = std::max(exponent, std::numeric_limits<Float>::min_exponent);
  long double unit =
      std::ldexp(1.0L, exponent - std::numeric_limits<Float>::digits);
  return static_cast<double>(std::fabs(got - exact) / unit);
}

/// Whether the long, exhaustive forms of the tests were asked for.
bool isFullRun();

} // namespace mlir::softmax::test

#endif // SOFTMAX_TEST_UNIT_MATH_JITKERNEL_H
