// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How far roundings in the compute type may lead from an exact value: the parts
// that the bounds of docs/Numerics.md are added up from.
#ifndef SOFTMAX_LIB_REFERENCE_ROUNDINGBOUNDS_H
#define SOFTMAX_LIB_REFERENCE_ROUNDINGBOUNDS_H

#include "softmax/Reference/ReferenceTensor.h"

#include <cmath>

namespace mlir::softmax::reference {

/// Half a unit of an operation's exact result `value`, whose operands may be
/// off by `error`.  Infinite where the operation may overflow: nothing is known
/// of what comes after.
inline Real halfUnit(FloatKind kind, Real value, Real error = 0) {
  if (std::isfinite(value) &&
      std::isinf(roundTo(kind, std::fabs(value) + error)))
    return HUGE_VALL;
  return unitInLastPlace(kind, value) / 2;
}

/// The error of `value`, computed within `error` in `kind`, once it is stored
/// as `stored`.
inline double storedError(Real value, Real error, FloatKind kind,
                          FloatKind stored) {
  if (!std::isfinite(value))
    return 0;
  if (std::isnan(error))
    return HUGE_VAL;
  if (stored != kind)
    error += unitInLastPlace(stored, value) / 2;
  return static_cast<double>(error);
}

} // namespace mlir::softmax::reference

#endif // SOFTMAX_LIB_REFERENCE_ROUNDINGBOUNDS_H
