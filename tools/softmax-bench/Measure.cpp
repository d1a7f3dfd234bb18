// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Measure.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <sys/mman.h>
#include <time.h>

using namespace softmax_bench;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static const llvm::fltSemantics &getSemantics(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return llvm::APFloat::IEEEhalf();
  case ElementType::BF16:
    return llvm::APFloat::BFloat();
  case ElementType::F32:
    return llvm::APFloat::IEEEsingle();
  case ElementType::F64:
    return llvm::APFloat::IEEEdouble();
  }
  llvm_unreachable("unknown element type");
}

static void storeElement(ElementType type, void *array, int64_t i,
                         double value) {
  if (type == ElementType::F64) {
    static_cast<double *>(array)[i] = value;
    return;
  }
  if (type == ElementType::F32) {
    static_cast<float *>(array)[i] = static_cast<float>(value);
    return;
  }
  llvm::APFloat narrow(value);
  bool inexact;
  narrow.convert(getSemantics(type), llvm::APFloat::rmNearestTiesToEven,
                 &inexact);
  static_cast<uint16_t *>(array)[i] =
      static_cast<uint16_t>(narrow.bitcastToAPInt().getZExtValue());
}

static double loadElement(ElementType type, const void *array, int64_t i) {
  if (type == ElementType::F64)
    return static_cast<const double *>(array)[i];
  if (type == ElementType::F32)
    return static_cast<const float *>(array)[i];
  llvm::APFloat value(getSemantics(type),
                      llvm::APInt(16, static_cast<const uint16_t *>(array)[i]));
  bool inexact;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &inexact);
  return value.convertToDouble();
}

