// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// --explain: what runs, why, and over what.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_EXPLAIN_H
#define SOFTMAX_TOOLS_SOFTMAXC_EXPLAIN_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace mlir::softmax {
struct GPUDescription;
struct KernelResources;
struct TargetDescription;

/// Describes the public functions of `module`, whose softmax.generic ops have
/// schedules: per op its alternatives in the order in which they are tried,
/// and the modelled cost of every strategy at the same row length.
std::string explain(ModuleOp module, const TargetDescription &target);
/// The same of GPU schedules.
std::string explain(ModuleOp module, const GPUDescription &chip);
/// What AMD's machine code takes of `chip`, a line per kernel.
std::string explainResources(llvm::ArrayRef<KernelResources> kernels,
                             const GPUDescription &chip);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_EXPLAIN_H
