// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Refuses what the emulator does not model, before anything runs.
#include "Prepare.h"

#include "llvm/ADT/SCCIterator.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax::emulator;

namespace {

std::string describePlace(const llvm::Instruction &instruction) {
  std::string place =
      ("function '" + instruction.getFunction()->getName() + "'").str();
  if (const llvm::DILocation *location = instruction.getDebugLoc().get())
    place = (location->getFilename() + ":" + llvm::Twine(location->getLine()) +
             ":" + llvm::Twine(location->getColumn()) + ": " + place)
                .str();
  return place;
}

llvm::Error refuse(const llvm::Instruction &instruction,
                   const llvm::Twine &what) {
  return llvm::createStringError(describePlace(instruction) + ": " + what);
}

std::string print(const llvm::Type *type) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  type->print(stream);
  return text;
}

llvm::Error checkCall(const llvm::CallInst &call) {
  if (const auto *assembly =
          llvm::dyn_cast<llvm::InlineAsm>(call.getCalledOperand()))
    return refuse(call, "inline assembly \"" + assembly->getAsmString() +
                            "\" is not emulated; use an intrinsic of LLVM "
                            "for it");
  const llvm::Function *callee = call.getCalledFunction();
  if (!callee)
    return refuse(call, "indirect calls are not emulated");
  if (!callee->isDeclaration())
    return llvm::Error::success();
  if (!callee->isIntrinsic())
    return refuse(call, "calls '" + callee->getName() +
                            "', which the module does not define; link the "
                            "library that does, or expand the call before");
  if (!isModelledIntrinsic(call))
    return refuse(call, "the intrinsic '" + callee->getName() +
                            "' is not emulated (here: of type " +
                            print(call.getFunctionType()) +
                            "); lib/Emulator/IntrinsicRules.cpp lists those "
                            "that are");
  return llvm::Error::success();
}

llvm::Error checkInstruction(const llvm::Instruction &instruction) {
  if (const auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction))
    return checkCall(*call);
  if (const auto *alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
    if (!alloca->isStaticAlloca())
      return refuse(instruction,
                    "allocations of variable size are not emulated");
    return llvm::Error::success();
  }
  if (llvm::isa<llvm::InvokeInst, llvm::CallBrInst, llvm::IndirectBrInst,
                llvm::LandingPadInst, llvm::ResumeInst, llvm::VAArgInst>(
          instruction))
    return refuse(instruction, llvm::Twine("'") + instruction.getOpcodeName() +
                                   "' is not emulated");
  unsigned space = 0;
  if (const llvm::Value *pointer =
          llvm::getLoadStorePointerOperand(&instruction))
    space = pointer->getType()->getPointerAddressSpace();
  // Generic, global, shared, constant, local, shared::cluster, parameters.
  if (space > 7 || space == 2 || space == 6)
    if (space != 101)
      return refuse(instruction,
                    "address space " + llvm::Twine(space) + " is not emulated");
  return llvm::Error::success();
}

/// PTX's .ftz on plain arithmetic comes from an attribute.
llvm::Error checkDenormals(const llvm::Function &function) {
  for (llvm::StringRef name : {"denormal-fp-math", "denormal-fp-math-f32"}) {
    llvm::StringRef value = function.getFnAttribute(name).getValueAsString();
    if (!value.empty() && value.split(',').first != "ieee")
      return llvm::createStringError(
          "function '" + function.getName() + "': the attribute " + name + "=" +
          value +
          " makes plain arithmetic flush subnormal numbers, which is not "
          "emulated; compile without it");
  }
  return llvm::Error::success();
}

/// Objects on the stack of a fibre.
llvm::Error checkLocals(const llvm::Function &function) {
  constexpr uint64_t mostBytes = 32 << 10;
  const llvm::DataLayout &layout = function.getParent()->getDataLayout();
  uint64_t bytes = 0;
  for (const llvm::Instruction &instruction : llvm::instructions(function))
    if (const auto *local = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
      if (std::optional<llvm::TypeSize> size = local->getAllocationSize(layout))
        bytes += size->getFixedValue();
  if (bytes > mostBytes)
    return llvm::createStringError(
        "function '" + function.getName() + "' has " + llvm::Twine(bytes) +
        " bytes of local memory per thread; at most " + llvm::Twine(mostBytes) +
        " are emulated");
  return llvm::Error::success();
}

llvm::Error checkRecursion(llvm::Module &module) {
  llvm::CallGraph graph(module);
  for (auto component = llvm::scc_begin(&graph); !component.isAtEnd();
       ++component)
    if (component.hasCycle())
      for (llvm::CallGraphNode *node : *component)
        if (node->getFunction() && !node->getFunction()->isDeclaration())
          return llvm::createStringError(
              "function '" + node->getFunction()->getName() +
              "' calls itself, directly or not; recursion is not emulated");
  return llvm::Error::success();
}

} // namespace

llvm::Error
mlir::softmax::emulator::checkDeviceModule(const llvm::Module &module) {
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (llvm::verifyModule(module, &stream))
    return llvm::createStringError("the device module is not valid: " +
                                   message);
  const llvm::Triple &triple = module.getTargetTriple();
  if (triple.getArch() != llvm::Triple::nvptx64 && !triple.isAMDGCN())
    return llvm::createStringError(
        "the module is for '" + triple.str() +
        "', not for nvptx64 or amdgcn; no other device code is emulated");
  if (!module.getModuleInlineAsm().empty())
    return llvm::createStringError(
        "module-level assembly is not emulated; take it out");
  for (const llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    if (function.isVarArg())
      return llvm::createStringError("function '" + function.getName() +
                                     "': variable arguments are not emulated");
    if (function.getName().starts_with("emu."))
      return llvm::createStringError("function '" + function.getName() +
                                     "': names with 'emu.' are the emulator's "
                                     "own; call it something else");
    if (!isKernel(function))
      for (const llvm::Argument &argument : function.args())
        if (argument.hasByValAttr())
          return llvm::createStringError(
              "function '" + function.getName() +
              "': structures by value are emulated as parameters of kernels "
              "only; inline the function");
    if (llvm::Error error = checkLocals(function))
      return error;
    if (llvm::Error error = checkDenormals(function))
      return error;
    for (const llvm::Instruction &instruction : llvm::instructions(function))
      if (llvm::Error error = checkInstruction(instruction))
        return error;
  }
  for (const llvm::GlobalVariable &variable : module.globals()) {
    unsigned space = variable.getAddressSpace();
    if (variable.isDeclaration() && space != 3)
      return llvm::createStringError(
          "the variable '" + variable.getName() +
          "' is not defined in the module; define it, or link what does");
    if (space > 5 || space == 2)
      return llvm::createStringError(
          "the variable '" + variable.getName() + "' is in address space " +
          llvm::Twine(space) + ", which is not emulated");
  }
  return checkRecursion(const_cast<llvm::Module &>(module));
}
