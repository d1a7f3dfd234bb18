// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Jit/Jit.h"

#include "softmax/Target/CodeGen.h"

#include "mlir/Pass/PassManager.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace mlir;
using namespace mlir::softmax;

/// Stands for functions that are not there; their arguments are the caller's to
/// clean up.
static void ignoreCall() {}

void mlir::softmax::registerJitDialects(DialectRegistry &registry) {
  registerPipelineDialects(registry);
  registerCodeGenTranslations(registry);
}

llvm::Error mlir::softmax::checkHostExecutes(const TargetDescription &target) {
  auto refuse = [&](const llvm::Twine &why) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "target '" + target.name +
                                       "' does not run here: " + why +
                                       "; use native, or softmaxc to compile "
                                       "for another machine");
  };
  llvm::Triple host(llvm::sys::getProcessTriple());
  llvm::Triple triple(target.triple);
  if (host.getArch() != triple.getArch())
    return refuse("this machine is " + host.getArchName());
  if (!triple.isX86())
    return llvm::Error::success();
  llvm::StringMap<bool> available = llvm::sys::getHostCPUFeatures();
  SmallVector<StringRef> implied, explicitFeatures;
  llvm::X86::getFeaturesForCPU(target.cpu, implied);
  StringRef(target.features).split(explicitFeatures, ',', -1, false);
  // What is spelled out adds to what the CPU's name implies, or takes away: a
  // virtual machine may hide features that its CPU has by name.
  llvm::StringMap<bool> asked;
  for (StringRef feature : implied)
    asked[feature] = true;
  for (StringRef feature : explicitFeatures)
    asked[feature.drop_front()] = feature.front() == '+';
  SmallVector<StringRef> needed;
  for (const llvm::StringMapEntry<bool> &feature : asked)
    if (feature.second)
      needed.push_back(feature.first());
  llvm::sort(needed);
  // Features of the code generator alone are not among those of the CPU.
  for (StringRef feature : needed)
    if (auto found = available.find(feature);
        found != available.end() && !found->second)
      return refuse("this CPU has no " + feature);
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<ExecutionEngine>>
mlir::softmax::compileInProcess(ModuleOp module,
                                const PipelineOptions &options) {
  auto fail = [](const llvm::Twine &message) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
  };
  PassManager manager(module.getContext());
  buildToSchedulePipeline(manager, options);
  buildToLLVMPipeline(manager, options);
  if (failed(manager.run(module)))
    return fail("the module does not compile");

  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      createTargetMachine(options.target);
  if (!machine)
    return machine.takeError();
  llvm::TargetMachine &optimizer = **machine;
  std::string message;
  std::vector<std::string> weakNames;
  auto build = [&](Operation *op, llvm::LLVMContext &context) {
    llvm::Expected<std::unique_ptr<llvm::Module>> result = translateAndOptimize(
        cast<ModuleOp>(op), context, options.target, optimizer);
    if (result) {
      for (const llvm::GlobalValue &value : (*result)->global_values())
        if (value.hasExternalWeakLinkage())
          weakNames.push_back(value.getName().str());
      return std::move(*result);
    }
    message = llvm::toString(result.takeError());
    return std::unique_ptr<llvm::Module>();
  };
  ExecutionEngineOptions engineOptions;
  engineOptions.llvmModuleBuilder = build;
  engineOptions.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Aggressive;
  // The debugger's and perf's listeners cost start-up time.
  engineOptions.enableGDBNotificationListener = false;
  engineOptions.enablePerfNotificationListener = false;
  llvm::Expected<std::unique_ptr<ExecutionEngine>> engine =
      ExecutionEngine::create(module, engineOptions, std::move(*machine));
  if (engine) {
    // What a kernel binds weakly (the error setter of TVM-FFI) is not here, and
    // the JIT's linker takes no null address for it.
    (*engine)->registerSymbols([&](llvm::orc::MangleAndInterner intern) {
      llvm::orc::SymbolMap symbols;
      for (const std::string &name : weakNames)
        symbols[intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(&ignoreCall),
                                 llvm::JITSymbolFlags::Exported |
                                     llvm::JITSymbolFlags::Callable};
      return symbols;
    });
    return engine;
  }
  if (message.empty())
    return engine;
  llvm::consumeError(engine.takeError());
  return fail(message);
}
