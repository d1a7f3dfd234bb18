// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiles a module in this process.
#ifndef SOFTMAX_JIT_JIT_H
#define SOFTMAX_JIT_JIT_H

#include "softmax/Pipelines/Pipelines.h"

#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"

#include <memory>

namespace mlir::softmax {

/// Registers what compileInProcess and its inputs need.
void registerJitDialects(DialectRegistry &registry);

/// Fails with one line if this CPU lacks what code for `target` may use.
llvm::Error checkHostExecutes(const TargetDescription &target);

/// Lowers `module` (which it changes) by the pipelines and compiles it as
/// softmaxc would.  What does not compile is reported as a diagnostic; the
/// error then says so again in one line.
llvm::Expected<std::unique_ptr<ExecutionEngine>>
compileInProcess(ModuleOp module, const PipelineOptions &options);

} // namespace mlir::softmax

#endif // SOFTMAX_JIT_JIT_H
