// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The OpenMP runtime as a library that kernels with threads depend on.

#include "softmax/Target/OpenMPRuntime.h"

#include "softmax/Target/CodeGen.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir::softmax;

bool mlir::softmax::isOpenMPSymbol(llvm::StringRef name) {
  return name.starts_with("__kmpc_") || name.starts_with("omp_");
}

llvm::Expected<SharedDependency>
mlir::softmax::makeOpenMPDependency(llvm::MemoryBufferRef object,
                                    llvm::TargetMachine &machine) {
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createObjectFile(object);
  if (!file)
    return file.takeError();
  llvm::LLVMContext context;
  llvm::Module module("stub", context);
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (!(*flags & llvm::object::SymbolRef::SF_Undefined) ||
        !isOpenMPSymbol(*name))
      continue;
    auto *function = llvm::Function::Create(
        type, llvm::GlobalValue::ExternalLinkage, *name, module);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", function));
    builder.CreateRetVoid();
  }
  llvm::Expected<llvm::SmallVector<char, 0>> stub = emitObject(module, machine);
  if (!stub)
    return stub.takeError();
  return SharedDependency{openMPSoname.str(), std::move(*stub)};
}
