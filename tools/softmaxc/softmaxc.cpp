// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmaxc: compiles softmax kernels to libraries, objects and texts.

#include "Compile.h"
#include "Options.h"

#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax;

/// Stack of the compiling thread: the parsers of MLIR and the passes recurse
/// over nested regions and expressions of the input.
static constexpr unsigned kStackBytes = 256u << 20;

int main(int argc, char **argv) {
  std::optional<Options> options = parseCommandLine(argc, argv);
  if (!options)
    return 2;

  // An input that trips over a defect of a library below us ends in a message
  // and status 1 as well.
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext recovery;
  CompileResult result;
  bool returned = recovery.RunSafelyOnThread(
      [&] { result = compile(*options); }, kStackBytes);
  llvm::CrashRecoveryContext::Disable();
  if (!returned) {
    llvm::errs() << "softmaxc: internal error while compiling '"
                 << options->input.value_or("--op")
                 << "'; nothing was written; please report it with the input\n";
    return 1;
  }
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
