// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Element-wise neighbours of softmax ops become part of them, and several
// reductions of the same rows one op.

#ifndef SOFTMAX_DIALECT_TRANSFORMS_FUSION_H
#define SOFTMAX_DIALECT_TRANSFORMS_FUSION_H

#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

struct FusionOptions {
  /// Vector operations per element that a fused producer may cost more than it
  /// did by itself.
  unsigned maxRecompute = 96;
};

/// What became of one neighbour of one softmax op.
struct FusionNote {
  /// Of the neighbour, and of the softmax op.
  Location loc, softmaxLoc;
  bool fused;
  std::string text;
};

struct FusionSummary {
  unsigned producers = 0, consumers = 0, merged = 0;
  SmallVector<FusionNote> notes;

  /// Emits each note once, as a remark.
  void emitRemarks() const;
};

/// Fuses in `root` what can be fused with softmax ops on tensors, and says what
/// and why not.  Named softmax ops with a neighbour to look at become
/// softmax.generic.  No result changes a bit (C-DET-1).
FusionSummary fuseElementwise(Operation *root, const FusionOptions &options);

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_TRANSFORMS_FUSION_H
