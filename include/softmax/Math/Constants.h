// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Constants of the exp and log expansions.  The numbers are derived and printed
// by lib/Math/scripts/derive-constants.py into Constants.inc, and a test checks
// that the file still holds what the script prints.

#ifndef SOFTMAX_MATH_CONSTANTS_H
#define SOFTMAX_MATH_CONSTANTS_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace mlir::softmax {
namespace detail {
#include "softmax/Math/Constants.inc"
} // namespace detail

/// What the expansions need to know of f32 or f64.
struct FloatConstants {
  unsigned width;        ///< bits of the type
  unsigned mantissaBits; ///< explicit mantissa bits: 23, 52
  int64_t bias;          ///< exponent bias: 127, 1023
  double log2e;
  double ln2;
  double
      ln2High; ///< times an exponent of the type, or of the scaled core: exact
  double ln2Low;
  double log2eHigh; ///< half the bits
  double log2eLow;
  double magic;                       ///< 1.5 * 2^mantissaBits
  llvm::ArrayRef<double> exponential; ///< c2, c3, ... of 1 + f + c2 f^2 + ...
  llvm::ArrayRef<double> fastExponential; ///< the same with fewer terms
  llvm::ArrayRef<double> logarithm; ///< l1, l2, ... of 2 s + s (l1 s^2 + ...)
  double referenceThreshold; ///< the scaled core subtracts maxima from here on
  /// x - max is raised to this, in the scaled core.  Below, a probability
  /// rounds to 0: half the smallest denormal number is 2^-150 = exp(-103.97) in
  /// f32, 2^-1075 = exp(-745.13) in f64.
  double clamp;
  /// The scaled core computes exp times 2^this: enough to keep the
  /// exponentials, and the intermediate results on the way to them, far from
  /// the denormal numbers, for which many processors take a slow path.
  int64_t scaleExponent;
};

/// The constants of f32 (width 32) or f64 (width 64).
inline const FloatConstants &getFloatConstants(unsigned width) {
  using namespace detail;
  static const FloatConstants single = {32,
                                        23,
                                        127,
                                        f32Log2E,
                                        f32Ln2,
                                        f32Ln2High,
                                        f32Ln2Low,
                                        f32Log2EHigh,
                                        f32Log2ELow,
                                        f32Magic,
                                        f32ExpPolynomial,
                                        f32FastExpPolynomial,
                                        f32LogPolynomial,
                                        512.0,
                                        -108.0,
                                        64};
  static const FloatConstants twice = {64,
                                       52,
                                       1023,
                                       f64Log2E,
                                       f64Ln2,
                                       f64Ln2High,
                                       f64Ln2Low,
                                       f64Log2EHigh,
                                       f64Log2ELow,
                                       f64Magic,
                                       f64ExpPolynomial,
                                       f64ExpPolynomial,
                                       f64LogPolynomial,
                                       4096.0,
                                       -748.0,
                                       256};
  return width == 64 ? twice : single;
}

/// What an exponential with a table is put together from, f32 only:
/// exp(n ln2/E + f) = 2^(n >> log2(E)) * table[n mod E] * (1 + f + c2 f^2 +
/// ...).
struct ExpTable {
  unsigned entries;         ///< E, 8 or 16
  double inverseStep;       ///< E / ln2
  double stepHigh, stepLow; ///< ln2 / E
  /// log2 of the table's first entry: with this shift all entries lie close to
  /// numbers of f32.  A common factor of a row's exponentials, it cancels.
  double shift;
  llvm::ArrayRef<double> table;
  llvm::ArrayRef<double> polynomial;     ///< c2, c3
  llvm::ArrayRef<double> fastPolynomial; ///< c2
  /// Maxima are subtracted from here on, so that n stays below 2^13.
  double referenceThreshold;
};

/// The table of 8 or 16 entries.
inline const ExpTable &getExpTable(unsigned entries) {
  using namespace detail;
  static const ExpTable eight = {
      8,           table8InverseStep, table8StepHigh,   table8StepLow,
      table8Shift, table8Entries,     table8Polynomial, table8FastPolynomial,
      240.0};
  static const ExpTable sixteen = {16,
                                   table16InverseStep,
                                   table16StepHigh,
                                   table16StepLow,
                                   table16Shift,
                                   table16Entries,
                                   table16Polynomial,
                                   table16FastPolynomial,
                                   240.0};
  return entries == 8 ? eight : sixteen;
}

} // namespace mlir::softmax

#endif // SOFTMAX_MATH_CONSTANTS_H
