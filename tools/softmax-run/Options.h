// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TOOLS_SOFTMAX_RUN_OPTIONS_H
#define SOFTMAX_TOOLS_SOFTMAX_RUN_OPTIONS_H

#include "softmax/Schedule/TargetDescription.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::softmax {

struct RunOptions {
  /// "-" is standard input.
  std::string file;
  std::string entry;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  /// Whether uint16 files hold bf16.
  bool uint16IsBF16 = false;
  bool check = false;
  bool time = false;
  TargetDescription target;
  std::string accuracy;
  std::string forceStrategy;
  /// 1: the calling thread alone.
  unsigned threads = 1;
};

/// Nothing where the usage is wrong; the reason is then on stderr.
std::optional<RunOptions> parseRunOptions(int argc, char **argv);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAX_RUN_OPTIONS_H
