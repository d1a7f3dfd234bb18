// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "RowStatistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

static constexpr Real infinity = std::numeric_limits<Real>::infinity();
static constexpr Real notANumber = std::numeric_limits<Real>::quiet_NaN();

namespace {
/// Neumaier's compensated summation (Z. angew. Math. Mech. 54, 1974): the error
/// does not grow with the number of terms.
class CompensatedSum {
public:
  void add(Real term) {
    Real next = total + term;
    if (std::fabs(total) >= std::fabs(term))
      correction += (total - next) + term;
    else
      correction += (term - next) + total;
    total = next;
  }
  /// An infinite or NaN total leaves nonsense in the correction.
  Real get() const { return std::isfinite(total) ? total + correction : total; }

private:
  // The identity of addition for every value, -0 included.
  Real total = -0.0L;
  Real correction = 0;
};
} // namespace

/// How much exp changes, relatively, when its argument is off by `error`.
static double relativeError(double error) { return std::expm1(error); }

/// The relative error that the mode `fast` grants an f32.
static constexpr Real fastError = 0x1p-13L;

MaxSumExpRow::MaxSumExpRow(ArrayRef<Scalar> logits, MaskedRow maskedRow,
                           FloatKind kind, Accuracy accuracy)
    : spread(1), maskedRow(maskedRow), kind(kind),
      accuracy(kind == FloatKind::F64 ? Accuracy::Default : accuracy) {
  bool hasNaN = false;
  max.real = -infinity;
  for (const Scalar &logit : logits) {
    hasNaN |= std::isnan(logit.real);
    if (logit.real > max.real)
      max.real = logit.real;
    max.error = std::max(max.error, logit.error);
  }
  if (!logits.empty())
    spread = std::max(Real(1), std::log(Real(logits.size())));

  if (hasNaN || max.real == infinity || max.real == -infinity) {
    // The sum that max + log(sum) makes the right logsumexp of.
    sum.real = hasNaN ? notANumber : max.real == infinity ? Real(1) : Real(0);
    sum.error = std::isinf(max.error) ? HUGE_VAL : 0;
    logSum = std::log(sum.real);
    return;
  }

  // Each exponential as a kernel forms it is off by its own ULP and by the
  // rounding of x - m seen through it.
  Real roundoff = unitRoundoff(kind);
  CompensatedSum exponentials, errors;
  for (const Scalar &logit : logits) {
    Real difference = logit.real - max.real;
    if (difference == -infinity)
      continue;
    Real exponential = std::exp(difference);
    exponentials.add(exponential);
    errors.add(exponential * ((2 - Real(1.25) * difference) * 2 * roundoff +
                              relativeError(logit.error + max.error)));
  }
  sum.real = exponentials.get();
  sum.error = errors.get() + sum.real * roundoff;
  if (this->accuracy == Accuracy::Fast)
    sum.error += sum.real * fastError;
  logSum = std::log(sum.real);
}

Scalar MaxSumExpRow::getProbability(const Scalar &logit) const {
  Scalar result;
  if (std::isnan(sum.real) || max.real == infinity)
    result.real = notANumber;
  else if (max.real == -infinity)
    result.real = maskedRow == MaskedRow::Zero ? Real(0) : notANumber;
  else
    result.real = std::exp(logit.real - max.real) / sum.real;
  result.error = getProbabilityBound(logit, kind, result.real);
  return result;
}

Scalar MaxSumExpRow::getLogProbability(const Scalar &logit) const {
  Scalar result;
  if (std::isnan(sum.real) || max.real == infinity)
    result.real = notANumber;
  else if (max.real == -infinity)
    result.real = maskedRow == MaskedRow::Zero ? -infinity : notANumber;
  else
    result.real = (logit.real - max.real) - logSum;
  result.error = getLogProbabilityBound(logit, kind, result.real);
  return result;
}

Scalar MaxSumExpRow::getLogSumExp() const {
  Scalar result;
  result.real = max.real + logSum;
  result.error = getLogSumExpBound(kind, result.real);
  return result;
}

