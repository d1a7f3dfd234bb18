// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A kernel compiled in this process, beside the function it was made from.
#ifndef SOFTMAX_TEST_INTEGRATION_NUMERICS_KERNEL_H
#define SOFTMAX_TEST_INTEGRATION_NUMERICS_KERNEL_H

#include "Buffer.h"

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Target/OpSpec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"

#include "gtest/gtest.h"

#include <functional>

#include <variant>

namespace mlir::softmax {
class GenericOp;
class ScheduleAttr;
} // namespace mlir::softmax

namespace softmax_test {

/// The context of all tests.
mlir::MLIRContext &getContext();
/// "f16", "bf16", "f32", "f64", "i1", "i64", "f16:f32" (the input's).
mlir::Type getType(llvm::StringRef name);

/// How a kernel is compiled.
struct KernelOptions {
  std::string forceStrategy = {};
  std::string accuracy = "default";
  /// One that this machine runs.
  std::string target = "native";
  /// Whether element-wise neighbours become a part of softmax ops.
  bool fuse = true;
  /// Replaces the schedule of an op; returns null to keep it.
  std::function<mlir::softmax::ScheduleAttr(mlir::softmax::GenericOp)>
      schedule = {};
};

class Kernel {
public:
  /// A tensor or a scalar of the C interface.
  using Argument = std::variant<Buffer *, double>;

  /// Compiles softmaxc's --op for this machine.  A failure is a test failure,
  /// and the kernel then refuses to be called.
  explicit Kernel(const mlir::softmax::OpSpec &spec,
                  llvm::StringRef forceStrategy = "")
      : Kernel(spec, KernelOptions{forceStrategy.str()}) {}
  Kernel(const mlir::softmax::OpSpec &spec, const KernelOptions &options);
  /// Compiles the one public function of `text`.
  explicit Kernel(llvm::StringRef text, const KernelOptions &options = {});

  bool isCompiled() const { return engine != nullptr; }

  /// The kernel's status; in order: arguments, destinations.
  int32_t call(llvm::ArrayRef<Argument> arguments);
  int64_t getUnits(llvm::ArrayRef<Argument> arguments);
  /// Runs [begin, end) with a workspace of its own.
  int32_t callRange(llvm::ArrayRef<Argument> arguments, int64_t begin,
                    int64_t end);

  /// Passes over memory once scheduled: softmax.generic, loops of other
  /// operations, and buffers between them.
  struct Passes {
    unsigned softmax = 0, loops = 0, buffers = 0;
  };
  Passes countPasses();

  /// The reference's results for these inputs; scalars have rank 0, and
  /// destinations count as inputs where the function takes them.
  llvm::SmallVector<ReferenceTensor>
  evaluate(llvm::ArrayRef<ReferenceTensor> inputs);

  unsigned getNumInputs() { return function.getNumArguments(); }
  mlir::Type getResultType(unsigned i) {
    return mlir::getElementTypeOrSelf(function.getResultTypes()[i]);
  }

  /// Calls the kernel with `inputs` in these layouts and compares every result
  /// with the reference.  `what` stands in messages.
  void check(llvm::ArrayRef<ReferenceTensor> inputs, Layout input,
             Layout output, llvm::StringRef what, int64_t misalignment = 0);

private:
  /// The pipeline's options; none after a test failure.
  std::optional<mlir::softmax::PipelineOptions> makePipelineOptions();
  void compile();
  /// Calls entry point `name` + suffix; `extra` are further arguments by value,
  /// the last of them the address of the result.
  void invoke(llvm::StringRef suffix, llvm::ArrayRef<Argument> arguments,
              llvm::ArrayRef<void *> extra);

  KernelOptions options;
  mlir::OwningOpRef<mlir::ModuleOp> module, original;
  mlir::func::FuncOp function;
  std::string name;
  std::unique_ptr<mlir::ExecutionEngine> engine;
};

/// Shorthand for a spec of rank and axes.
mlir::softmax::OpSpec makeSpec(llvm::StringRef op, llvm::StringRef type,
                               unsigned rank, llvm::StringRef axis);

} // namespace softmax_test

#endif // SOFTMAX_TEST_INTEGRATION_NUMERICS_KERNEL_H