/// Distance of neighbouring values of `type` around `value`.
static long double getUlp(ElementType type, long double value) {
  const llvm::fltSemantics &semantics = getSemantics(type);
  int smallest = llvm::APFloat::semanticsMinExponent(semantics);
  int exponent = value == 0 ? smallest : std::max(std::ilogb(value), smallest);
  int precision = llvm::APFloat::semanticsPrecision(semantics);
  return std::ldexp(1.0L, exponent - precision + 1);
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

static constexpr size_t kAlignment = size_t(2) << 20;

static size_t getPaddedBytes(const Point &point) {
  return (point.getNumBytes() + kAlignment - 1) / kAlignment * kAlignment;
}

llvm::Expected<std::unique_ptr<Buffers>> Buffers::create(const Point &point) {
  std::unique_ptr<Buffers> buffers(new Buffers);
  for (void **pointer : {&buffers->input, &buffers->output}) {
    *pointer = std::aligned_alloc(kAlignment, getPaddedBytes(point));
    if (!*pointer)
      return llvm::createStringError("not enough memory for two arrays of " +
                                     std::to_string(point.getNumBytes()) +
                                     " bytes: choose smaller --shapes");
#ifdef MADV_HUGEPAGE
    // Page faults of the address translation would blur the comparison; where
    // the advice is not taken everybody suffers alike.
    (void)madvise(*pointer, getPaddedBytes(point), MADV_HUGEPAGE);
#endif
    std::memset(*pointer, 0, getPaddedBytes(point));
  }

  // Drawn from a pool of 2^16 values: random enough for caches and
  // exponentials, and quick to make.
  constexpr int64_t poolSize = 1 << 16;
  unsigned bytes = getBytes(point.type);
  std::vector<uint8_t> pool(poolSize * bytes);
  // Every run has the same data.
  // NOLINTNEXTLINE(bugprone-random-generator-seed)
  std::mt19937_64 random(20240229);
  std::normal_distribution<double> normal(0.0, 2.0);
  for (int64_t i = 0; i < poolSize; ++i)
    storeElement(point.type, pool.data(), i, normal(random));
  uint8_t *input = static_cast<uint8_t *>(buffers->input);
  for (int64_t i = 0, n = point.getNumElements(); i < n; ++i)
    std::memcpy(input + i * bytes, pool.data() + (random() % poolSize) * bytes,
                bytes);
  return std::move(buffers);
}

Buffers::~Buffers() {
  std::free(input);
  std::free(output);
}

//===----------------------------------------------------------------------===//
// The check
//===----------------------------------------------------------------------===//

Accuracy softmax_bench::checkOutput(const Point &point,
                                    const Buffers &buffers) {
  bool overColumns = point.axis == 1;
  int64_t slices = overColumns ? point.rows : point.columns;
  int64_t length = overColumns ? point.columns : point.rows;
  int64_t sliceStride = overColumns ? point.columns : 1;
  int64_t stride = overColumns ? 1 : point.columns;
  int64_t step = point.getNumElements() <= (1 << 18)
                     ? 1
                     : std::max<int64_t>(1, slices / 64);
  bool isNarrow = getBytes(point.type) == 2;
  Accuracy accuracy;
  std::vector<double> row(length);
  for (int64_t slice = 0; slice < slices; slice += step) {
    double max = -HUGE_VAL;
    for (int64_t i = 0; i < length; ++i) {
      row[i] = loadElement(point.type, buffers.getInput(),
                           slice * sliceStride + i * stride);
      max = std::max(max, row[i]);
    }
    long double sum = 0;
    for (double x : row)
      sum += std::exp(static_cast<long double>(x) - max);
    for (int64_t i = 0; i < length; ++i) {
      long double expected =
          std::exp(static_cast<long double>(row[i]) - max) / sum;
      long double found = loadElement(point.type, buffers.getOutput(),
                                      slice * sliceStride + i * stride);
      long double difference = std::fabs(found - expected);
      // A NaN is as wrong as can be.
      if (std::isnan(found))
        difference = 1 / getUlp(ElementType::F64, 0);
      double ulp =
          static_cast<double>(difference / getUlp(point.type, expected));
      double bound = isNarrow ? 1.0 : 4.0 + 1.25 * (max - row[i]);
      accuracy.worstUlp = std::max(accuracy.worstUlp, ulp);
      accuracy.worstOfBound = std::max(accuracy.worstOfBound, ulp / bound);
      if (std::ilogb(expected) >=
          llvm::APFloat::semanticsMinExponent(getSemantics(point.type)))
        accuracy.worstRelative = std::max(
            accuracy.worstRelative, static_cast<double>(difference / expected));
    }
  }
  return accuracy;
}

//===----------------------------------------------------------------------===//
// Timing
//===----------------------------------------------------------------------===//

Quartiles softmax_bench::getQuartiles(std::vector<double> samples) {
  llvm::sort(samples);
  // Linear interpolation between order statistics.
  auto at = [&](double fraction) {
    double position = fraction * (samples.size() - 1);
    size_t below = static_cast<size_t>(position);
    size_t above = std::min(below + 1, samples.size() - 1);
    return samples[below] +
           (position - below) * (samples[above] - samples[below]);
  };
  return {at(0.5), at(0.25), at(0.75)};
}

static double now(Clock clock) {
  timespec time;
  clock_gettime(clock == Clock::Cpu ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC,
                &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

std::vector<std::vector<double>>
softmax_bench::timeAlternating(llvm::ArrayRef<std::function<void()>> runs,
                               int repetitions, Clock clock) {
  constexpr double sampleNs = 2e5;
  std::vector<int64_t> calls;
  for (const std::function<void()> &run : runs) {
    run(); // pages, code, clock
    double start = now(clock);
    run();
    double once = std::max(now(clock) - start, 1.0);
    // A first measurement may be far off for tiny calls: take a second one.
    int64_t count =
        std::clamp<int64_t>(static_cast<int64_t>(sampleNs / once), 1, 1 << 20);
    start = now(clock);
    for (int64_t i = 0; i < count; ++i)
      run();
    once = std::max((now(clock) - start) / count, 1.0);
    calls.push_back(
        std::clamp<int64_t>(static_cast<int64_t>(sampleNs / once), 1, 1 << 20));
  }
  std::vector<std::vector<double>> samples(runs.size());
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    for (size_t turn = 0; turn < runs.size(); ++turn) {
      // Nobody always follows the same one.
      size_t index = (turn + repetition) % runs.size();
      double start = now(clock);
      for (int64_t i = 0; i < calls[index]; ++i)
        runs[index]();
      samples[index].push_back((now(clock) - start) / calls[index]);
    }
  }
  return samples;
}
