// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/Cubin.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/Endian.h"

using namespace mlir::softmax::scorecard;
using llvm::StringRef;
using File = llvm::object::ELF64LEFile;

namespace {

/// Attributes of .nv.info sections (the names are those that `cuobjdump -elf`
/// prints).
enum Attribute : uint8_t {
  ParameterBank = 0x0a,
  FrameSize = 0x11,
  ParameterInfo = 0x17,
  RegisterCount = 0x2f
};

} // namespace

static uint16_t read16(llvm::ArrayRef<uint8_t> bytes) {
  return llvm::support::endian::read16le(bytes.data());
}
static uint32_t read32(llvm::ArrayRef<uint8_t> bytes) {
  return llvm::support::endian::read32le(bytes.data());
}

/// Calls `handle` for each attribute with a payload of at least four bytes.
static void forEachAttribute(
    llvm::ArrayRef<uint8_t> bytes,
    llvm::function_ref<void(uint8_t, llvm::ArrayRef<uint8_t>)> handle) {
  // Format 4 is followed by a payload with its size, the others have two bytes
  // in place of the size.
  constexpr uint8_t withPayload = 4;
  while (bytes.size() >= 4) {
    uint8_t format = bytes[0], attribute = bytes[1];
    size_t size = format == withPayload ? read16(bytes.drop_front(2)) : 0;
    bytes = bytes.drop_front(4);
    if (size > bytes.size())
      return;
    if (size >= 4)
      handle(attribute, bytes.take_front(size));
    bytes = bytes.drop_front(size);
  }
}

static void readKernelInfo(llvm::ArrayRef<uint8_t> bytes, CubinKernel &kernel) {
  forEachAttribute(
      bytes, [&](uint8_t attribute, llvm::ArrayRef<uint8_t> payload) {
        if (attribute == ParameterBank && payload.size() >= 8) {
          kernel.parameterBase = read16(payload.drop_front(4));
        } else if (attribute == ParameterInfo && payload.size() >= 12) {
          size_t ordinal = read16(payload.drop_front(4));
          if (ordinal > 4096)
            return;
          if (kernel.parameters.size() <= ordinal)
            kernel.parameters.resize(ordinal + 1);
          // The size stands above 18 bits of other things.
          kernel.parameters[ordinal] = {read16(payload.drop_front(6)),
                                        read32(payload.drop_front(8)) >> 18};
        }
      });
}

llvm::Expected<llvm::StringMap<CubinKernel>>
mlir::softmax::scorecard::readCubin(StringRef bytes) {
  llvm::Expected<File> file = File::create(bytes);
  if (!file)
    return llvm::createStringError("this is no cubin: " +
                                   llvm::toString(file.takeError()));
  if (file->getHeader().e_machine != llvm::ELF::EM_CUDA)
    return llvm::createStringError("this is an ELF file, but not for a GPU");
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();

  llvm::StringMap<CubinKernel> kernels;
  std::vector<std::string> names;
  for (const auto &section : *sections) {
    llvm::Expected<StringRef> name = file->getSectionName(section);
    if (!name)
      return name.takeError();
    if (StringRef kernel = *name; kernel.consume_front(".text."))
      kernels[kernel];
    // Names of functions, by their index among the symbols.
    if (section.sh_type != llvm::ELF::SHT_SYMTAB)
      continue;
    auto symbols = file->symbols(&section);
    auto strings = file->getStringTableForSymtab(section);
    if (!symbols)
      return symbols.takeError();
    if (!strings)
      return strings.takeError();
    for (const auto &symbol : *symbols) {
      auto text = symbol.getName(*strings);
      if (!text)
        return text.takeError();
      names.push_back(text->str());
    }
  }

  // Where the system's part of a block's shared memory has a section, those of
  // kernels begin behind it and contain it.
  constexpr unsigned sharedOfSystem = 1024;
  bool declaresSystem = false;
  for (const auto &section : *sections)
    declaresSystem |= llvm::cantFail(file->getSectionName(section))
                          .starts_with(".nv.shared.reserved");
  for (const auto &section : *sections) {
    StringRef name = llvm::cantFail(file->getSectionName(section));
    if (StringRef kernel = name;
        kernel.consume_front(".nv.shared.") && kernels.contains(kernel)) {
      auto size = static_cast<unsigned>(section.sh_size);
      if (declaresSystem && size >= sharedOfSystem)
        size -= sharedOfSystem;
      kernels[kernel].sharedBytes = size;
    }
    if (!name.consume_front(".nv.info"))
      continue;
    auto contents = file->getSectionContents(section);
    if (!contents)
      return contents.takeError();
    if (name.consume_front(".")) {
      if (kernels.contains(name))
        readKernelInfo(*contents, kernels[name]);
      continue;
    }
    forEachAttribute(
        *contents, [&](uint8_t attribute, llvm::ArrayRef<uint8_t> payload) {
          if (payload.size() < 8 || read32(payload) >= names.size())
            return;
          auto kernel = kernels.find(names[read32(payload)]);
          if (kernel == kernels.end())
            return;
          uint32_t value = read32(payload.drop_front(4));
          if (attribute == RegisterCount)
            kernel->second.registers = value;
          else if (attribute == FrameSize)
            kernel->second.stackBytes = value;
        });
  }
  return kernels;
}
