// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/Link.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

LLD_HAS_DRIVER(elf)

using namespace mlir::softmax;

namespace {

llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Error writeBytes(llvm::StringRef path, llvm::StringRef bytes) {
  std::error_code failure;
  llvm::raw_fd_ostream stream(path, failure);
  if (!failure) {
    stream << bytes;
    stream.close();
    failure = stream.error();
    stream.clear_error();
  }
  if (failure)
    return makeError("cannot write the temporary file '" + path +
                     "': " + failure.message() +
                     "; set TMPDIR to a folder with free space");
  return llvm::Error::success();
}

/// lld's name for the kind of file that `object` becomes part of.
llvm::Expected<const char *> getEmulation(llvm::MemoryBufferRef object) {
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createELFObjectFile(object);
  if (!file)
    return makeError("the linker failed: " + llvm::toString(file.takeError()));
  switch ((*file)->getArch()) {
  case llvm::Triple::x86_64:
    return "elf_x86_64";
  case llvm::Triple::aarch64:
    return "aarch64linux";
  case llvm::Triple::riscv64:
    return "elf64lriscv";
  case llvm::Triple::amdgcn:
    return "elf64_amdgpu";
  default:
    return makeError("the linker knows no objects for " +
                     llvm::Triple::getArchTypeName((*file)->getArch()));
  }
}

} // namespace

namespace {

/// A temporary folder and the files in it, removed with this object and when a
/// signal ends the process.
class TemporaryFolder {
public:
  ~TemporaryFolder() {
    for (const std::string &file : files) {
      (void)llvm::sys::fs::remove(file);
      llvm::sys::DontRemoveFileOnSignal(file);
    }
    if (!path.empty())
      (void)llvm::sys::fs::remove(path);
  }

  llvm::Error create() {
    llvm::SmallString<128> pattern;
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, pattern);
    llvm::sys::path::append(pattern, "softmax-link");
    if (std::error_code failure =
            llvm::sys::fs::createUniqueDirectory(pattern, path)) {
      path.clear();
      return makeError("cannot create a temporary folder '" + pattern +
                       "-*': " + failure.message() +
                       "; set TMPDIR to a writable folder");
    }
    return llvm::Error::success();
  }

  std::string add(llvm::StringRef name) {
    llvm::SmallString<128> file(path);
    llvm::sys::path::append(file, name);
    llvm::sys::RemoveFileOnSignal(file);
    files.push_back(file.str().str());
    return files.back();
  }

private:
  llvm::SmallString<128> path;
  llvm::SmallVector<std::string> files;
};

// Undefined symbols are checked by our caller against a list that no linker
// option can express, weak ones included.
constexpr const char *libraryOptions[] = {"-z",
                                          "undefs",
                                          "-z",
                                          "now",
                                          "-z",
                                          "relro",
                                          "-z",
                                          "noexecstack",
                                          "-Bsymbolic",
                                          "-O2",
                                          "--gc-sections",
                                          "--eh-frame-hdr",
                                          "--hash-style=gnu"};
/// As clang links for amdhsa.
constexpr const char *codeObjectOptions[] = {"--no-undefined"};

/// Runs lld on `inputs`.
llvm::Error runLinker(const char *emulation,
                      llvm::ArrayRef<const char *> options,
                      llvm::StringRef soname, llvm::StringRef output,
                      llvm::ArrayRef<std::string> inputs) {
  // After a crash inside lld its state cannot be trusted any more.
  static bool linkerUsable = true;
  if (!linkerUsable)
    return makeError("the linker failed before in this process and cannot be "
                     "run again");
  llvm::SmallVector<std::string, 24> arguments = {
      "ld.lld", "-m", emulation, "-shared", "--threads=1", "--fatal-warnings"};
  arguments.append(options.begin(), options.end());
  if (!soname.empty())
    arguments.push_back("-soname=" + soname.str());
  arguments.append({"-o", output.str()});
  arguments.append(inputs.begin(), inputs.end());
  llvm::SmallVector<const char *, 24> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());

  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result =
      lld::lldMain(pointers, stream, stream, {{lld::Gnu, &lld::elf::link}});
  llvm::CrashRecoveryContext::Disable();
  linkerUsable = result.canRunAgain;
  if (result.retCode != 0)
    return makeError("the linker failed: " + llvm::StringRef(messages).trim());
  return llvm::Error::success();
}

} // namespace

static llvm::Expected<llvm::SmallVector<char, 0>>
readLinked(const std::string &path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> library =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  if (!library)
    return makeError("cannot read the linked library '" + path +
                     "': " + library.getError().message());
  llvm::StringRef bytes = (*library)->getBuffer();
  return llvm::SmallVector<char, 0>(bytes.begin(), bytes.end());
}

llvm::Expected<llvm::SmallVector<char, 0>>
mlir::softmax::linkCodeObject(llvm::MemoryBufferRef object) {
  llvm::Expected<const char *> emulation = getEmulation(object);
  if (!emulation)
    return emulation.takeError();
  TemporaryFolder folder;
  if (llvm::Error error = folder.create())
    return std::move(error);
  std::string input = folder.add("kernels.o");
  if (llvm::Error error = writeBytes(input, object.getBuffer()))
    return std::move(error);
  std::string output = folder.add("kernels.hsaco");
  if (llvm::Error error = runLinker(*emulation, codeObjectOptions,
                                    /*soname=*/"", output, input))
    return std::move(error);
  return readLinked(output);
}

llvm::Expected<llvm::SmallVector<char, 0>>
mlir::softmax::linkSharedLibrary(llvm::MemoryBufferRef object,
                                 llvm::StringRef soname,
                                 const SharedDependency *dependency) {
  llvm::Expected<const char *> emulation = getEmulation(object);
  if (!emulation)
    return emulation.takeError();
  TemporaryFolder folder;
  if (llvm::Error error = folder.create())
    return std::move(error);
  llvm::SmallVector<std::string> inputs = {folder.add("kernels.o")};
  if (llvm::Error error = writeBytes(inputs[0], object.getBuffer()))
    return std::move(error);
  if (dependency) {
    std::string stub = folder.add("stub.o");
    inputs.push_back(folder.add("stub.so"));
    if (llvm::Error error =
            writeBytes(stub, llvm::StringRef(dependency->object.data(),
                                             dependency->object.size())))
      return std::move(error);
    if (llvm::Error error = runLinker(*emulation, libraryOptions,
                                      dependency->soname, inputs.back(), stub))
      return std::move(error);
  }
  std::string output = folder.add("kernels.so");
  if (llvm::Error error =
          runLinker(*emulation, libraryOptions, soname, output, inputs))
    return std::move(error);
  return readLinked(output);
}

llvm::Expected<llvm::SmallVector<char, 0>>
mlir::softmax::makeStaticArchive(llvm::MemoryBufferRef object,
                                 llvm::StringRef memberName) {
  llvm::SmallVector<llvm::NewArchiveMember, 1> members;
  members.emplace_back(object);
  members.back().MemberName = memberName;
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (llvm::Error error = llvm::writeArchiveToStream(
          stream, members, llvm::SymtabWritingMode::NormalSymtab,
          llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false))
    return std::move(error);
  return bytes;
}
