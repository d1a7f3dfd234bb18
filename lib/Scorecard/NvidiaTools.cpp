// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/NvidiaTools.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace mlir::softmax::scorecard;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Adds the folders `pattern` below `root`, where "*" is any name.
static void addFolders(std::string root, llvm::ArrayRef<StringRef> pattern,
                       std::vector<std::string> &folders) {
  if (pattern.empty()) {
    folders.push_back(std::move(root));
    return;
  }
  if (pattern.front() != "*" && pattern.front() != "python*") {
    llvm::SmallString<128> next(root);
    path::append(next, pattern.front());
    addFolders(next.str().str(), pattern.drop_front(), folders);
    return;
  }
  StringRef prefix = pattern.front().drop_back();
  std::error_code error;
  std::vector<std::string> found;
  for (fs::directory_iterator it(root, error), end; it != end && !error;
       it.increment(error))
    if (path::filename(it->path()).starts_with(prefix))
      found.push_back(it->path());
  llvm::sort(found);
  for (std::string &one : found)
    addFolders(std::move(one), pattern.drop_front(), folders);
}

llvm::Expected<std::string>
mlir::softmax::scorecard::findNvidiaTool(StringRef program) {
  if (auto found = llvm::sys::findProgramByName(program))
    return *found;
  std::vector<std::string> folders;
  for (StringRef variable : {"CUDA_HOME", "CUDA_PATH"})
    if (auto root = llvm::sys::Process::GetEnv(variable))
      addFolders(*root, {"bin"}, folders);
  if (auto root = llvm::sys::Process::GetEnv("VIRTUAL_ENV"))
    addFolders(*root, {"lib", "python*", "site-packages", "nvidia", "*", "bin"},
               folders);
  for (const std::string &folder : folders)
    if (auto found = llvm::sys::findProgramByName(program, {folder}))
      return *found;
  StringRef package =
      program == "ptxas" ? "nvidia-cuda-nvcc" : "nvidia-cuda-nvdisasm";
  return llvm::createStringError(
      program.str() +
      " was not found; install NVIDIA's CUDA toolkit, or `pip install " +
      package.str() +
      "`, and put its folder (site-packages/nvidia/cu13/bin) on the PATH");
}

namespace {

/// A file of its own that goes away with this.
class TemporaryFile {
public:
  explicit TemporaryFile(StringRef extension) {
    if (std::error_code code =
            fs::createTemporaryFile("softmax", extension, name))
      error = code.message();
    else
      remover.setFile(name);
  }
  StringRef getPath() const { return name; }
  /// Why there is no file; empty where there is one.
  const std::string &getError() const { return error; }

private:
  llvm::SmallString<128> name;
  llvm::FileRemover remover;
  std::string error;
};

} // namespace

/// Runs `program` on a file with `contents`; what it prints goes to `output`,
/// where that is a file, and its messages into the error.
static llvm::Expected<std::string>
runOnFile(StringRef program, StringRef contents, StringRef extension,
          llvm::ArrayRef<StringRef> arguments, bool printsResult) {
  llvm::Expected<std::string> executable = findNvidiaTool(program);
  if (!executable)
    return executable.takeError();
  TemporaryFile input(extension), output("out"), messages("err");
  for (const TemporaryFile *file : {&input, &output, &messages})
    if (!file->getError().empty())
      return llvm::createStringError("a temporary file cannot be made: " +
                                     file->getError());
  {
    std::error_code code;
    llvm::raw_fd_ostream stream(input.getPath(), code);
    if (!code) {
      stream << contents;
      stream.close();
      code = stream.error();
      stream.clear_error();
    }
    if (code)
      return llvm::createStringError("a temporary file cannot be written: " +
                                     code.message());
  }
  llvm::SmallVector<StringRef> command = {*executable};
  command.append(arguments.begin(), arguments.end());
  if (!printsResult)
    command.append({"-o", output.getPath()});
  command.push_back(input.getPath());
  std::optional<StringRef> redirects[] = {
      StringRef(), printsResult ? output.getPath() : messages.getPath(),
      messages.getPath()};
  std::string message;
  int status =
      llvm::sys::ExecuteAndWait(*executable, command, /*Env=*/std::nullopt,
                                redirects, /*SecondsToWait=*/0,
                                /*MemoryLimit=*/0, &message);
  auto read = [](const TemporaryFile &file) -> std::string {
    auto buffer = llvm::MemoryBuffer::getFile(file.getPath());
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  };
  if (status != 0) {
    std::string said = message.empty() ? read(messages) : message;
    return llvm::createStringError(program.str() +
                                   " fails: " + StringRef(said).trim().str());
  }
  return read(output);
}

llvm::Expected<std::string>
mlir::softmax::scorecard::disassembleCubin(StringRef cubin) {
  return runOnFile("nvdisasm", cubin, "cubin", {"-c"}, /*printsResult=*/true);
}
