// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Writes a set of files, all of them or none.
#ifndef SOFTMAX_TARGET_OUTPUTFILES_H
#define SOFTMAX_TARGET_OUTPUTFILES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::softmax {

/// One file to be written: its path ("-" is standard output), its bytes, and
/// whether it is to be executable, as shared libraries are.
struct OutputFile {
  std::string path;
  llvm::SmallVector<char, 0> contents;
  bool executable = false;
};

/// Writes all `files`: first beside their destinations under temporary names,
/// then, once all bytes are on disk, by renaming, so that a reader sees the old
/// file or the whole new one.  If `folder` is not empty it is created when
/// missing, and removed again on failure.  A destination that exists and is no
/// regular file (a device, a pipe) is written in place.  On failure the error
/// names the file, no temporary file is left, and files that did not exist
/// before do not exist.
llvm::Error writeOutputFiles(llvm::ArrayRef<OutputFile> files,
                             llvm::StringRef folder = "");

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_OUTPUTFILES_H
