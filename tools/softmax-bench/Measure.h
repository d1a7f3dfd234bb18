// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Random data, the check against a higher precision, and timing.

#ifndef SOFTMAX_TOOLS_SOFTMAX_BENCH_MEASURE_H
#define SOFTMAX_TOOLS_SOFTMAX_BENCH_MEASURE_H

#include "Competitors.h"

#include <memory>

namespace softmax_bench {

/// An input of normally distributed logits (standard deviation 2, rounded to
/// the type) and an output, aligned to 2 MiB.
class Buffers {
public:
  /// An error where memory is short.
  static llvm::Expected<std::unique_ptr<Buffers>> create(const Point &point);
  ~Buffers();
  void *getInput() const { return input; }
  void *getOutput() const { return output; }

private:
  Buffers() = default;
  void *input = nullptr;
  void *output = nullptr;
};

struct Accuracy {
  /// Largest error in ULP of the type.
  double worstUlp = 0;
  /// Largest error as a part of what the accuracy mode `default` promises:
  /// (4 + 1.25 |x - m|) ULP in f32 and f64, 1 ULP in f16 and bf16.
  double worstOfBound = 0;
  /// Largest relative error of results that are not denormal.
  double worstRelative = 0;
};

/// Compares the output with softmax of the input in extended precision: all
/// rows (columns, for axis 0) of a small point, 64 spread over a large one.
Accuracy checkOutput(const Point &point, const Buffers &buffers);

/// A median with its quartiles.
struct Quartiles {
  double median = 0;
  double lower = 0;
  double upper = 0;
};
Quartiles getQuartiles(std::vector<double> samples);

/// What a nanosecond is: of the clock on the wall, or of this thread's own
/// work, which other programs on the machine blur less.
enum class Clock { Wall, Cpu };

/// Nanoseconds per call of each of `runs`, `samples[run][repetition]`.  They
/// take turns; each sample is as many calls as fill 200 microseconds.
std::vector<std::vector<double>>
timeAlternating(llvm::ArrayRef<std::function<void()>> runs, int repetitions,
                Clock clock);

} // namespace softmax_bench

#endif // SOFTMAX_TOOLS_SOFTMAX_BENCH_MEASURE_H
