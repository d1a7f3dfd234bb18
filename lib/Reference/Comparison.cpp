// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Reference/Comparison.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax::reference;

/// |actual - expected| with the rules for NaN and infinities.
static Real getDistance(FloatKind kind, Real actual, Real expected) {
  if (std::isnan(actual) || std::isnan(expected))
    return std::isnan(actual) && std::isnan(expected) ? 0 : HUGE_VALL;
  // What rounds to infinity is infinity.
  if (actual == expected || roundTo(kind, expected) == actual)
    return std::isinf(actual) ? 0 : std::fabs(actual - expected);
  if (std::isinf(expected))
    return HUGE_VALL;
  if (std::isinf(actual))
    actual = std::copysign(overflowThreshold(kind), actual);
  return std::fabs(actual - expected);
}

double mlir::softmax::reference::getUlpDistance(FloatKind kind, Real actual,
                                                Real expected) {
  Real distance = getDistance(kind, actual, expected);
  if (distance == 0 || std::isinf(distance))
    return distance;
  return distance / unitInLastPlace(kind, expected);
}

Comparison mlir::softmax::reference::compare(const ReferenceTensor &expected,
                                             const void *bytes) {
  ReferenceTensor actual =
      decodeTensor(expected.elementType, expected.shape, bytes);
  std::optional<FloatKind> kind = getFloatKind(expected.elementType);
  Comparison result;
  result.elements = expected.elements.size();
  for (int64_t i = 0; i < result.elements; ++i) {
    const Scalar &want = expected.elements[i];
    const Scalar &have = actual.elements[i];
    Real distance;
    double ulp;
    if (kind) {
      distance = getDistance(*kind, have.real, want.real);
      ulp = getUlpDistance(*kind, have.real, want.real);
    } else {
      bool equal = expected.elementType.isInteger(1)
                       ? !have.integer == !want.integer
                       : have.integer == want.integer;
      distance = ulp = equal ? 0 : HUGE_VAL;
    }
    if (ulp > result.worstUlp || result.worstUlpIndex < 0) {
      result.worstUlp = ulp;
      result.worstUlpIndex = i;
    }
    if (std::isinf(want.error)) {
      ++result.unbounded;
      continue;
    }
    double ratio =
        distance == 0 ? 0 : static_cast<double>(distance / want.error);
    if (ratio > result.worstRatio || result.worstRatioIndex < 0) {
      result.worstRatio = ratio;
      result.worstRatioIndex = i;
    }
    if (!(ratio <= 1))
      ++result.outside;
  }
  return result;
}

static void printIndex(raw_ostream &os, ArrayRef<int64_t> shape,
                       int64_t position) {
  SmallVector<int64_t> index(shape.size(), 0);
  for (size_t i = shape.size(); i-- != 0;) {
    index[i] = position % shape[i];
    position /= shape[i];
  }
  os << '[';
  llvm::interleaveComma(index, os);
  os << ']';
}

std::string mlir::softmax::reference::describe(const Comparison &comparison,
                                               const ReferenceTensor &expected,
                                               const void *bytes) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (comparison.elements == 0)
    return "no elements";
  std::optional<FloatKind> kind = getFloatKind(expected.elementType);
  auto printValues = [&](int64_t i) {
    const Scalar &want = expected.elements[i];
    const char *data = static_cast<const char *>(bytes);
    data += i * *getElementBytes(expected.elementType);
    if (kind)
      os << llvm::format("%.9g instead of %.9Lg",
                         static_cast<double>(decode(*kind, data)), want.real);
    else
      os << decodeTensor(expected.elementType, {}, data).elements[0].integer
         << " instead of " << want.integer;
  };
  if (kind) {
    os << llvm::format("worst %.3g ULP at ", comparison.worstUlp);
    printIndex(os, expected.shape, comparison.worstUlpIndex);
    if (comparison.worstRatioIndex >= 0) {
      os << llvm::format(", %.1f%% of the bound at ",
                         100 * comparison.worstRatio);
      printIndex(os, expected.shape, comparison.worstRatioIndex);
    }
  } else {
    os << comparison.elements - comparison.outside << " of "
       << comparison.elements << " equal";
  }
  if (comparison.unbounded)
    os << ", " << comparison.unbounded << " elements without a bound";
  if (comparison.outside) {
    os << "\n  " << comparison.outside << " of " << comparison.elements
       << " elements are outside their bound; the worst is ";
    printValues(comparison.worstRatioIndex);
    os << " at ";
    printIndex(os, expected.shape, comparison.worstRatioIndex);
  }
  return text;
}
