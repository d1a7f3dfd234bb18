// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/CodeGen.h"

#include "softmax/Schedule/TargetDescription.h"
#include "softmax/Target/OpenMPRuntime.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <mutex>

// Declared here rather than by llvm/Support/TargetSelect.h, which would name
// every target of the packaged LLVM.
#define SOFTMAX_DECLARE_TARGET(name)                                           \
  void LLVMInitialize##name##TargetInfo(void);                                 \
  void LLVMInitialize##name##Target(void);                                     \
  void LLVMInitialize##name##TargetMC(void);                                   \
  void LLVMInitialize##name##AsmPrinter(void);                                 \
  void LLVMInitialize##name##AsmParser(void);
#define SOFTMAX_INITIALIZE_TARGET(name)                                        \
  LLVMInitialize##name##TargetInfo();                                          \
  LLVMInitialize##name##Target();                                              \
  LLVMInitialize##name##TargetMC();                                            \
  LLVMInitialize##name##AsmPrinter();                                          \
  LLVMInitialize##name##AsmParser();

extern "C" {
// NOLINTBEGIN(readability-identifier-naming): LLVM's names.
SOFTMAX_DECLARE_TARGET(X86)
SOFTMAX_DECLARE_TARGET(AArch64)
SOFTMAX_DECLARE_TARGET(RISCV)
// NOLINTEND(readability-identifier-naming)
}

using namespace mlir;
using namespace mlir::softmax;

namespace {

template <typename... Args>
llvm::Error makeError(const char *format, const Args &...args) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), format,
                                 args...);
}

/// Collects the errors that LLVM reports through its context while this object
/// lives, so that they reach the caller instead of ending the process.
class ErrorCollector {
public:
  explicit ErrorCollector(llvm::LLVMContext &context)
      : context(context), previous(context.getDiagnosticHandler()) {
    context.setDiagnosticHandler(std::make_unique<Handler>(messages));
  }
  ~ErrorCollector() { context.setDiagnosticHandler(std::move(previous)); }

  /// What was reported since the construction, as one error.
  llvm::Error take(llvm::StringRef stage) {
    if (messages.empty())
      return llvm::Error::success();
    return makeError("%s: %s", stage.str().c_str(),
                     llvm::join(messages, "; ").c_str());
  }

private:
  struct Handler : llvm::DiagnosticHandler {
    explicit Handler(std::vector<std::string> &messages) : messages(messages) {}
    bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
      if (info.getSeverity() != llvm::DS_Error)
        return true; // remarks and warnings of LLVM are not for our users
      std::string &text = messages.emplace_back();
      llvm::raw_string_ostream stream(text);
      llvm::DiagnosticPrinterRawOStream printer(stream);
      info.print(printer);
      return true;
    }
    std::vector<std::string> &messages;
  };

  llvm::LLVMContext &context;
  std::unique_ptr<llvm::DiagnosticHandler> previous;
  std::vector<std::string> messages;
};

/// The part of the C library that the optimizer may reason about and call.
/// memcpy and memset are missing although kernels may use them: their copying
/// and filling loops move the ends of rows, a few elements, and a call would
/// cost more and spill every vector register around it.
llvm::TargetLibraryInfoImpl allowedLibrary(const llvm::Triple &triple) {
  llvm::TargetLibraryInfoImpl library(triple);
  library.disableAllFunctions();
  library.setAvailable(llvm::LibFunc_malloc);
  library.setAvailable(llvm::LibFunc_free);
  return library;
}

/// Restricts what other modules can see of `llvmModule` to the public functions
/// of `module`.
void hideInternals(ModuleOp module, llvm::Module &llvmModule) {
  llvm::StringSet<> exported;
  for (LLVM::LLVMFuncOp function : module.getOps<LLVM::LLVMFuncOp>())
    if (!function.isExternal() && function.isPublic() &&
        function.getLinkage() == LLVM::Linkage::External &&
        function.getVisibility_() != LLVM::Visibility::Hidden)
      exported.insert(function.getSymName());

  for (llvm::GlobalValue &value : llvmModule.global_values()) {
    // llvm.global_ctors is a message to the code generator.
    if (value.isDeclaration() || value.hasLocalLinkage() ||
        value.hasAppendingLinkage())
      continue;
    if (!exported.contains(value.getName())) {
      value.setVisibility(llvm::GlobalValue::DefaultVisibility);
      value.setLinkage(llvm::GlobalValue::InternalLinkage);
      continue;
    }
    // A kernel calls its own entries directly, whatever another library of the
    // process calls its functions.
    value.setDSOLocal(true);
  }
}

