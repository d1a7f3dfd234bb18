// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The texts that go with a library of kernels: C header and manifest.
#ifndef SOFTMAX_TARGET_LIBRARYTEXT_H
#define SOFTMAX_TARGET_LIBRARYTEXT_H

#include "softmax/Schedule/TargetDescription.h"
#include "softmax/Target/KernelInfo.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace mlir::softmax {

/// How the kernels were compiled.
struct LibraryInfo {
  /// The versions, the best first.
  llvm::SmallVector<TargetDescription, 1> targets;
  /// As on softmaxc's command line.
  std::string accuracy = "default";
  std::string threads = "none";
};

/// What the kernel promises about output `output` (a position in its operands)
/// in mode `accuracy`, in words: ULP of the output's type, with x the logit, m
/// the row's maximum, N the row's length.
std::string describeAccuracy(const KernelInfo &kernel, unsigned output,
                             llvm::StringRef accuracy);

/// What a CPU must have to run code for `target`, in words.
std::string describeRequirement(const TargetDescription &target);

/// The names of all targets of a library, joined by commas, and what a CPU must
/// have to run one of its versions.
std::string describeTargetNames(const LibraryInfo &library);
std::string describeRequirement(const LibraryInfo &library);

/// Bytes of scratch per running call, of all versions.
std::string describeWorkspace(const KernelInfo &kernel,
                              const LibraryInfo &library);

/// The version of the project, as in its CMakeLists.txt.
llvm::StringRef getProjectVersion();

/// A header for C99 and C++17 that declares the entry points of `kernels` and,
/// unless dlpack.h was or can be included, DLTensor.  `name` is the file's
/// name, from which the include guard is made.  The kernels' names must be ones
/// that C can declare (checkKernelName in OpSpec.h).
std::string emitHeader(llvm::ArrayRef<KernelInfo> kernels,
                       const LibraryInfo &library, llvm::StringRef name);

/// The manifest, a JSON object followed by a line break.
std::string emitManifest(llvm::ArrayRef<KernelInfo> kernels,
                         const LibraryInfo &library);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_LIBRARYTEXT_H
