// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Logits that tempt kernels into mistakes.
#ifndef SOFTMAX_TEST_INTEGRATION_NUMERICS_DATA_H
#define SOFTMAX_TEST_INTEGRATION_NUMERICS_DATA_H

#include "softmax/Reference/ReferenceTensor.h"

namespace softmax_test {

enum class Data {
  /// Normal with standard deviation 1, 10.
  Normal,
  Wide,
  /// Uniform over 80: exponentials down to e^-80.
  Spread,
  /// Normal around 1e-3, and around an offset where little is left of the
  /// differences (1e30; 1e3 for f16).
  Tiny,
  Offset,
  /// All small but one, far above the rest and not at a multiple of any vector.
  Outlier,
  /// All the same: a sum that swamps its own terms.
  Equal,
  /// As large as the format goes, both signs (C-BIG-1).
  Huge,
  /// Spread over 110: exponentials among the denormals of f32 (C-DEN-1).
  Denormal
};

constexpr unsigned numDataKinds = 9;

llvm::StringRef toString(Data data);

/// Deterministic elements for `shape`; `seed` gives other ones.
mlir::softmax::reference::ReferenceTensor
makeLogits(mlir::Type type, llvm::ArrayRef<int64_t> shape, Data data,
           unsigned seed = 0);

/// Rows of `columns` elements: each of a few values at each of a few places,
/// pairs of them, and rows that hold nothing else.
mlir::softmax::reference::ReferenceTensor makeSpecialRows(mlir::Type type,
                                                          int64_t columns);

/// A scalar, as a tensor of rank 0.
mlir::softmax::reference::ReferenceTensor makeScalar(mlir::Type type,
                                                     double value);

} // namespace softmax_test

#endif // SOFTMAX_TEST_INTEGRATION_NUMERICS_DATA_H
