// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-gpu-emulate: runs a GPU kernel on the CPU, on .npy files.

#include "../Support/ToolSupport.h"
#include "Options.h"
#include "Run.h"

using namespace mlir::softmax;

int main(int argc, char **argv) {
  std::optional<EmulateOptions> options = parseEmulateOptions(argc, argv);
  if (!options)
    return 2;
  int status = 0;
  runOnLargeStack("softmax-gpu-emulate",
                  [&] { status = emulate(std::move(*options)); });
  return status;
}
