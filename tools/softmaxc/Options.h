// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The command line of softmaxc, understood and checked.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_OPTIONS_H
#define SOFTMAX_TOOLS_SOFTMAXC_OPTIONS_H

#include "softmax/Schedule/CostModel.h"
#include "softmax/Schedule/GPUDescription.h"
#include "softmax/Schedule/TargetDescription.h"
#include "softmax/Target/OpSpec.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::softmax {

/// What can be written.
enum class EmitKind {
  MLIR,
  Scheduled,
  LLVM,
  Assembly,
  Object,
  Archive,
  Shared,
  PTX,
  Cubin,
  HSACO,
  SPIRV,
  Header,
  Manifest,
  Fatbin,
  Launcher
};

/// The file name of an output of `kind` for kernels called `base`.
std::string defaultFileName(EmitKind kind, llvm::StringRef base);

/// One output that was asked for: what, and where to ("-" is standard output).
struct Output {
  EmitKind kind;
  std::string path;
};

/// What --scorecard prints.
enum class ScorecardFormat { None, Table, JSON };

struct Options {
  /// Path of the input or "-"; absent where `ops` are given instead.
  std::optional<std::string> input;
  std::vector<OpSpec> ops;
  /// The versions to compile, the best first; none for a GPU.
  SmallVector<TargetDescription, 1> targets;
  /// The GPU to compile for, if any.
  std::optional<GPUDescription> gpu;
  std::optional<GPUKind> gpuKind() const {
    return gpu ? std::optional(gpu->kind) : std::nullopt;
  }
  /// All of them, the first one above; empty for CPUs.
  SmallVector<GPUDescription, 1> gpus;
  /// The folder of NVIDIA's programs; empty where they are to be looked for.
  std::string cudaPath;
  /// "none" or "openmp".
  std::string threads;
  /// "default", "strict" or "fast".
  std::string accuracy;
  /// Empty unless --force-strategy was given.
  std::string forceStrategy;
  bool explain = false;
  /// Whether schedules are chosen by measurement, and the rows and columns to
  /// measure where sizes are not known (a grid if empty).
  bool tune = false;
  SmallVector<Work> tuneShapes;
  /// Whether figures of a GPU's kernels are printed, and the rows and columns
  /// that they hold for (some for each kernel if empty).
  ScorecardFormat scorecard = ScorecardFormat::None;
  SmallVector<Work> scorecardShapes;
  std::vector<Output> outputs;
  /// Folder to create if it is missing; empty where the files go elsewhere.
  std::string outputFolder;
  bool wants(EmitKind kind) const {
    for (const Output &output : outputs)
      if (output.kind == kind)
        return true;
    return false;
  }
  /// What the kernels are called together: the input's stem, the only kernel's
  /// name, or "kernels".
  std::string baseName;
};

/// Reads the command line.  On wrong usage prints one line to stderr that says
/// what is wrong and how to mend it, and returns nothing.  --help and
/// --version print and end the process with 0.
std::optional<Options> parseCommandLine(int argc, char **argv);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_OPTIONS_H
