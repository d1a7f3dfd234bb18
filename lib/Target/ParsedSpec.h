// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmaxc's --op between its text (OpSpec.cpp) and its function
// (OpFunction.cpp).
#ifndef SOFTMAX_LIB_TARGET_PARSEDSPEC_H
#define SOFTMAX_LIB_TARGET_PARSEDSPEC_H

#include "softmax/Dialect/IR/Softmax.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>
#include <string>

namespace mlir::softmax {

enum class OpKind {
  Softmax,
  LogSoftmax,
  LogSumExp,
  SoftmaxBackward,
  LogSoftmaxBackward,
  CrossEntropy,
  CrossEntropyBackward
};

inline bool isLoss(OpKind kind) {
  return kind == OpKind::CrossEntropy || kind == OpKind::CrossEntropyBackward;
}

/// A spec with its texts understood.
struct ParsedSpec {
  OpKind kind;
  std::string name;
  FloatType inputType;
  FloatType outputType;
  /// f64 if one of the two is, else f32 (C-TYPE-2).
  FloatType computeType;
  SmallVector<int64_t> shape;
  /// Sorted, in range, never empty.
  SmallVector<int64_t> axes;
  /// Rank 0 was asked for; `shape` is [1].
  bool scalarShape = false;
  bool scale = false, bias = false, mask = false, lse = false;
  /// Of losses: bits of a class index, or 0 for probabilities.
  unsigned labelBits = 64;
  std::optional<int64_t> ignoreIndex;
  double labelSmoothing = 0;
  MaskedRow maskedRow = MaskedRow::Nan;
};

/// Writes the public function of `spec` at the builder's place.
void buildFunction(OpBuilder &builder, Location loc, const ParsedSpec &spec);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_PARSEDSPEC_H
