// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/WaveCode.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstPrinter.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/TargetSelect.h"

#include <mutex>
#include <numeric>

using namespace mlir::softmax::scorecard;
using llvm::StringRef;

StringRef mlir::softmax::scorecard::getWaveUnitName(WaveUnit unit) {
  static const StringRef names[kWaveUnits] = {
      "vector",        "transcendental", "scalar", "scalar_memory",
      "global_memory", "scratch",        "lds",    "control"};
  return names[static_cast<size_t>(unit)];
}

WaveUnit mlir::softmax::scorecard::getWaveUnit(StringRef mnemonic) {
  auto startsWithOneOf = [&](std::initializer_list<StringRef> prefixes) {
    return llvm::any_of(prefixes, [&](StringRef prefix) {
      return mnemonic.starts_with(prefix);
    });
  };
  if (startsWithOneOf({"v_exp_", "v_log_", "v_rcp_", "v_rsq_", "v_sqrt_",
                       "v_sin_", "v_cos_"}))
    return WaveUnit::Transcendental;
  if (mnemonic.starts_with("v_"))
    return WaveUnit::Vector;
  if (mnemonic.starts_with("ds_"))
    return WaveUnit::LDS;
  if (mnemonic.starts_with("scratch_"))
    return WaveUnit::Scratch;
  // What writes caches back or forgets them moves nothing to a register.
  if (startsWithOneOf(
          {"buffer_gl", "buffer_inv", "buffer_wb", "global_inv", "global_wb"}))
    return WaveUnit::Control;
  if (startsWithOneOf({"global_", "flat_", "buffer_"}))
    return WaveUnit::GlobalMemory;
  if (startsWithOneOf({"s_load_", "s_buffer_", "s_store_", "s_dcache_"}))
    return WaveUnit::ScalarMemory;
  if (startsWithOneOf({"s_branch", "s_cbranch", "s_setpc", "s_swappc",
                       "s_endpgm", "s_wait", "s_barrier", "s_nop", "s_delay",
                       "s_clause", "s_sleep", "s_sendmsg", "s_code_end",
                       "s_set_inst_prefetch", "s_setprio", "s_icache"}))
    return WaveUnit::Control;
  return mnemonic.starts_with("s_") ? WaveUnit::Scalar : WaveUnit::Control;
}

uint64_t WaveCounts::total() const {
  return std::accumulate(byUnit.begin(), byUnit.end(), uint64_t(0));
}

namespace {

/// LLVM's disassembler of one chip.
class Disassembler {
public:
  static llvm::Expected<std::unique_ptr<Disassembler>>
  create(const llvm::Triple &triple, StringRef chip, StringRef features);
  /// Of the code of one function.
  llvm::Expected<WaveCounts> count(llvm::ArrayRef<uint8_t> code) const;

private:
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCContext> context;
  std::unique_ptr<llvm::MCDisassembler> disassembler;
  /// Knows what instructions are called.
  std::unique_ptr<llvm::MCInstPrinter> printer;
};

} // namespace

llvm::Expected<std::unique_ptr<Disassembler>>
Disassembler::create(const llvm::Triple &triple, StringRef chip,
                     StringRef features) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeAMDGPUTargetInfo();
    LLVMInitializeAMDGPUTargetMC();
    LLVMInitializeAMDGPUDisassembler();
  });
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return llvm::createStringError(error);
  auto result = std::make_unique<Disassembler>();
  llvm::MCTargetOptions options;
  result->registers.reset(target->createMCRegInfo(triple));
  result->assembly.reset(
      target->createMCAsmInfo(*result->registers, triple, options));
  result->instructions.reset(target->createMCInstrInfo());
  result->subtarget.reset(
      target->createMCSubtargetInfo(triple, chip, features));
  result->context = std::make_unique<llvm::MCContext>(
      triple, result->assembly.get(), result->registers.get(),
      result->subtarget.get());
  result->disassembler.reset(
      target->createMCDisassembler(*result->subtarget, *result->context));
  result->printer.reset(target->createMCInstPrinter(
      triple, result->assembly->getAssemblerDialect(), *result->assembly,
      *result->instructions, *result->registers));
  if (!result->disassembler || !result->printer)
    return llvm::createStringError("LLVM has no disassembler for " +
                                   triple.str());
  return result;
}

llvm::Expected<WaveCounts>
Disassembler::count(llvm::ArrayRef<uint8_t> code) const {
  WaveCounts counts;
  for (uint64_t at = 0; at < code.size();) {
    llvm::MCInst instruction;
    uint64_t size = 0;
    if (disassembler->getInstruction(instruction, size, code.drop_front(at), at,
                                     llvm::nulls()) !=
            llvm::MCDisassembler::Success ||
        size == 0)
      return llvm::createStringError("byte " + llvm::utostr(at) +
                                     " begins no instruction of " +
                                     subtarget->getCPU());
    at += size;
    StringRef mnemonic = printer->getMnemonic(instruction).first;
    ++counts.byUnit[static_cast<size_t>(getWaveUnit(mnemonic.trim()))];
  }
  return counts;
}

llvm::Expected<llvm::StringMap<WaveCounts>>
mlir::softmax::scorecard::countWaveInstructions(StringRef codeObject) {
  auto file = llvm::object::ObjectFile::createELFObjectFile(
      llvm::MemoryBufferRef(codeObject, "code object"));
  if (!file)
    return llvm::createStringError("this is no code object: " +
                                   llvm::toString(file.takeError()));
  auto *elf = llvm::cast<llvm::object::ELFObjectFileBase>(file->get());
  if (elf->getEMachine() != llvm::ELF::EM_AMDGPU)
    return llvm::createStringError(
        "this is an ELF file, but not for a GPU of AMD's");
  llvm::Expected<llvm::SubtargetFeatures> features = elf->getFeatures();
  if (!features)
    return features.takeError();
  auto disassembler =
      Disassembler::create(elf->makeTriple(), elf->tryGetCPUName().value_or(""),
                           features->getString());
  if (!disassembler)
    return disassembler.takeError();

  llvm::StringMap<WaveCounts> counts;
  for (llvm::object::ELFSymbolRef symbol : elf->symbols()) {
    if (symbol.getELFType() != llvm::ELF::STT_FUNC || symbol.getSize() == 0)
      continue;
    llvm::Expected<StringRef> name = symbol.getName();
    llvm::Expected<uint64_t> address = symbol.getAddress();
    llvm::Expected<llvm::object::section_iterator> section =
        symbol.getSection();
    if (!name || !address || !section)
      return llvm::joinErrors(
          name.takeError(),
          llvm::joinErrors(address.takeError(), section.takeError()));
    if (*section == elf->section_end())
      continue;
    llvm::Expected<StringRef> contents = (*section)->getContents();
    if (!contents)
      return contents.takeError();
    uint64_t begin = *address - (*section)->getAddress();
    if (begin > contents->size() || symbol.getSize() > contents->size() - begin)
      return llvm::createStringError("function '" + *name +
                                     "' lies outside of its section");
    llvm::Expected<WaveCounts> counted =
        (*disassembler)
            ->count(llvm::arrayRefFromStringRef(
                contents->substr(begin, symbol.getSize())));
    if (!counted)
      return llvm::createStringError(
          "function '" + *name + "': " + llvm::toString(counted.takeError()));
    counts[*name] = *counted;
  }
  return counts;
}
