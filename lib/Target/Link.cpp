// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/Link.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
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
  default:
    return makeError("the linker knows no objects for " +
                     llvm::Triple::getArchTypeName((*file)->getArch()));
  }
}

} // namespace

llvm::Expected<llvm::SmallVector<char, 0>>
mlir::softmax::linkSharedLibrary(llvm::MemoryBufferRef object,
                                 llvm::StringRef soname) {
  // After a crash inside lld its state cannot be trusted any more.
  static bool linkerUsable = true;
  if (!linkerUsable)
    return makeError("the linker failed before in this process and cannot be "
                     "run again");

  llvm::Expected<const char *> emulation = getEmulation(object);
  if (!emulation)
    return emulation.takeError();

  llvm::SmallString<128> pattern, input, output;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, pattern);
  llvm::sys::path::append(pattern, "softmax-link");
  llvm::SmallString<128> folder;
  if (std::error_code failure =
          llvm::sys::fs::createUniqueDirectory(pattern, folder))
    return makeError("cannot create a temporary folder '" + pattern + "-*': " +
                     failure.message() + "; set TMPDIR to a writable folder");
  input = output = folder;
  llvm::sys::path::append(input, "kernels.o");
  llvm::sys::path::append(output, "kernels.so");
  llvm::sys::RemoveFileOnSignal(input);
  llvm::sys::RemoveFileOnSignal(output);
  llvm::scope_exit cleanUp([&] {
    for (llvm::StringRef file : {input.str(), output.str()}) {
      (void)llvm::sys::fs::remove(file);
      llvm::sys::DontRemoveFileOnSignal(file);
    }
    (void)llvm::sys::fs::remove(folder);
  });

  if (llvm::Error error = writeBytes(input, object.getBuffer()))
    return std::move(error);

  // Undefined symbols are checked by our caller against a list that no linker
  // option can express, weak ones included.
  llvm::SmallVector<const char *, 24> arguments = {"ld.lld",
                                                   "-m",
                                                   *emulation,
                                                   "-shared",
                                                   "-z",
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
                                                   "--threads=1",
                                                   "--hash-style=gnu",
                                                   "--fatal-warnings"};
  llvm::SmallString<64> sonameArgument("-soname=");
  sonameArgument += soname;
  if (!soname.empty())
    arguments.push_back(sonameArgument.c_str());
  arguments.append({"-o", output.c_str(), input.c_str()});

  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result =
      lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  llvm::CrashRecoveryContext::Disable();
  linkerUsable = result.canRunAgain;
  if (result.retCode != 0)
    return makeError("the linker failed: " + llvm::StringRef(messages).trim());

  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> library =
      llvm::MemoryBuffer::getFile(output, /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  if (!library)
    return makeError("cannot read the linked library '" + output +
                     "': " + library.getError().message());
  llvm::StringRef bytes = (*library)->getBuffer();
  return llvm::SmallVector<char, 0>(bytes.begin(), bytes.end());
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
