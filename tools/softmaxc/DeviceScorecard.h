// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// --scorecard: figures of the compiled kernels.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_DEVICESCORECARD_H
#define SOFTMAX_TOOLS_SOFTMAXC_DEVICESCORECARD_H

#include "Options.h"

#include "softmax/Schedule/GPUSchedule.h"
#include "softmax/Target/DeviceKernels.h"

#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace mlir::softmax {

/// The scores of `functions`, whose code is `ptx`, as a table or as JSON: at
/// the shapes of --scorecard-shape, or at lengths that meet every kernel.
/// Fails where ptxas or nvdisasm is missing, or does not take the code.
llvm::Expected<std::string>
makeScorecard(llvm::StringRef ptx, llvm::ArrayRef<DeviceFunction> functions,
              const GPUDescription &chip, const Options &options);

/// What a function's kernels were chosen for, and their schedules.
struct ScheduledKernels {
  GPUKernelShape shape;
  llvm::SmallVector<GPUCandidate> alternatives;
};
/// Those of the functions of `module`, whose ops are scheduled, by name.
llvm::StringMap<ScheduledKernels> listScheduledKernels(ModuleOp module);

/// The same for AMD's `codeObject`, whose code is not followed: what its
/// kernels take, and the instructions that stand in them.
llvm::Expected<std::string>
makeAMDScorecard(llvm::StringRef codeObject,
                 llvm::ArrayRef<DeviceFunction> functions,
                 const llvm::StringMap<ScheduledKernels> &scheduled,
                 const GPUDescription &chip, const Options &options);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_DEVICESCORECARD_H
