// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "CompiledKernel.h"

#include "HostLibrary.h"

#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace mlir::softmax::emulator;

/// A copy of the module without other kernels and without what only they use.
static std::unique_ptr<llvm::Module> extract(const llvm::Module &module,
                                             llvm::StringRef kernel) {
  auto isOther = [&](const llvm::Function &function) {
    return isKernel(function) && function.getName() != kernel;
  };
  llvm::ValueToValueMapTy map;
  std::unique_ptr<llvm::Module> copy =
      llvm::CloneModule(module, map, [&](const llvm::GlobalValue *value) {
        const auto *function = llvm::dyn_cast<llvm::Function>(value);
        return !function || !isOther(*function);
      });
  for (bool changed = true; changed;) {
    changed = false;
    auto eraseUnused = [&](auto values) {
      for (auto &value : llvm::make_early_inc_range(values)) {
        value.removeDeadConstantUsers();
        if (value.use_empty() && value.getName() != kernel) {
          value.eraseFromParent();
          changed = true;
        }
      }
    };
    eraseUnused(copy->functions());
    eraseUnused(copy->globals());
  }
  return copy;
}

static llvm::Expected<llvm::orc::JITTargetMachineBuilder> describeHost() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Expected<llvm::orc::JITTargetMachineBuilder> host =
      llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return host.takeError();
  host->setCodeGenOptLevel(llvm::CodeGenOptLevel::Less);
  // x86's conversions to bf16 flush subnormal numbers, NVIDIA's do not.
  if (host->getTargetTriple().isX86())
    host->addFeatures({"-avx512bf16", "-avxneconvert"});
  return host;
}

static llvm::Error defineSymbols(llvm::orc::LLJIT &jit) {
  llvm::orc::SymbolMap symbols;
  for (llvm::ArrayRef<RuntimeSymbol> list :
       {getRuntimeSymbols(), getHostLibrary()})
    for (const RuntimeSymbol &symbol : list)
      symbols[jit.mangleAndIntern(symbol.name)] = {
          llvm::orc::ExecutorAddr::fromPtr(symbol.address),
          llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  return jit.getMainJITDylib().define(
      llvm::orc::absoluteSymbols(std::move(symbols)));
}

llvm::Expected<std::unique_ptr<CompiledKernel>>
mlir::softmax::emulator::compileKernel(const llvm::Module &module,
                                       llvm::StringRef kernel,
                                       llvm::orc::ThreadSafeContext context) {
  llvm::Expected<llvm::orc::JITTargetMachineBuilder> host = describeHost();
  if (!host)
    return host.takeError();
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      host->createTargetMachine();
  if (!machine)
    return machine.takeError();

  auto result = std::make_unique<CompiledKernel>();
  std::unique_ptr<llvm::Module> copy = extract(module, kernel);
  llvm::Expected<PreparedModule> prepared = prepareModule(*copy, **machine);
  if (!prepared)
    return prepared.takeError();
  result->prepared = std::move(*prepared);

  // Nothing of this process but what the tables name: another symbol is an
  // error, not whatever has that name here.
  llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> jit =
      llvm::orc::LLJITBuilder()
          .setJITTargetMachineBuilder(std::move(*host))
          .setLinkProcessSymbolsByDefault(false)
          .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
          .create();
  if (!jit)
    return jit.takeError();
  result->jit = std::move(*jit);
  if (llvm::Error error = defineSymbols(*result->jit))
    return std::move(error);
  if (llvm::Error error = result->jit->addIRModule(
          llvm::orc::ThreadSafeModule(std::move(copy), std::move(context))))
    return std::move(error);
  return result;
}
