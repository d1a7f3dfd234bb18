// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Canonicalizations that are identities of the family.  Private to
// lib/Dialect/IR.

#ifndef SOFTMAX_LIB_DIALECT_IR_IDENTITIES_H
#define SOFTMAX_LIB_DIALECT_IR_IDENTITIES_H

#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax::common {

/// Adds those of the op that the null second argument names.
void addIdentities(RewritePatternSet &patterns, SoftmaxOp op);
void addIdentities(RewritePatternSet &patterns, LogSoftmaxOp op);
void addIdentities(RewritePatternSet &patterns, LogSumExpOp op);
void addIdentities(RewritePatternSet &patterns, GenericOp op);

/// log_softmax with gathered labels to cross_entropy; one of log_softmax's.
void addNegativeLogLikelihood(RewritePatternSet &patterns);

} // namespace mlir::softmax::common

#endif // SOFTMAX_LIB_DIALECT_IR_IDENTITIES_H
