// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What CPUs and GPUs differ in on the command line.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_TARGETS_H
#define SOFTMAX_TOOLS_SOFTMAXC_TARGETS_H

#include "Options.h"

#include "llvm/Support/Error.h"

namespace mlir::softmax {

/// Whether an output of `kind` may go to a terminal.
bool isText(EmitKind kind);

/// The kind that --emit calls `name`; fails for one that the target, a CPU or
/// a kind of GPU, has not.
llvm::Expected<EmitKind> parseEmitKind(llvm::StringRef name,
                                       std::optional<GPUKind> gpu);

/// The kind whose extension `path` has, the longest one first.
std::optional<EmitKind> kindOfPath(llvm::StringRef path,
                                   std::optional<GPUKind> gpu);

/// What is written for a GPU of `kind` if nothing else is asked for.
EmitKind defaultKind(GPUKind kind);

/// Whether the GPUs of `options` and NVIDIA's programs that are installed can
/// give all of `kinds`.
llvm::Error checkDeviceKinds(llvm::ArrayRef<EmitKind> kinds,
                             const Options &options);

/// Reads --target into `options`: versions for CPUs, or nvptx:CHIP,CHIP...
llvm::Error parseTargetList(llvm::StringRef text, Options &options);

/// Whether the target has the strategy of --force-strategy, and threads and
/// tuning only where there are.
llvm::Error checkStrategy(const Options &options);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_TARGETS_H
