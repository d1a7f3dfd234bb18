// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From functions to their vector-Jacobian products.

#ifndef SOFTMAX_DIFFERENTIATION_PASSES_H
#define SOFTMAX_DIFFERENTIATION_PASSES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

#define GEN_PASS_DECL
#include "softmax/Differentiation/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "softmax/Differentiation/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_DIFFERENTIATION_PASSES_H
