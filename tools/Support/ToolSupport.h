// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the command-line tools share.
#ifndef SOFTMAX_TOOLS_SUPPORT_TOOLSUPPORT_H
#define SOFTMAX_TOOLS_SUPPORT_TOOLSUPPORT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::softmax {

/// Takes the options that LLVM's own libraries have registered out of the
/// global table: there are hundreds, and some have the names of ours.  To be
/// called before a tool's options are made.
void hideLibraryOptions();

/// Parses the command line into the options made before.  False where LLVM
/// refuses it; one line that says why, for `tool`, is then on stderr.
bool parseToolOptions(int argc, char **argv, llvm::StringRef tool,
                      llvm::StringRef overview);

/// Tells runOnLargeStack that a diagnostic has said what is wrong: if `work`
/// crashes after that, the input was refused and no defect of ours need be
/// reported.
void noteErrorReported();

/// Runs `work` on a thread with a stack large enough for the recursion of
/// parsers and passes over nested input.  If it still crashes, a message naming
/// `tool` goes to stderr, temporary files are removed, and the process ends
/// with status 1.
void runOnLargeStack(llvm::StringRef tool, llvm::function_ref<void()> work);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SUPPORT_TOOLSUPPORT_H
