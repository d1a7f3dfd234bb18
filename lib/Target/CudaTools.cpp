// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/CudaTools.h"

#include "TemporaryFolder.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace mlir::softmax;

/// The folders of NVIDIA's Python packages in $VIRTUAL_ENV, in order:
/// lib/python*/site-packages/nvidia/*/bin.
static std::vector<std::string> listPackageFolders() {
  namespace fs = llvm::sys::fs;
  namespace path = llvm::sys::path;
  std::optional<std::string> root = llvm::sys::Process::GetEnv("VIRTUAL_ENV");
  if (!root)
    return {};
  auto list = [](llvm::StringRef folder, llvm::StringRef prefix) {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; it != end && !error;
         it.increment(error))
      if (path::filename(it->path()).starts_with(prefix))
        found.push_back(it->path());
    llvm::sort(found);
    return found;
  };
  std::vector<std::string> folders;
  for (const std::string &python : list(*root + "/lib", "python"))
    for (const std::string &package :
         list(python + "/site-packages/nvidia", ""))
      folders.push_back(package + "/bin");
  return folders;
}

llvm::Expected<std::string>
mlir::softmax::findCudaTool(llvm::StringRef program, llvm::StringRef toolkit) {
  auto findIn = [&](llvm::StringRef folder) {
    llvm::SmallString<128> bin(folder);
    llvm::sys::path::append(bin, "bin");
    return llvm::sys::findProgramByName(program, {folder, bin.str()});
  };
  if (!toolkit.empty()) {
    if (llvm::ErrorOr<std::string> path = findIn(toolkit))
      return *path;
    return llvm::createStringError("there is no " + program + " in '" +
                                   toolkit + "' or its bin/");
  }
  for (const char *variable : {"CUDA_PATH", "CUDA_HOME"})
    if (std::optional<std::string> folder =
            llvm::sys::Process::GetEnv(variable);
        folder && !folder->empty())
      if (llvm::ErrorOr<std::string> path = findIn(*folder))
        return *path;
  if (llvm::ErrorOr<std::string> path = llvm::sys::findProgramByName(program))
    return *path;
  for (const std::string &folder : listPackageFolders())
    if (llvm::ErrorOr<std::string> path =
            llvm::sys::findProgramByName(program, {folder}))
      return *path;
  if (program == "nvdisasm")
    return llvm::createStringError(
        "nvdisasm was not found; install NVIDIA's CUDA toolkit, or `pip "
        "install nvidia-cuda-nvdisasm`, and put its folder "
        "(site-packages/nvidia/cu13/bin) on the PATH");
  return llvm::createStringError(
      "NVIDIA's " + program +
      " is not on the PATH; name its folder with --cuda-path, or install it "
      "(pip install nvidia-cuda-nvcc)");
}

/// Runs `arguments[0]`, which prints to `output` if that is not empty; an error
/// with what it says where it fails.
static llvm::Error runTool(llvm::ArrayRef<std::string> arguments,
                           TemporaryFolder &folder,
                           llvm::StringRef output = "") {
  llvm::SmallVector<llvm::StringRef> words(arguments.begin(), arguments.end());
  std::string log = folder.add("log");
  std::optional<llvm::StringRef> redirects[] = {
      "", output.empty() ? llvm::StringRef(log) : output, log};
  std::string failure;
  int status = llvm::sys::ExecuteAndWait(words[0], words, std::nullopt,
                                         redirects, /*SecondsToWait=*/0,
                                         /*MemoryLimit=*/0, &failure);
  if (status == 0)
    return llvm::Error::success();
  if (failure.empty()) {
    llvm::Expected<std::string> said = readTemporary(log);
    if (said)
      failure = llvm::StringRef(*said).trim().str();
    else
      llvm::consumeError(said.takeError());
  }
  return llvm::createStringError(words[0] + " failed with status " +
                                 llvm::Twine(status) + ": " + failure);
}

llvm::Expected<std::string>
mlir::softmax::assemblePTX(llvm::StringRef ptx, llvm::StringRef chip,
                           llvm::StringRef toolkit) {
  llvm::Expected<std::string> ptxas = findCudaTool("ptxas", toolkit);
  if (!ptxas)
    return ptxas.takeError();
  TemporaryFolder folder;
  if (llvm::Error error = folder.create())
    return std::move(error);
  std::string input = folder.add("kernels.ptx");
  std::string output = folder.add("kernels.cubin");
  if (llvm::Error error = writeTemporary(input, ptx))
    return std::move(error);
  if (llvm::Error error = runTool(
          {*ptxas, "-O3", "-arch=" + chip.str(), input, "-o", output}, folder))
    return std::move(error);
  return readTemporary(output);
}

llvm::Expected<std::string>
mlir::softmax::makeFatbin(llvm::ArrayRef<FatbinImage> images,
                          llvm::StringRef toolkit) {
  llvm::Expected<std::string> fatbinary = findCudaTool("fatbinary", toolkit);
  if (!fatbinary)
    return fatbinary.takeError();
  TemporaryFolder folder;
  if (llvm::Error error = folder.create())
    return std::move(error);
  std::string output = folder.add("kernels.fatbin");
  llvm::SmallVector<std::string> arguments = {*fatbinary, "-64",
                                              "--create=" + output};
  auto add = [&](llvm::StringRef kind, const FatbinImage &image,
                 llvm::StringRef bytes) -> llvm::Error {
    std::string file = folder.add(image.chip + "." + kind.str());
    arguments.push_back(("--image3=kind=" + kind + ",sm=" +
                         llvm::StringRef(image.chip).drop_until(llvm::isDigit) +
                         ",file=" + file)
                            .str());
    return writeTemporary(file, bytes);
  };
  for (const FatbinImage &image : images)
    if (llvm::Error error = add("elf", image, image.cubin))
      return std::move(error);
  if (llvm::Error error = add("ptx", images.back(), images.back().ptx))
    return std::move(error);
  if (llvm::Error error = runTool(arguments, folder))
    return std::move(error);
  return readTemporary(output);
}

llvm::Expected<std::string>
mlir::softmax::disassembleCubin(llvm::StringRef cubin,
                                llvm::StringRef toolkit) {
  // A package of its own, which need not lie with ptxas.
  llvm::Expected<std::string> nvdisasm = findCudaTool("nvdisasm", toolkit);
  if (!nvdisasm && !toolkit.empty()) {
    llvm::consumeError(nvdisasm.takeError());
    nvdisasm = findCudaTool("nvdisasm");
  }
  if (!nvdisasm)
    return nvdisasm.takeError();
  TemporaryFolder folder;
  if (llvm::Error error = folder.create())
    return std::move(error);
  std::string input = folder.add("kernels.cubin");
  std::string output = folder.add("kernels.sass");
  if (llvm::Error error = writeTemporary(input, cubin))
    return std::move(error);
  if (llvm::Error error = runTool({*nvdisasm, "-c", input}, folder, output))
    return std::move(error);
  return readTemporary(output);
}
