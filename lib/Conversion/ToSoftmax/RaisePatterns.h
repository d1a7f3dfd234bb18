// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The matchers of softmax-raise, one per source form.

#ifndef SOFTMAX_LIB_CONVERSION_TOSOFTMAX_RAISEPATTERNS_H
#define SOFTMAX_LIB_CONVERSION_TOSOFTMAX_RAISEPATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::softmax::raise {

/// `linalg.softmax` (form P10).
void populateLinalgSoftmaxPattern(RewritePatternSet &patterns);

/// Maximum, exponential, sum and division in linalg (forms P1 and P9).
void populateCanonicalPattern(RewritePatternSet &patterns);

/// The largest element of a row and its place in one linalg.generic.
void populateArgMaxPattern(RewritePatternSet &patterns);

/// Whether the named ops take `type` as elements (C-TYPE-1).
bool isSoftmaxElementType(Type type);

} // namespace mlir::softmax::raise

#endif // SOFTMAX_LIB_CONVERSION_TOSOFTMAX_RAISEPATTERNS_H
