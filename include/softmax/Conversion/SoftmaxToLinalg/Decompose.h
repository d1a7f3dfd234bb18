// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From softmax.generic to linalg.generic.

#ifndef SOFTMAX_CONVERSION_SOFTMAXTOLINALG_DECOMPOSE_H
#define SOFTMAX_CONVERSION_SOFTMAXTOLINALG_DECOMPOSE_H

#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

/// Why `op` cannot be decomposed to linalg and what to do about it; empty if
/// it can.
std::string whyNotDecomposable(GenericOp op);

/// Replaces `op`, on tensors or memrefs, by linalg.generic ops that compute
/// the same, for any statistics that are evaluated by passes. The schedule is
/// dropped: sums are accumulated in f64 in the order of linalg's loops. Fails,
/// with IR untouched, where `whyNotDecomposable` has a reason. On success
/// `results` holds what replaced the op's results (nothing on memrefs).
LogicalResult decomposeGeneric(RewriterBase &rewriter, GenericOp op,
                               SmallVectorImpl<Value> &results);

/// Patterns that decompose softmax.generic and, through their generic form,
/// the named ops.
void populateSoftmaxDecomposePatterns(RewritePatternSet &patterns);

} // namespace mlir::softmax

#endif // SOFTMAX_CONVERSION_SOFTMAXTOLINALG_DECOMPOSE_H