/// Drops what dialects other than LLVM's say about arguments and results, such
/// as `softmax.name`: the translation would warn of each.
void dropForeignArgumentAttributes(ModuleOp module) {
  auto keepOwn = [](ArrayAttr lists) -> ArrayAttr {
    if (!lists)
      return lists;
    SmallVector<Attribute> kept;
    for (DictionaryAttr list : lists.getAsRange<DictionaryAttr>()) {
      SmallVector<NamedAttribute> own =
          llvm::to_vector(llvm::make_filter_range(list, [](NamedAttribute a) {
            return a.getName().strref().starts_with("llvm.");
          }));
      kept.push_back(DictionaryAttr::get(lists.getContext(), own));
    }
    return ArrayAttr::get(lists.getContext(), kept);
  };
  for (LLVM::LLVMFuncOp function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (ArrayAttr attributes = keepOwn(function.getArgAttrsAttr()))
      function.setArgAttrsAttr(attributes);
    if (ArrayAttr attributes = keepOwn(function.getResAttrsAttr()))
      function.setResAttrsAttr(attributes);
  }
}

void addFunctionAttributes(llvm::Module &llvmModule,
                           const TargetDescription &target) {
  for (llvm::Function &function : llvmModule) {
    if (function.isDeclaration())
      continue;
    // The versions of a library say for themselves what they are for.
    if (!function.hasFnAttribute("target-cpu")) {
      function.addFnAttr("target-cpu", target.cpu);
      if (!target.features.empty())
        function.addFnAttr("target-features", target.features);
      function.addFnAttr("prefer-vector-width",
                         llvm::utostr(target.vectorBits));
      if (target.scalable)
        function.addFnAttr(llvm::Attribute::getWithVScaleRangeArgs(
            llvmModule.getContext(), target.leastScale, target.mostScale));
    }
    function.addFnAttr(llvm::Attribute::NoUnwind);
    // Unwind tables cost no time and let profilers and debuggers walk through
    // a kernel.
    function.setUWTableKind(llvm::UWTableKind::Async);
  }
}

/// Runs the code generator on a copy of `module`, which it changes.
llvm::Error emit(const llvm::Module &module, llvm::TargetMachine &machine,
                 llvm::CodeGenFileType type, llvm::raw_pwrite_stream &stream) {
  ErrorCollector errors(module.getContext());
  std::unique_ptr<llvm::Module> copy = llvm::CloneModule(module);
  llvm::legacy::PassManager passes;
  passes.add(new llvm::TargetLibraryInfoWrapperPass(
      allowedLibrary(module.getTargetTriple())));
  if (machine.addPassesToEmitFile(passes, stream, /*DwoOut=*/nullptr, type))
    return makeError("LLVM cannot emit this kind of file for %s",
                     machine.getTargetTriple().str().c_str());
  passes.run(*copy);
  return errors.take("LLVM's code generator");
}

} // namespace

