// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Raising: from the forms in which other dialects print softmax to the named
// ops.

#ifndef SOFTMAX_CONVERSION_TOSOFTMAX_PASSES_H
#define SOFTMAX_CONVERSION_TOSOFTMAX_PASSES_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir::softmax {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "softmax/Conversion/ToSoftmax/Passes.h.inc"

/// Adds a pattern per source form.  A pattern that sees a candidate which is
/// not quite a softmax says why through `notifyMatchFailure`; it says nothing
/// about ops that do not look like one.
void populateRaisePatterns(RewritePatternSet &patterns);

} // namespace mlir::softmax

#endif // SOFTMAX_CONVERSION_TOSOFTMAX_PASSES_H
