// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "ToolSupport.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/thread.h"

#include <csignal>
#include <cstring>
#include <optional>
#include <unistd.h>

using namespace mlir::softmax;

void mlir::softmax::hideLibraryOptions() {
  llvm::SmallVector<llvm::cl::Option *> foreign;
  for (const auto &entry : llvm::cl::getRegisteredOptions())
    if (entry.first != "help" && entry.first != "h" && entry.first != "version")
      foreign.push_back(entry.second);
  for (llvm::cl::Option *option : foreign)
    option->removeArgument();
}

bool mlir::softmax::parseToolOptions(int argc, char **argv,
                                     llvm::StringRef tool,
                                     llvm::StringRef overview) {
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  if (llvm::cl::ParseCommandLineOptions(argc, argv, overview, &stream))
    return true;
  // What an option itself refuses LLVM has printed already, in one line.  Other
  // messages name the program by its path and may add a suggestion on a line of
  // its own.
  if (messages.empty())
    return false;
  llvm::StringRef line = llvm::StringRef(messages).split('\n').first;
  line.consume_front(argv[0]);
  line.consume_front(llvm::sys::path::filename(argv[0]));
  line.consume_front(": ");
  line = line.split("  Try: ").first.rtrim(" .!");
  llvm::errs() << tool << ": " << line << "; see " << tool << " --help\n";
  return false;
}

namespace {

constexpr unsigned stackBytes = 256u << 20;

/// Where the handler below runs when that stack has overflowed.
alignas(16) char alternateStack[64 << 10];

/// The handler's messages, composed before anything can go wrong.
char crashMessage[256];
char refusedMessage[256];

/// Whether an error has been reported.
volatile sig_atomic_t errorReported = 0;

/// Calls only what is safe in a signal handler, and LLVM's removal of temporary
/// files, which is made for one.
void handleCrash(int) {
  const char *message = errorReported ? refusedMessage : crashMessage;
  ssize_t written = write(STDERR_FILENO, message, strlen(message));
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

void mlir::softmax::noteErrorReported() { errorReported = 1; }

void mlir::softmax::runOnLargeStack(llvm::StringRef tool,
                                    llvm::function_ref<void()> work) {
  snprintf(crashMessage, sizeof(crashMessage),
           "%s: internal error: the input cannot be compiled or run, or is "
           "nested too deep; nothing was written; please report it with the "
           "input\n",
           tool.str().c_str());
  snprintf(refusedMessage, sizeof(refusedMessage), "%s: nothing was written\n",
           tool.str().c_str());
  llvm::thread thread(std::optional<unsigned>(stackBytes), [&] {
    installCrashHandler();
    work();
  });
  thread.join();
}
