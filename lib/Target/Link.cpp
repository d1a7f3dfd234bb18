// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/Link.h"

#include "TemporaryFolder.h"

#include "lld/Common/Driver.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/raw_ostream.h"

LLD_HAS_DRIVER(elf)

using namespace mlir::softmax;

namespace {

llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
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
  llvm::Expected<std::string> library = readTemporary(path);
  if (!library)
    return library.takeError();
  return llvm::SmallVector<char, 0>(library->begin(), library->end());
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
  if (llvm::Error error = writeTemporary(input, object.getBuffer()))
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
                                 const SharedDependency *dependency,
                                 llvm::ArrayRef<llvm::StringRef> further) {
  llvm::Expected<const char *> emulation = getEmulation(object);
  if (!emulation)
    return emulation.takeError();
  TemporaryFolder folder;
  if (llvm::Error error = folder.create())
    return std::move(error);
  llvm::SmallVector<std::string> inputs = {folder.add("kernels.o")};
  if (llvm::Error error = writeTemporary(inputs[0], object.getBuffer()))
    return std::move(error);
  for (llvm::StringRef bytes : further) {
    inputs.push_back(
        folder.add("further" + std::to_string(inputs.size()) + ".o"));
    if (llvm::Error error = writeTemporary(inputs.back(), bytes))
      return std::move(error);
  }
  if (dependency) {
    std::string stub = folder.add("stub.o");
    inputs.push_back(folder.add("stub.so"));
    if (llvm::Error error =
            writeTemporary(stub, llvm::StringRef(dependency->object.data(),
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
