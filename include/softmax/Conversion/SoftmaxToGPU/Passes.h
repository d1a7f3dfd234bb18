// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_SOFTMAXTOGPU_PASSES_H
#define SOFTMAX_CONVERSION_SOFTMAXTOGPU_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::softmax {

/// The gpu.module that holds all kernels.
inline constexpr llvm::StringLiteral kernelModuleName = "softmax_kernels";
/// The attribute of a function that lists its alternatives in the order of
/// their guards: dictionaries of `alternative` (the GPUAlternativeAttr), `rows`
/// and `columns` (the sizes whose products they are: {-1, size}, or {argument
/// of the function, dimension}; absent where only the host's code knows them),
/// `workspace_bytes` per `workspace_columns` of a row (absent for none) and
/// `launches`, in order: dictionaries of `name`, `threads`, `rows_per_block`,
/// `blocks_per_row` or `columns_per_block`, `cluster`, `shared_bytes` and
/// `registers` (LaunchForm; absent for the usual value).
inline constexpr llvm::StringLiteral gpuKernelsAttrName = "softmax.gpu_kernels";

/// Instructions for 2^x and 1 / x that are not correctly rounded: NVIDIA's
/// ex2.approx.ftz and rcp.approx.ftz (2 and 1 ULP), AMD's v_exp_f32 and
/// v_rcp_f32 (1 ULP; CDNA3 Instruction Set Architecture, VOP1), all of them
/// without subnormal results.
enum class NativeInstructions { None, NVVM, ROCDL };

#define GEN_PASS_DECL
#include "softmax/Conversion/SoftmaxToGPU/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "softmax/Conversion/SoftmaxToGPU/Passes.h.inc"

} // namespace mlir::softmax

#endif // SOFTMAX_CONVERSION_SOFTMAXTOGPU_PASSES_H
