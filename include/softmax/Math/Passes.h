// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#ifndef SOFTMAX_MATH_PASSES_H
#define SOFTMAX_MATH_PASSES_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace mlir::softmax {

#define GEN_PASS_DECL
#include "softmax/Math/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "softmax/Math/Passes.h.inc"

/// The rewrites of softmax-expand-math, for use beside others.  They reach a
/// fixed point under the greedy driver.
void populateExpandMathPatterns(RewritePatternSet &patterns,
                                const SoftmaxExpandMathOptions &options);

} // namespace mlir::softmax

#endif // SOFTMAX_MATH_PASSES_H
