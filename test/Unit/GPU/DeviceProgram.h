// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A function compiled for an NVIDIA chip and run on emulated threads.
#ifndef SOFTMAX_TEST_UNIT_GPU_DEVICEPROGRAM_H
#define SOFTMAX_TEST_UNIT_GPU_DEVICEPROGRAM_H

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Emulator/Emulator.h"
#include "softmax/Reference/Comparison.h"
#include "softmax/Target/DeviceKernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::softmax {

struct DeviceOptions {
  std::string chip = "sm_90";
  std::string accuracy = "default";
  /// Empty for the schedule's own choice.
  std::string strategy;
};

class DeviceProgram {
public:
  /// The first function of `text`, on tensors.  Null, with a message in
  /// `problem`, if it does not compile.
  static std::unique_ptr<DeviceProgram> compile(MLIRContext &context,
                                                StringRef text,
                                                const DeviceOptions &options,
                                                std::string &problem);

  struct Run {
    /// What went wrong; empty if nothing did.
    std::string problem;
    /// The strategy that ran.
    std::string kernel;
    /// Bytes of the results in order.
    std::vector<std::vector<char>> outputs;
    /// Per launch.
    SmallVector<emulator::Counters, 2> counters;
  };
  /// Runs the kernel for `inputs`, in order; every tensor begins `shift`
  /// elements behind an aligned address.  With `inPlace` the first result has
  /// the buffer of the first input.
  Run run(ArrayRef<reference::ReferenceTensor> inputs,
          ArrayRef<reference::ReferenceTensor> expected, int64_t shift = 0,
          bool inPlace = false);

  /// The results that are right, with their bounds.
  FailureOr<SmallVector<reference::ReferenceTensor>>
  evaluate(ArrayRef<reference::ReferenceTensor> inputs);

  /// What stands for approximate instructions.
  emulator::Approximation approximation = emulator::Approximation::Exact;

private:
  OwningOpRef<ModuleOp> source;
  Accuracy accuracy = Accuracy::Default;
  DeviceFunction function;
  std::unique_ptr<emulator::Program> program;
};

} // namespace mlir::softmax

#endif // SOFTMAX_TEST_UNIT_GPU_DEVICEPROGRAM_H
