// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmaxc: compiles softmax kernels to libraries, objects and texts.

#include "Compile.h"
#include "Options.h"

#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/thread.h"

#include <csignal>
#include <unistd.h>

using namespace mlir::softmax;

namespace {

/// Stack of the compiling thread: the parsers of MLIR and the passes recurse
/// over nested types, regions and expressions of the input.
constexpr unsigned kStackBytes = 256u << 20;

/// Where the handler below runs when that stack has overflowed.
alignas(16) char alternateStack[64 << 10];

/// An input that trips over a defect of a library below us, or that is nested
/// too deep, ends in a message and status 1 as well.  Only functions that are
/// safe in a signal handler, and LLVM's removal of temporary files, which is
/// made for one.
void handleCrash(int) {
  constexpr char message[] =
      "softmaxc: internal error: the input cannot be compiled, or is nested "
      "too deep; nothing was written; please report it with the input\n";
  ssize_t written = write(STDERR_FILENO, message, sizeof(message) - 1);
  (void)written;
  llvm::sys::CleanupOnSignal(0);
  _exit(1);
}

/// For the calling thread's stack and the whole process's signals.
void installCrashHandler() {
  stack_t stack = {};
  stack.ss_sp = alternateStack;
  stack.ss_size = sizeof(alternateStack);
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_handler = handleCrash;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND;
  for (int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE})
    sigaction(signal, &action, nullptr);
}

} // namespace

int main(int argc, char **argv) {
  std::optional<Options> options = parseCommandLine(argc, argv);
  if (!options)
    return 2;

  CompileResult result;
  llvm::thread compiling(std::optional<unsigned>(kStackBytes), [&] {
    installCrashHandler();
    result = compile(*options);
  });
  compiling.join();
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
