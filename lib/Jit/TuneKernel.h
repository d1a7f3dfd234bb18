// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// One softmax.generic by itself, compiled under a schedule and run on data.
#ifndef SOFTMAX_LIB_JIT_TUNEKERNEL_H
#define SOFTMAX_LIB_JIT_TUNEKERNEL_H

#include "softmax/Jit/Tune.h"
#include "softmax/Schedule/Candidate.h"

#include "mlir/ExecutionEngine/ExecutionEngine.h"

#include <memory>
#include <vector>

namespace mlir::softmax {

/// DLPack's DLTensor (dlpack 1.x), as kernels take it.
struct TuneTensor {
  void *data = nullptr;
  int32_t deviceType = 1; // kDLCPU
  int32_t deviceId = 0;
  int32_t rank = 0;
  uint8_t typeCode = 0;
  uint8_t typeBits = 0;
  uint16_t typeLanes = 1;
  int64_t *shape = nullptr;
  int64_t *strides = nullptr;
  uint64_t byteOffset = 0;
};

/// Arguments for an op: random logits, results untouched.
class TuneData {
public:
  /// Sizes of the iteration space for `work`: static ones as they are, the last
  /// dynamic softmax dimension as long as the row, the last dynamic one outside
  /// it as many as make the rows.  Empty if static sizes forbid it.
  static SmallVector<int64_t> getSizes(GenericOp op, const Work &work);

  /// Memory for `op` with the iteration sizes `sizes`; for the layout class
  /// `layout` the softmax dimensions are innermost (row) or where they are.
  TuneData(GenericOp op, ArrayRef<int64_t> sizes, LayoutKind layout);

  bool isAllocated() const { return allocated; }
  /// Addresses of the arguments, as ExecutionEngine::invokePacked takes them.
  ArrayRef<void *> getArguments() const { return arguments; }

private:
  struct Free {
    void operator()(void *memory) const;
  };
  struct Operand {
    TuneTensor tensor;
    TuneTensor *pointer;
    SmallVector<int64_t> shape, strides;
    std::unique_ptr<char, Free> memory;
    double scalar;
  };

  void addTensor(GenericOp op, unsigned number, ArrayRef<int64_t> sizes,
                 LayoutKind layout);

  bool allocated = true;
  std::vector<std::unique_ptr<Operand>> operands;
  SmallVector<void *> arguments;
};

/// An op compiled by itself under one candidate.
class TuneKernel {
public:
  static FailureOr<std::unique_ptr<TuneKernel>>
  compile(GenericOp op, const Candidate &candidate,
          const PipelineOptions &options);

  /// Runs once; returns the kernel's status, or -1.
  int32_t run(const TuneData &data);

private:
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<ExecutionEngine> engine;
  void (*function)(void **) = nullptr;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_JIT_TUNEKERNEL_H
