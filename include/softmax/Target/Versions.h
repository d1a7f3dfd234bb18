// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Several versions of the same kernels in one library, each for other CPUs.
#ifndef SOFTMAX_TARGET_VERSIONS_H
#define SOFTMAX_TARGET_VERSIONS_H

#include "softmax/Schedule/TargetDescription.h"
#include "softmax/Target/KernelInfo.h"

namespace mlir::softmax {

/// The array attribute of a module that lists the names of the targets that its
/// kernels have versions for, the best first.
inline constexpr llvm::StringLiteral versionsAttrName = "softmax.versions";

/// The string attribute of a kernel's function that says which of these targets
/// it is for.
inline constexpr llvm::StringLiteral versionAttrName = "softmax.version";

/// What follows the name of a function in its version for `target`, such as
/// ".x86_64_v4".
std::string getVersionSuffix(llvm::StringRef target);

/// Whether a library for `targets` asks the running CPU what it is before it
/// computes: there are several versions, or one that not every CPU of the
/// architecture runs and that can be asked for.
bool dependsOnCpu(llvm::ArrayRef<TargetDescription> targets);

/// Puts the versions of the same kernels into one module, in the LLVM dialect,
/// before softmax-emit-kernel-interface: `modules[i]` is the version for
/// `targets[i]`, the best first, and is emptied.  Every definition gets a
/// suffix, is private, and says which CPU it is compiled for; declarations are
/// shared. Fails with a diagnostic where a name is taken.
FailureOr<OwningOpRef<ModuleOp>>
mergeVersions(llvm::MutableArrayRef<OwningOpRef<ModuleOp>> modules,
              llvm::ArrayRef<TargetDescription> targets);

/// The kernels of a library with versions: what is the same for all from the
/// first, the schedules and workspaces of each as `versions`.  `kernels[i]` are
/// those of `targets[i]`.  One version alone is returned as it is.
llvm::SmallVector<KernelInfo, 0>
combineVersions(llvm::ArrayRef<llvm::SmallVector<KernelInfo, 0>> kernels);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_VERSIONS_H
