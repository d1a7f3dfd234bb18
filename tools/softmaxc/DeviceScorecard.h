// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// --scorecard: figures of the compiled kernels.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_DEVICESCORECARD_H
#define SOFTMAX_TOOLS_SOFTMAXC_DEVICESCORECARD_H

#include "Options.h"

#include "softmax/Target/DeviceKernels.h"

#include "llvm/Support/Error.h"

namespace mlir::softmax {

/// The scores of `functions`, whose code is `ptx`, as a table or as JSON: at
/// the shapes of --scorecard-shape, or at lengths that meet every kernel.
/// Fails where ptxas or nvdisasm is missing, or does not take the code.
llvm::Expected<std::string>
makeScorecard(llvm::StringRef ptx, llvm::ArrayRef<DeviceFunction> functions,
              const GPUDescription &chip, const Options &options);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_DEVICESCORECARD_H
