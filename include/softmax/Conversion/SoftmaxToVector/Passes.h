// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES_H
#define SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::softmax {

#define GEN_PASS_DECL
#include "softmax/Conversion/SoftmaxToVector/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "softmax/Conversion/SoftmaxToVector/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES_H
