// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/OutputFiles.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace mlir::softmax;
namespace fs = llvm::sys::fs;

namespace {

llvm::Error cannotWrite(llvm::StringRef path, const llvm::Twine &why) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 "cannot write '" + path + "': " + why);
}

/// A file under its temporary name, on its way to `file->path`.
struct PendingFile {
  const OutputFile *file;
  fs::TempFile temporary;
  bool existed;
};

/// Whether `path` is something that renaming would destroy.
bool isSpecial(llvm::StringRef path) {
  fs::file_status status;
  return !fs::status(path, status) &&
         status.type() != fs::file_type::regular_file;
}

llvm::Error writeStream(llvm::raw_fd_ostream &stream, const OutputFile &file) {
  stream.write(file.contents.data(), file.contents.size());
  stream.flush();
  std::error_code failure = stream.error();
  stream.clear_error();
  if (failure)
    return cannotWrite(file.path == "-" ? "standard output" : file.path,
                       failure.message());
  return llvm::Error::success();
}

llvm::Error writeInPlace(const OutputFile &file) {
  if (file.path == "-")
    return writeStream(llvm::outs(), file);
  std::error_code failure;
  llvm::raw_fd_ostream stream(file.path, failure, fs::CD_OpenExisting);
  if (failure)
    return cannotWrite(file.path, failure.message());
  return writeStream(stream, file);
}

llvm::Error writeTemporary(const OutputFile &file,
                           llvm::SmallVectorImpl<PendingFile> &pending) {
  bool existed = fs::exists(file.path);
  // Renaming needs no permission for the file that it replaces.  One that is
  // write-protected is protected against us, too.
  if (existed)
    if (std::error_code failure = fs::access(file.path, fs::AccessMode::Write))
      return cannotWrite(file.path, failure.message());

  unsigned mode = fs::all_read | fs::all_write;
  if (file.executable)
    mode |= fs::all_exe;
  llvm::Expected<fs::TempFile> temporary =
      fs::TempFile::create(file.path + ".tmp-%%%%%%%%", mode);
  if (!temporary)
    return cannotWrite(file.path, llvm::toString(temporary.takeError()));
  int descriptor = temporary->FD;
  pending.push_back({&file, std::move(*temporary), existed});
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/false);
  return writeStream(stream, file);
}

/// Renames every pending file.  What was renamed is counted in `done`.
llvm::Error keepAll(llvm::MutableArrayRef<PendingFile> pending, size_t &done) {
  for (PendingFile &entry : pending) {
    if (llvm::Error error = entry.temporary.keep(entry.file->path))
      return cannotWrite(entry.file->path, llvm::toString(std::move(error)));
    ++done;
  }
  return llvm::Error::success();
}

} // namespace

llvm::Error mlir::softmax::writeOutputFiles(llvm::ArrayRef<OutputFile> files,
                                            llvm::StringRef folder) {
  llvm::StringSet<> paths;
  for (const OutputFile &file : files) {
    if (!paths.insert(file.path).second)
      return cannotWrite(file.path, "two outputs go to the same path");
    if (file.path != "-" && fs::is_directory(file.path))
      return cannotWrite(file.path, "it is a directory");
  }

  bool folderIsNew = !folder.empty() && !fs::exists(folder);
  if (folderIsNew)
    if (std::error_code failure =
            fs::create_directory(folder, /*IgnoreExisting=*/true, fs::all_all))
      return cannotWrite(folder, failure.message());

  llvm::SmallVector<PendingFile, 8> pending;
  size_t done = 0;
  llvm::Error error = llvm::Error::success();
  for (const OutputFile &file : files) {
    if (file.path == "-" || isSpecial(file.path))
      continue;
    if ((error = writeTemporary(file, pending)))
      break;
  }
  if (!error)
    error = keepAll(pending, done);
  // What cannot be undone comes last.
  for (const OutputFile &file : files) {
    if (error)
      break;
    if (file.path == "-" || isSpecial(file.path))
      error = writeInPlace(file);
  }
  if (!error)
    return llvm::Error::success();

  for (size_t i = 0; i < pending.size(); ++i) {
    if (i >= done)
      llvm::consumeError(pending[i].temporary.discard());
    else if (!pending[i].existed)
      (void)fs::remove(pending[i].file->path);
  }
  if (folderIsNew)
    (void)fs::remove(folder);
  return error;
}
