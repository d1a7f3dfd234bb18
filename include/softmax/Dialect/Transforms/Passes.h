// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Passes that stay within the softmax dialect or prepare IR around it.

#ifndef SOFTMAX_DIALECT_TRANSFORMS_PASSES_H
#define SOFTMAX_DIALECT_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

/// Layout of the memrefs that softmax-results-to-destinations adds.
enum class DestinationLayout { Identity, Dynamic };

#define GEN_PASS_DECL
#include "softmax/Dialect/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "softmax/Dialect/Transforms/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_TRANSFORMS_PASSES_H
