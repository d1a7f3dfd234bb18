// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From understood options to the bytes of every output.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_COMPILE_H
#define SOFTMAX_TOOLS_SOFTMAXC_COMPILE_H

#include "Options.h"

#include "softmax/Target/OutputFiles.h"

#include <string>
#include <vector>

namespace mlir::softmax {

/// What compiling has produced; nothing is written yet.
struct CompileResult {
  /// The process's exit status: 0, 1 (does not compile) or 2 (wrong usage).
  int status = 0;
  /// In the order of Options::outputs.
  std::vector<OutputFile> files;
  /// The text of --explain.
  std::string explanation;
};

/// Compiles as `options` say.  On failure the reason is on stderr.
CompileResult compile(const Options &options);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_COMPILE_H
