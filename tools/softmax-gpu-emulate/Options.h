// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_OPTIONS_H
#define SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_OPTIONS_H

#include "softmax/Emulator/Emulator.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::softmax {

/// What one --arg says.
struct ArgumentSpec {
  enum Kind { In, Out, InOut, Same, I32, I64, F32, F64 };
  Kind kind = In;
  /// Also the sizes and strides of a memref.
  bool isMemRef = false;
  std::string input, output;
  /// Of an output that is no input.
  std::string elementType;
  std::vector<int64_t> shape;
  /// Of Same: the argument whose buffer it is, and bytes from its beginning.
  unsigned other = 0;
  int64_t byteOffset = 0;
  int64_t integer = 0;
  double real = 0;
};

struct EmulateOptions {
  std::string file;
  std::string module;
  /// Without arguments and buffers.
  emulator::Launch launch;
  std::vector<ArgumentSpec> arguments;
  /// Empty: none; "-" is standard output.
  std::string counters;
  bool listKernels = false;
};

/// Nothing where the usage is wrong; the reason is then on stderr.
std::optional<EmulateOptions> parseEmulateOptions(int argc, char **argv);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAX_GPU_EMULATE_OPTIONS_H
