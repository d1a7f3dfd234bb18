// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Device modules from files: LLVM IR as text or bitcode, or MLIR.
#ifndef SOFTMAX_EMULATOR_DEVICEMODULE_H
#define SOFTMAX_EMULATOR_DEVICEMODULE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace mlir {
class DialectRegistry;
class ModuleOp;
} // namespace mlir

namespace mlir::softmax::emulator {

/// What translateDeviceModule needs: the dialects of upstream that device code
/// is written in, and their translations to LLVM IR.
void registerDeviceDialects(DialectRegistry &registry);

/// The LLVM module of the only `gpu.module` (in the LLVM and NVVM dialects) or
/// `gpu.binary` (`cubin-format=llvm`) in `module`, or of the one called `name`.
/// Locations become debug locations.  Fails where there is none, where there
/// are several and `name` is empty, or where it does not translate.
llvm::Expected<std::unique_ptr<llvm::Module>>
translateDeviceModule(ModuleOp module, llvm::StringRef name,
                      llvm::LLVMContext &context);

/// Reads a device module from the contents of a file, whichever of the three
/// forms it has.  `fileName` stands in messages and in locations; `others` are
/// the dialects that an MLIR file may hold besides, in code of the host.
llvm::Expected<std::unique_ptr<llvm::Module>>
parseDeviceModule(llvm::StringRef contents, llvm::StringRef fileName,
                  llvm::StringRef name, llvm::LLVMContext &context,
                  const DialectRegistry *others = nullptr);

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_EMULATOR_DEVICEMODULE_H
