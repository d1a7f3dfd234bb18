// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_LIB_TARGET_TEMPORARYFOLDER_H
#define SOFTMAX_LIB_TARGET_TEMPORARYFOLDER_H

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::softmax {

/// A temporary folder and the files in it, removed with this object and when a
/// signal ends the process.
class TemporaryFolder {
public:
  ~TemporaryFolder();

  /// To be called first.
  llvm::Error create();

  /// The path of a file to write.
  std::string add(llvm::StringRef name);

private:
  llvm::SmallString<128> path;
  llvm::SmallVector<std::string> files;
};

/// Writes a file that was added to a temporary folder, and reads one.
llvm::Error writeTemporary(llvm::StringRef path, llvm::StringRef bytes);
llvm::Expected<std::string> readTemporary(llvm::StringRef path);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_TEMPORARYFOLDER_H
