// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The options of softmaxc that describe kernels asked for by --op.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_KERNELOPTIONS_H
#define SOFTMAX_TOOLS_SOFTMAXC_KERNELOPTIONS_H

#include "softmax/Target/OpSpec.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/CommandLine.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::softmax {

/// Wrong usage: prints one line; the caller returns what this returns.
std::nullopt_t usageError(const llvm::Twine &message);

/// They register themselves in LLVM's global table when they are made.
struct KernelOptions {
  explicit KernelOptions(llvm::cl::OptionCategory &category);

  /// False, with a line, if one of them is given that belongs to --op.
  bool checkAbsent();
  /// One spec per --op.  False, with a line, if something is given twice or
  /// empty.
  bool read(std::vector<OpSpec> &ops);

  llvm::cl::list<std::string> op, type, shape, axis, name, with, labels,
      ignoreIndex, labelSmoothing, maskedRow;

private:
  bool checkNotEmpty();
};

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_KERNELOPTIONS_H
