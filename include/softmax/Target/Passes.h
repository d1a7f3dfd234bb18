// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Passes that turn functions on memrefs into kernels with a C interface.
#ifndef SOFTMAX_TARGET_PASSES_H
#define SOFTMAX_TARGET_PASSES_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir::softmax {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "softmax/Target/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_PASSES_H
