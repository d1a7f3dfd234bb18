// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The generic forms of the named ops, a file per family.  Private to
// lib/Dialect/Transforms.

#ifndef SOFTMAX_LIB_DIALECT_TRANSFORMS_GENERALIZEOPS_H
#define SOFTMAX_LIB_DIALECT_TRANSFORMS_GENERALIZEOPS_H

#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

// Each replaces the op; the rewriter stands before it.

// GeneralizeForward.cpp
GenericOp generalizeOp(RewriterBase &rewriter, SoftmaxOp op);
GenericOp generalizeOp(RewriterBase &rewriter, LogSoftmaxOp op);
GenericOp generalizeOp(RewriterBase &rewriter, LogSumExpOp op);

// GeneralizeGradients.cpp
GenericOp generalizeOp(RewriterBase &rewriter, SoftmaxBackwardOp op);
GenericOp generalizeOp(RewriterBase &rewriter, LogSoftmaxBackwardOp op);

// GeneralizeLosses.cpp
GenericOp generalizeOp(RewriterBase &rewriter, CrossEntropyOp op,
                       Accuracy accuracy);
GenericOp generalizeOp(RewriterBase &rewriter, CrossEntropyBackwardOp op);

// GeneralizePartials.cpp; in the order in which they stand.
SmallVector<GenericOp> generalizeOp(RewriterBase &rewriter, StatsOp op);
SmallVector<GenericOp> generalizeOp(RewriterBase &rewriter, MergeOp op);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIALECT_TRANSFORMS_GENERALIZEOPS_H
