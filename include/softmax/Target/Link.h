// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Objects to shared libraries and static archives, without another program.
#ifndef SOFTMAX_TARGET_LINK_H
#define SOFTMAX_TARGET_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <string>

namespace mlir::softmax {

/// A library that another one needs, of which nothing is known but its name and
/// what it defines: it need not be there when it is linked against.
struct SharedDependency {
  std::string soname;
  /// A relocatable object that defines the symbols.
  llvm::SmallVector<char, 0> object;
};

/// Links one relocatable ELF object for x86-64, aarch64 or riscv64, and those
/// in `further`, into a shared library whose DT_SONAME is `soname` (none if
/// empty), and returns its bytes.  Symbols of the object that are not hidden
/// are exported.  The library depends on `dependency` alone (on none if null):
/// what else it leaves undefined (see checkUndefinedSymbols) every process has.
/// Uses lld as a library, which keeps global state: calls may follow one
/// another but must not overlap, and llvm::cl options lose their values. Needs
/// a folder for temporary files ($TMPDIR or /tmp) and leaves nothing there.
llvm::Expected<llvm::SmallVector<char, 0>>
linkSharedLibrary(llvm::MemoryBufferRef object, llvm::StringRef soname,
                  const SharedDependency *dependency = nullptr,
                  llvm::ArrayRef<llvm::StringRef> further = {});

/// Links one relocatable AMDGPU object into a code object (hsaco) and returns
/// its bytes; fails where a symbol is undefined.  As linkSharedLibrary.
llvm::Expected<llvm::SmallVector<char, 0>>
linkCodeObject(llvm::MemoryBufferRef object);

/// Puts one object into a static archive (GNU format, with symbol table,
/// without time stamps) as the member `memberName`, and returns its bytes.
llvm::Expected<llvm::SmallVector<char, 0>>
makeStaticArchive(llvm::MemoryBufferRef object, llvm::StringRef memberName);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_LINK_H
