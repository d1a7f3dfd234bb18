// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels for a GPU.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_COMPILEDEVICE_H
#define SOFTMAX_TOOLS_SOFTMAXC_COMPILEDEVICE_H

#include "Options.h"
#include "SourceOperands.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"

#include <map>

namespace mlir::softmax {

/// What comes of a module; empty where it was not asked for.
struct DeviceOutputs {
  std::string explanation;
  std::map<EmitKind, std::string> files;
};

/// Compiles `module` for the GPUs of `options`.  Emits diagnostics where it
/// fails.
LogicalResult compileForDevice(ModuleOp module, const Options &options,
                               SourceOperands &operands,
                               DeviceOutputs &outputs);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_COMPILEDEVICE_H
