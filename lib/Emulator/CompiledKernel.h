// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A kernel as code of the host.
#ifndef SOFTMAX_LIB_EMULATOR_COMPILEDKERNEL_H
#define SOFTMAX_LIB_EMULATOR_COMPILEDKERNEL_H

#include "Prepare.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"

namespace mlir::softmax::emulator {

struct CompiledKernel {
  PreparedModule prepared;
  std::unique_ptr<llvm::orc::LLJIT> jit;

  const KernelDescription &getDescription() const {
    return prepared.kernels.front();
  }
  llvm::Expected<llvm::orc::ExecutorAddr> lookup(llvm::StringRef symbol) const {
    return jit->lookup(symbol);
  }
};

/// Compiles a kernel of a checked module, with the functions that it calls and
/// the variables that it names.
llvm::Expected<std::unique_ptr<CompiledKernel>>
compileKernel(const llvm::Module &module, llvm::StringRef kernel,
              llvm::orc::ThreadSafeContext context);

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_COMPILEDKERNEL_H
