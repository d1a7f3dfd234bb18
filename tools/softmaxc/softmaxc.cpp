// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmaxc: compiles softmax kernels to libraries, objects and texts.

#include "../Support/ToolSupport.h"
#include "Compile.h"
#include "Options.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax;

int main(int argc, char **argv) {
  std::optional<Options> options = parseCommandLine(argc, argv);
  if (!options)
    return 2;

  CompileResult result;
  runOnLargeStack("softmaxc", [&] { result = compile(*options); });
  if (result.status != 0)
    return result.status;

  bool textToStdout = false;
  for (const OutputFile &file : result.files)
    textToStdout |= file.path == "-";
  // The explanation must not end up in a text that is piped on.
  (textToStdout ? llvm::errs() : llvm::outs()) << result.explanation;

  if (llvm::Error error =
          writeOutputFiles(result.files, options->outputFolder)) {
    llvm::errs() << "softmaxc: " << llvm::toString(std::move(error)) << '\n';
    return 2;
  }
  return 0;
}
