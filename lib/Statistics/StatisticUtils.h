// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Scalar-or-vector building blocks of the statistics.  Private to
// lib/Statistics.

#ifndef SOFTMAX_LIB_STATISTICS_STATISTICUTILS_H
#define SOFTMAX_LIB_STATISTICS_STATISTICUTILS_H

#include "softmax/Statistics/StatisticBuilder.h"

namespace mlir::softmax::common {

/// `element` in the shape (scalar or vector) of `like`.
Type withElementType(Value like, Type element);

/// The floating constant `value` in `type` (scalar or vector).
Value floatConstant(StatisticBuilder &builder, Type type, double value);

/// x + y, both wide: by TwoSum where they have low parts.
WideValue addWide(StatisticBuilder &builder, const WideValue &x,
                  const WideValue &y);

/// A sum rounded once to the compute type.
Value roundToCompute(StatisticBuilder &builder, const WideValue &sum);

} // namespace mlir::softmax::common

#endif // SOFTMAX_LIB_STATISTICS_STATISTICUTILS_H
