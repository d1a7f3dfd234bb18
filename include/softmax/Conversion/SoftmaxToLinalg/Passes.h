// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#ifndef SOFTMAX_CONVERSION_SOFTMAXTOLINALG_PASSES_H
#define SOFTMAX_CONVERSION_SOFTMAXTOLINALG_PASSES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

#define GEN_PASS_DECL
#include "softmax/Conversion/SoftmaxToLinalg/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "softmax/Conversion/SoftmaxToLinalg/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_CONVERSION_SOFTMAXTOLINALG_PASSES_H
