// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the builders of a statistic (StatisticInterface.td) work with.

#ifndef SOFTMAX_STATISTICS_STATISTICBUILDER_H
#define SOFTMAX_STATISTICS_STATISTICBUILDER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include <functional>

namespace mlir::softmax {

enum class ExpForm : uint32_t;
enum class Accuracy : uint32_t;

/// How the lifted values of one pass are combined over a row.
enum class Combiner {
  /// Maximum that ignores NaN, started at -inf; exact, so order is free.
  Max,
  /// Sum, started at -0.0 (the identity of addition for every value), in the
  /// order that the numeric part of the schedule fixes.
  Sum
};

/// What one element contributes to a pass.  `low` is null, or what `value`
/// rounded away, of the same type: the contribution is their sum.
struct LiftedValue {
  Value value;
  Value low;
};

/// The reduction of one pass.  `Combiner::Max`: `hi` has the compute type and
/// `lo` is null.  `Combiner::Sum`: `hi` is f64; with compute type f64 `lo`
/// may hold what `hi` rounded away, else it is null.  With
/// `StatisticBuilder::sumsPairs` both are f32.
struct WideValue {
  Value hi;
  Value lo;
};

/// The row-level values of one statistic, in slots that only the statistic
/// itself gives a meaning to.  Scalars, or vectors with a lane per row.
struct RowValues {
  SmallVector<Value, 16> slots;
};

/// What a lowering for GPUs offers, and does in another way than one for CPUs.
///
/// The maximum of a row with a NaN is NaN or +inf, so that such a row is known
/// from it, and the lifted exponentials of a row with NaN or +inf may be any
/// numbers.
struct DeviceForm {
  /// Whether it is always NaN.
  bool maxKeepsNaN = false;
  /// Instructions, f32, on scalars and vectors.  2^x within 2 ULP, a result
  /// below 2^-126 is 0.
  std::function<Value(Value)> exp2;
  /// 1 / x within 1 ULP, for normal x and results.
  std::function<Value(Value)> reciprocal;
};

/// Where and how a statistic builds its IR.
struct StatisticBuilder {
  OpBuilder &builder;
  Location loc;
  /// f32 or f64.
  FloatType computeType;
  ExpForm exp;
  /// Whether multiply-add may be fused (it then always is).
  bool fma;
  Accuracy accuracy;
  /// Null for CPUs.
  const DeviceForm *device = nullptr;

  /// Whether sums of compute type f32 arrive as pairs of f32: `WideValue::lo`
  /// is at most an ULP of `hi` in size, and hi + lo within 2^-47 of the sum.
  /// Only for rows that are not merged.
  bool sumsPairs = false;

  /// Whether the lifted exponentials have a `low`: f32 in strict mode.
  bool liftsPairs() const;
};

} // namespace mlir::softmax

#endif // SOFTMAX_STATISTICS_STATISTICBUILDER_H
