// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES_H
#define SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"

namespace mlir::softmax {

/// What softmax-split-rows adds to a function's name, and its attribute that
/// says how many bytes of statistics a block has.
inline constexpr llvm::StringLiteral rowBlocksSuffix = "__blocks";
inline constexpr llvm::StringLiteral rowStatisticsSuffix = "__statistics";
inline constexpr llvm::StringLiteral rowResultsSuffix = "__results";
inline constexpr llvm::StringLiteral rowBlockBytesAttrName =
    "softmax.row_block_bytes";

#define GEN_PASS_DECL
#include "softmax/Conversion/SoftmaxToVector/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "softmax/Conversion/SoftmaxToVector/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES_H
