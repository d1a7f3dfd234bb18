// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The kernels that softmax-bench compares: ours, made by softmaxc and called
// through its C interface, and the loops that a C compiler makes.

#ifndef SOFTMAX_TOOLS_SOFTMAX_BENCH_COMPETITORS_H
#define SOFTMAX_TOOLS_SOFTMAX_BENCH_COMPETITORS_H

#include "Plan.h"

#include "llvm/ADT/SmallString.h"

#include <functional>
#include <map>
#include <optional>

namespace softmax_bench {

/// Computes softmax of `point`'s shape from `input` into `output`, both compact
/// and aligned to 64 bytes.  Returns 0, or a kernel's status.
using Kernel =
    std::function<int(const Point &point, const void *input, void *output)>;

/// A folder for what is built, removed in the end.
class Workspace {
public:
  static llvm::Expected<std::unique_ptr<Workspace>> create();
  ~Workspace();
  std::string getPath(const llvm::Twine &name) const;

private:
  explicit Workspace(llvm::StringRef path) : path(path) {}
  llvm::SmallString<128> path;
};

/// Runs `softmaxc` and loads what it made.  One kernel per type and axis, its
/// sizes dynamic: the one that a user of the C interface gets.
class OurKernels {
public:
  OurKernels(Workspace &workspace, std::string softmaxc)
      : workspace(workspace), softmaxc(std::move(softmaxc)) {}

  /// An error if softmaxc does not run, fails, or its library does not load.
  llvm::Expected<Kernel> get(ElementType type, int axis);

private:
  Workspace &workspace;
  std::string softmaxc;
  std::map<std::pair<ElementType, int>, Kernel> kernels;
};

/// A loop of textbook.c.
enum class Nest { Inner, OuterByColumn, OuterByRow };

/// gcc -Ofast -march=native on the textbook loops and on those that find the
/// machine's limits.
class CCompiler {
public:
  /// Without a `program` of that name on the PATH the compiler is missing.
  CCompiler(Workspace &workspace, llvm::StringRef program);

  bool isInstalled() const { return !path.empty(); }
  /// The first line that `--version` prints.
  std::string getVersion() const;

  /// The loop for a type; nothing if it does not call a vectorized
  /// exponential, and so is no peer.
  llvm::Expected<std::optional<Kernel>> getTextbook(ElementType type,
                                                    Nest nest);

  /// A function of limits.c, null where the machine has none of that name.
  llvm::Expected<void *> getLimit(const char *name);

private:
  /// Compiles `source` and loads it.  Linked without -Ofast, which would make
  /// the library change the process' floating-point mode when it is loaded.
  llvm::Expected<void *> build(llvm::StringRef name, llvm::StringRef source,
                               llvm::ArrayRef<std::string> definitions);

  Workspace &workspace;
  std::string path;
  void *limits = nullptr;
  std::map<std::pair<ElementType, Nest>, std::optional<Kernel>> loops;
};

} // namespace softmax_bench

#endif // SOFTMAX_TOOLS_SOFTMAX_BENCH_COMPETITORS_H