double MaxSumExpRow::getProbabilityBound(const Scalar &logit, FloatKind result,
                                         Real probability) const {
  if (std::isinf(max.error))
    return HUGE_VAL;
  // NaN and the 0 of a logit -inf are exact.
  if (std::isnan(probability) || logit.real == -infinity)
    return 0;
  Real difference = std::fabs(logit.real - max.real);
  Real units = 1;
  if (result == kind) {
    if (accuracy == Accuracy::Strict)
      units = 2;
    else if (accuracy == Accuracy::Default)
      units = 4 + Real(1.25) * difference;
    else // A denormal result is rounded to a unit of its own.
      units =
          1 + fastError * probability / unitInLastPlace(result, probability);
  }
  return units * unitInLastPlace(result, probability) +
         probability * relativeError(logit.error + max.error);
}

double MaxSumExpRow::getLogProbabilityBound(const Scalar &logit,
                                            FloatKind result,
                                            Real logProbability) const {
  if (std::isinf(max.error))
    return HUGE_VAL;
  if (!std::isfinite(logProbability))
    return 0;
  Real difference = std::fabs(logit.real - max.real);
  Real error = 4 * unitRoundoff(kind) * std::max(spread, difference) +
               (accuracy == Accuracy::Fast ? fastError : 0);
  if (result != kind) {
    Real unit = unitInLastPlace(result, logProbability);
    error = std::max(unit, error + unit / 2);
  }
  return error + logit.error + max.error;
}

double MaxSumExpRow::getLogSumExpBound(FloatKind result, Real logSumExp) const {
  if (std::isinf(max.error))
    return HUGE_VAL;
  if (!std::isfinite(logSumExp))
    return 0;
  return unitInLastPlace(result, logSumExp) / 2 +
         4 * unitRoundoff(kind) * spread +
         (accuracy == Accuracy::Fast ? fastError : 0) + max.error;
}

Scalar mlir::softmax::reference::computeSum(ArrayRef<Scalar> logits,
                                            FloatKind kind) {
  CompensatedSum sum, magnitudes, errors;
  for (const Scalar &logit : logits) {
    sum.add(logit.real);
    magnitudes.add(std::fabs(logit.real));
    errors.add(logit.error);
  }
  Scalar result;
  result.real = sum.get();
  if (std::isnan(result.real))
    return result;
  // Kernels fold groups of elements by a tree in the compute type, then add in
  // f64; eight levels of such a tree are 256 elements.
  result.error = 8 * unitRoundoff(kind) * magnitudes.get() + errors.get() +
                 unitInLastPlace(kind, result.real) / 2;
  // Partial sums in the compute type may overflow where the sum does not.
  if (magnitudes.get() >= overflowThreshold(kind))
    result.error = HUGE_VAL;
  // Infinite logits are no overflow.
  if (std::isinf(result.real))
    result.error = 0;
  return result;
}

std::pair<SmallVector<Scalar>, SmallVector<Scalar>>
mlir::softmax::reference::computeTopK(ArrayRef<Scalar> logits, int64_t k) {
  SmallVector<int64_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](int64_t i, int64_t j) {
    Real x = logits[i].real, y = logits[j].real;
    if (std::isnan(x) != std::isnan(y))
      return std::isnan(x);
    return x == y || std::isnan(x) ? i < j : x > y;
  });
  double error = 0;
  for (const Scalar &logit : logits)
    error = std::max(error, logit.error);
  std::pair<SmallVector<Scalar>, SmallVector<Scalar>> result;
  for (int64_t i = 0; i < k; ++i) {
    Scalar value, index;
    value.real = -infinity;
    index.integer = -1;
    if (i < static_cast<int64_t>(order.size())) {
      value = logits[order[i]];
      value.error = error;
      index.integer = order[i];
      // Logits that may be off may also stand in another order.
      index.error = error == 0 ? 0 : HUGE_VAL;
    }
    result.first.push_back(value);
    result.second.push_back(index);
  }
  return result;
}
