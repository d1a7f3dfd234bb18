// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How far a kernel's result is from the reference, in ULP and against the
// bound.
#ifndef SOFTMAX_REFERENCE_COMPARISON_H
#define SOFTMAX_REFERENCE_COMPARISON_H

#include "softmax/Reference/ReferenceTensor.h"

#include <string>

namespace mlir::softmax::reference {

struct Comparison {
  int64_t elements = 0;
  /// Elements outside their bound, and elements that have none.
  int64_t outside = 0;
  int64_t unbounded = 0;
  /// The largest distance in ULP of the result type, and the largest part of a
  /// bound that an error took (1: all of it), with their positions in row-major
  /// order; -1 where there is none.  Infinite where one value is NaN or
  /// infinite and the other is not.
  double worstUlp = 0, worstRatio = 0;
  int64_t worstUlpIndex = -1, worstRatioIndex = -1;

  bool isWithinBounds() const { return outside == 0; }
};

/// The distance of `actual`, a value of the format, from `expected` in units of
/// the last place of the format at `expected`.  0 where both are NaN or both
/// round to the same infinity; +inf where only one of them is NaN or `expected`
/// is infinite and `actual` is not.  An infinite `actual` beside a finite
/// `expected` counts as the first value beyond the format.
double getUlpDistance(FloatKind kind, Real actual, Real expected);

/// Compares row-major elements of `expected`'s type and shape at `bytes`.
Comparison compare(const ReferenceTensor &expected, const void *bytes);

/// One or two lines for people: "worst 1.25 ULP at [3, 7], 31% of the bound at
/// [0, 2]"; where elements lie outside, the worst of them with both values.
std::string describe(const Comparison &comparison,
                     const ReferenceTensor &expected, const void *bytes);

} // namespace mlir::softmax::reference

#endif // SOFTMAX_REFERENCE_COMPARISON_H
