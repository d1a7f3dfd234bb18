// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-run: compiles a function in this process and runs it on .npy files.

#include "../Support/ToolSupport.h"
#include "Options.h"
#include "Run.h"

using namespace mlir::softmax;

int main(int argc, char **argv) {
  std::optional<RunOptions> options = parseRunOptions(argc, argv);
  if (!options)
    return 2;
  int status = 0;
  runOnLargeStack("softmax-run", [&] { status = run(*options); });
  return status;
}
