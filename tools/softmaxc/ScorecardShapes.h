// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// At which rows and columns a scorecard looks at kernels.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_SCORECARDSHAPES_H
#define SOFTMAX_TOOLS_SOFTMAXC_SCORECARDSHAPES_H

#include "Options.h"

#include "softmax/Target/DeviceKernels.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace mlir::softmax {

/// Sizes of the symbols of a function's shapes; of the others 1.
using SymbolSizes = llvm::StringMap<int64_t>;
int64_t getSize(const KernelDim &dim, const SymbolSizes &sizes);
int64_t getProduct(llvm::ArrayRef<KernelDim> dims, const SymbolSizes &sizes);

/// The kernel that takes given rows of a function.
struct ShapedKernel {
  const DeviceKernel *kernel = nullptr;
  /// As near to those asked for as the static sizes let them be.
  int64_t rows = 0, columns = 0;
  SymbolSizes sizes;
  /// "4096x1000"
  std::string text() const;
};

/// Fails where `function` has no kernel for `shape`.
llvm::Expected<ShapedKernel> findKernel(const DeviceFunction &function,
                                        const Work &shape);
/// Lengths at which each kernel works: its longest, and the odd one below.
llvm::SmallVector<Work> chooseShapes(const DeviceFunction &function);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_SCORECARDSHAPES_H
