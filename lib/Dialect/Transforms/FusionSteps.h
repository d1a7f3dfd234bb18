// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The single steps of fusion: one neighbour into one softmax.generic.  A step
// that is refused leaves the IR as it was.

#ifndef SOFTMAX_LIB_DIALECT_TRANSFORMS_FUSIONSTEPS_H
#define SOFTMAX_LIB_DIALECT_TRANSFORMS_FUSIONSTEPS_H

#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/Transforms/Fusion.h"

namespace mlir::softmax {

/// What came of a step.
struct FusionAttempt {
  enum Kind {
    /// There is no neighbour to fuse.
    Nothing,
    Refused,
    Fused
  };
  Kind kind = Nothing;
  /// What was done, or why not and what to do about it.
  std::string text;

  static FusionAttempt refuse(const Twine &why) { return {Refused, why.str()}; }
};

/// Computes the producer of input `i` in the regions of `op`.
FusionAttempt fuseProducer(RewriterBase &rewriter, GenericOp op, unsigned i,
                           const FusionOptions &options);

/// Computes what `user` makes of results of `op` in the regions of `op`, which
/// becomes another op where it has more destinations.
FusionAttempt fuseConsumer(RewriterBase &rewriter, GenericOp &op,
                           Operation *user);

/// Makes `other`, which stands behind `op` in its block, a part of `op`.
FusionAttempt mergeReductions(RewriterBase &rewriter, GenericOp &op,
                              GenericOp other);

/// Operands with the maps from a softmax.generic's dimensions to their indices.
struct MappedOperands {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;

  MappedOperands() = default;
  /// Those of `op`, but for input `without`.
  explicit MappedOperands(GenericOp op, int64_t without = -1);
  void add(Value value, AffineMap map) {
    values.push_back(value);
    maps.push_back(map);
  }
};

/// Why `op` cannot have `operands` in place of its own without becoming another
/// or a slower op; empty if it can.
std::string whyNotOperands(GenericOp op, const MappedOperands &operands);

/// Whether the dimensions of `map` stand in the order in which those of
/// `reference` do, or in their own.
bool keepsOrder(AffineMap reference, AffineMap map);
bool keepsOrder(AffineMap map);

/// Whether `op` is on tensors and says nothing yet of how it runs.
bool isFusible(GenericOp op);

/// Erases operations of `op`'s regions whose results nothing uses.
void eraseDeadRegionOps(GenericOp op);

/// "'linalg.exp'".
std::string quoteName(Operation *op);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIALECT_TRANSFORMS_FUSIONSTEPS_H
