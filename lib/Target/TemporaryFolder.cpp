// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "TemporaryFolder.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax;

TemporaryFolder::~TemporaryFolder() {
  for (const std::string &file : files) {
    (void)llvm::sys::fs::remove(file);
    llvm::sys::DontRemoveFileOnSignal(file);
  }
  if (!path.empty())
    (void)llvm::sys::fs::remove(path);
}

llvm::Error TemporaryFolder::create() {
  llvm::SmallString<128> pattern;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, pattern);
  llvm::sys::path::append(pattern, "softmax");
  if (std::error_code failure =
          llvm::sys::fs::createUniqueDirectory(pattern, path)) {
    path.clear();
    return llvm::createStringError("cannot create a temporary folder '" +
                                   pattern + "-*': " + failure.message() +
                                   "; set TMPDIR to a writable folder");
  }
  return llvm::Error::success();
}

std::string TemporaryFolder::add(llvm::StringRef name) {
  llvm::SmallString<128> file(path);
  llvm::sys::path::append(file, name);
  llvm::sys::RemoveFileOnSignal(file);
  files.push_back(file.str().str());
  return files.back();
}

llvm::Error mlir::softmax::writeTemporary(llvm::StringRef path,
                                          llvm::StringRef bytes) {
  std::error_code failure;
  llvm::raw_fd_ostream stream(path, failure);
  if (!failure) {
    stream << bytes;
    stream.close();
    failure = stream.error();
    stream.clear_error();
  }
  if (failure)
    return llvm::createStringError("cannot write the temporary file '" + path +
                                   "': " + failure.message() +
                                   "; set TMPDIR to a folder with free space");
  return llvm::Error::success();
}

llvm::Expected<std::string> mlir::softmax::readTemporary(llvm::StringRef path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  if (!file)
    return llvm::createStringError("cannot read the temporary file '" + path +
                                   "': " + file.getError().message());
  return (*file)->getBuffer().str();
}
