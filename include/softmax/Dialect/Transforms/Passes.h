// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Passes that stay within the softmax dialect or prepare IR around it.

#ifndef SOFTMAX_DIALECT_TRANSFORMS_PASSES_H
#define SOFTMAX_DIALECT_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

#define GEN_PASS_DECL
#include "softmax/Dialect/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "softmax/Dialect/Transforms/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_TRANSFORMS_PASSES_H
