// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The statistics of one row, in long double.
#ifndef SOFTMAX_LIB_REFERENCE_ROWSTATISTICS_H
#define SOFTMAX_LIB_REFERENCE_ROWSTATISTICS_H

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Reference/ReferenceTensor.h"

namespace mlir::softmax::reference {

/// The logits of one row and what they reduce to.  The special values are those
/// of docs/Spec.md (C-NAN-1, C-INF-1, C-INF-2, C-INF-3).
class MaxSumExpRow {
public:
  /// `kind`: the compute type.  `accuracy`: the mode whose bounds are asked
  /// for.  Does not keep `logits`.
  MaxSumExpRow(ArrayRef<Scalar> logits, MaskedRow maskedRow, FloatKind kind,
               Accuracy accuracy);

  /// Row arguments.  `max` is a logit and as such never rounded.
  const Scalar &getMax() const { return max; }
  const Scalar &getSum() const { return sum; }

  /// Result arguments for one logit of the row.
  Scalar getProbability(const Scalar &logit) const;
  Scalar getLogProbability(const Scalar &logit) const;
  /// max + log(sum).
  Scalar getLogSumExp() const;

  /// The errors that the specification promises for the three above where they
  /// are stored in the format `result`, beside what errors of the logits
  /// leave.  The last argument is what the functions above
  /// return.
  double getProbabilityBound(const Scalar &logit, FloatKind result,
                             Real probability) const;
  double getLogProbabilityBound(const Scalar &logit, FloatKind result,
                                Real logProbability) const;
  double getLogSumExpBound(FloatKind result, Real logSumExp) const;

private:
  Scalar max, sum;
  Real logSum;
  /// max(1, log N).
  Real spread;
  MaskedRow maskedRow;
  FloatKind kind;
  /// Of f64 there is the default alone.
  Accuracy accuracy;
};

/// The sum of a row (#softmax.sum).
Scalar computeSum(ArrayRef<Scalar> logits, FloatKind kind);

/// The k largest logits, then the k indices (#softmax.topk).  Ties by lowest
/// index; NaN counts as the largest value; -inf and -1 where the row is short.
std::pair<SmallVector<Scalar>, SmallVector<Scalar>>
computeTopK(ArrayRef<Scalar> logits, int64_t k);

} // namespace mlir::softmax::reference

#endif // SOFTMAX_LIB_REFERENCE_ROWSTATISTICS_H