void mlir::softmax::registerCodeGenTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerOpenMPDialectTranslation(registry);
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
mlir::softmax::createTargetMachine(const TargetDescription &target) {
  static std::once_flag initialized;
  std::call_once(initialized, [] {
    SOFTMAX_INITIALIZE_TARGET(X86)
    SOFTMAX_INITIALIZE_TARGET(AArch64)
    SOFTMAX_INITIALIZE_TARGET(RISCV)
  });

  llvm::Triple triple(target.triple);
  std::string message;
  const llvm::Target *llvmTarget =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!llvmTarget)
    return makeError("target '%s': %s", target.name.c_str(), message.c_str());

  llvm::TargetOptions options;
  // Only what carries the contract flag is fused; our IR spells out its fma.
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  options.MCOptions.ABIName = target.abi;
  options.UseInitArray = true;
  std::unique_ptr<llvm::TargetMachine> machine(llvmTarget->createTargetMachine(
      triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return makeError("target '%s': LLVM was built without a code generator "
                     "for it",
                     target.name.c_str());
  return machine;
}

void mlir::softmax::optimizeModule(llvm::Module &module,
                                   llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.SLPVectorization = false;

  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning);
  // Registered before the builder's own, which then stands back.
  functions.registerPass([&] {
    return llvm::TargetLibraryAnalysis(
        allowedLibrary(machine.getTargetTriple()));
  });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

llvm::Expected<std::unique_ptr<llvm::Module>>
mlir::softmax::translateAndOptimize(ModuleOp module, llvm::LLVMContext &context,
                                    const TargetDescription &target,
                                    llvm::TargetMachine &machine) {
  std::string layout = machine.createDataLayout().getStringRepresentation();
  std::string triple = machine.getTargetTriple().str();
  MLIRContext *mlirContext = module.getContext();
  module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                  StringAttr::get(mlirContext, layout));
  module->setAttr(LLVM::LLVMDialect::getTargetTripleAttrName(),
                  StringAttr::get(mlirContext, triple));

  dropForeignArgumentAttributes(module);
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(
      module, context, module.getSymName().value_or("softmax-mlir"));
  if (!llvmModule)
    return makeError("the module cannot be translated to LLVM IR");

  // Without a triple the optimizer turns llvm.memcpy into a loop over bytes.
  llvmModule->setDataLayout(machine.createDataLayout());
  llvmModule->setTargetTriple(machine.getTargetTriple());
  llvmModule->setPICLevel(llvm::PICLevel::BigPIC);
  hideInternals(module, *llvmModule);
  addFunctionAttributes(*llvmModule, target);

  ErrorCollector errors(context);
  optimizeModule(*llvmModule, machine);
  if (llvm::Error error = errors.take("LLVM's optimizer"))
    return std::move(error);
  return llvmModule;
}

std::string mlir::softmax::printModule(const llvm::Module &module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, /*AAW=*/nullptr);
  return text;
}

llvm::Expected<std::string>
mlir::softmax::emitAssembly(const llvm::Module &module,
                            llvm::TargetMachine &machine) {
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  if (llvm::Error error =
          emit(module, machine, llvm::CodeGenFileType::AssemblyFile, stream))
    return std::move(error);
  return text.str().str();
}

llvm::Expected<llvm::SmallVector<char, 0>>
mlir::softmax::emitObject(const llvm::Module &module,
                          llvm::TargetMachine &machine) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (llvm::Error error =
          emit(module, machine, llvm::CodeGenFileType::ObjectFile, stream))
    return std::move(error);
  return bytes;
}

llvm::Error mlir::softmax::checkUndefinedSymbols(llvm::MemoryBufferRef object,
                                                 bool threads) {
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createObjectFile(object);
  if (!file)
    return file.takeError();

  std::vector<std::string> unexpected;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    // Index 0 of an ELF symbol table is undefined and has no name.
    if (!(*flags & llvm::object::SymbolRef::SF_Undefined) ||
        (*flags & (llvm::object::SymbolRef::SF_Weak |
                   llvm::object::SymbolRef::SF_FormatSpecific)))
      continue;
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (name->empty() ||
        llvm::is_contained({"malloc", "free", "memcpy", "memset"}, *name) ||
        *name == "_GLOBAL_OFFSET_TABLE_")
      continue;
    if (threads && isOpenMPSymbol(*name))
      continue;
    unexpected.push_back(name->str());
  }
  if (unexpected.empty())
    return llvm::Error::success();
  return makeError("the kernel calls %s, but may call only malloc, free, "
                   "memcpy and memset; declare no external function in the "
                   "input, or report this as a bug of softmax-mlir",
                   llvm::join(unexpected, ", ").c_str());
}
