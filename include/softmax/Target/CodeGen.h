// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From a module in the LLVM dialect to machine code, in memory.
#ifndef SOFTMAX_TARGET_CODEGEN_H
#define SOFTMAX_TARGET_CODEGEN_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir {
class DialectRegistry;
class ModuleOp;
} // namespace mlir

namespace mlir::softmax {
struct TargetDescription;

/// Registers the translations to LLVM IR that translateAndOptimize needs.
void registerCodeGenTranslations(DialectRegistry &registry);

/// LLVM's machine for `target`: position-independent code, most aggressive
/// code generation, no contraction of floating-point operations that do not
/// ask for it.  Fails if this LLVM was built without the target.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const TargetDescription &target);

/// Runs LLVM's -O3 pipeline for `machine` on `module`, whose triple and data
/// layout must be those of the machine.  Loops are not vectorized: kernels
/// arrive in the vector form that their schedule chose, and what is left
/// scalar (tails) would only grow.  The optimizer introduces no call of the C
/// library.
void optimizeModule(llvm::Module &module, llvm::TargetMachine &machine);

/// Translates `module`, which must hold the LLVM dialect only, sets triple,
/// data layout and the functions' target attributes, makes every definition
/// local to the module except the public functions, and optimizes.  `context`
/// must outlive the result.  Errors of the translation are also reported as
/// located diagnostics of `module`.
llvm::Expected<std::unique_ptr<llvm::Module>>
translateAndOptimize(ModuleOp module, llvm::LLVMContext &context,
                     const TargetDescription &target,
                     llvm::TargetMachine &machine);

/// LLVM IR as text.
std::string printModule(const llvm::Module &module);

/// Assembly text (AT&T syntax) and a relocatable ELF object of `module`, which
/// is left as it was.
llvm::Expected<std::string> emitAssembly(const llvm::Module &module,
                                         llvm::TargetMachine &machine);
llvm::Expected<llvm::SmallVector<char, 0>>
emitObject(const llvm::Module &module, llvm::TargetMachine &machine);

/// Fails if `object` (ELF) needs a symbol other than malloc, free, memcpy,
/// memset and weak ones, and with `threads` the OpenMP runtime's, naming all of
/// those: kernels must load into any process, whatever libm it has.
llvm::Error checkUndefinedSymbols(llvm::MemoryBufferRef object,
                                  bool threads = false);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_CODEGEN_H
