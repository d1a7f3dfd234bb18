// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Prepare.h"

#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/ModuleSlotTracker.h"
#include "llvm/IR/PassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/Transforms/Scalar/ScalarizeMaskedMemIntrin.h"
#include "llvm/Transforms/Vectorize/LoadStoreVectorizer.h"

// Defined in LLVM's library; no installed header declares one target's alone.
// NOLINTBEGIN(readability-identifier-naming): LLVM's names.
extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeAMDGPUTargetInfo();
void LLVMInitializeAMDGPUTarget();
void LLVMInitializeAMDGPUTargetMC();
}
// NOLINTEND(readability-identifier-naming)

using namespace mlir::softmax::emulator;

/// The instruction without locations, which are said elsewhere, and without
/// other metadata and attributes, which say nothing in a message.
static std::string print(const llvm::Instruction &instruction,
                         llvm::ModuleSlotTracker &slots) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  instruction.print(stream, slots);
  llvm::StringRef rest = llvm::StringRef(text).trim();
  rest = rest.substr(0, rest.find(", !"));
  return rest.substr(0, rest.find(" #")).str();
}

Preparation::Preparation(llvm::Module &module, PreparedModule &result)
    : module(module), context(module.getContext()), result(result),
      pointerType(llvm::PointerType::get(context, 0)),
      i32(llvm::Type::getInt32Ty(context)),
      i64(llvm::Type::getInt64Ty(context)),
      voidType(llvm::Type::getVoidTy(context)) {
  // Printed before anything is rewritten, so that messages show the device code
  // and number its values as it does.
  llvm::ModuleSlotTracker slots(&module);
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    slots.incorporateFunction(function);
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (instruction.mayReadOrWriteMemory() || instruction.isIntDivRem() ||
          instruction.isTerminator() || llvm::isa<llvm::CallInst>(instruction))
        texts[&instruction] = print(instruction, slots);
  }
}

llvm::FunctionCallee
Preparation::getRuntime(llvm::StringRef name, llvm::Type *resultType,
                        llvm::ArrayRef<llvm::Type *> arguments) {
  return module.getOrInsertFunction(
      name, llvm::FunctionType::get(resultType, arguments, false));
}

llvm::CallInst *
Preparation::callRuntime(llvm::IRBuilder<> &builder, llvm::StringRef name,
                         llvm::Type *resultType,
                         llvm::ArrayRef<llvm::Value *> arguments) {
  llvm::SmallVector<llvm::Type *> types;
  for (llvm::Value *argument : arguments)
    types.push_back(argument->getType());
  return builder.CreateCall(getRuntime(name, resultType, types), arguments);
}

llvm::Value *Preparation::getThread(llvm::Function &function) {
  llvm::Value *&thread = threads[&function];
  if (!thread) {
    llvm::BasicBlock &entry = function.getEntryBlock();
    llvm::IRBuilder<> builder(&entry, entry.begin());
    thread = callRuntime(builder, "emu.thread", pointerType, {});
  }
  return thread;
}

std::string
Preparation::describePlace(const llvm::Instruction &instruction) const {
  if (const llvm::DILocation *location = instruction.getDebugLoc().get())
    return (location->getFilename() + ":" + llvm::Twine(location->getLine()) +
            ":" + llvm::Twine(location->getColumn()))
        .str();
  return ("@" + instruction.getFunction()->getName()).str();
}

uint32_t Preparation::addSite(const llvm::Instruction &instruction) {
  Site site;
  site.place = describePlace(instruction);
  site.function = instruction.getFunction()->getName().str();
  site.text = texts.lookup(&instruction);
  result.sites.push_back(std::move(site));
  return result.sites.size() - 1;
}

llvm::ConstantInt *Preparation::getInt(uint32_t value) {
  return llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), value);
}

/// The passes of the vendor's code generator that decide which accesses there
/// are: neighbours become vectors, and masked accesses branches.
static llvm::Error runDevicePasses(llvm::Module &module) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeAMDGPUTargetInfo();
  LLVMInitializeAMDGPUTarget();
  LLVMInitializeAMDGPUTargetMC();
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(module.getTargetTriple(), message);
  if (!target)
    return llvm::createStringError(message);
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      module.getTargetTriple(), "", "", llvm::TargetOptions(), std::nullopt));
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(machine.get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::ScalarizeMaskedMemIntrinPass());
  passes.addPass(llvm::LoadStoreVectorizerPass());
  llvm::ModulePassManager manager;
  manager.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(passes)));
  manager.run(module, modules);
  return llvm::Error::success();
}

llvm::Expected<PreparedModule>
mlir::softmax::emulator::prepareModule(llvm::Module &module,
                                       llvm::TargetMachine &machine) {
  if (llvm::Error error = runDevicePasses(module))
    return std::move(error);
  PreparedModule result;
  Preparation preparation(module, result);
  countInstructions(preparation);
  insertChecks(preparation);
  lowerIntrinsics(preparation);
  placeGlobals(preparation);
  lowerKernels(preparation);
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  // Flags of NVIDIA's code generator, and versions of debug information that
  // nobody reads.
  if (llvm::NamedMDNode *annotations =
          module.getNamedMetadata("nvvm.annotations"))
    annotations->eraseFromParent();

  std::string message;
  llvm::raw_string_ostream stream(message);
  if (llvm::verifyModule(module, &stream))
    return llvm::createStringError("internal error: the rewritten device "
                                   "module is not valid: " +
                                   message);
  return result;
}
