// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// convert-softmax-to-gpu: every scheduled softmax.generic of a function.

#include "Dispatch.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Conversion/SoftmaxToGPU/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_CONVERTSOFTMAXTOGPUPASS
#include "softmax/Conversion/SoftmaxToGPU/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
struct ConvertSoftmaxToGPU
    : public mlir::softmax::impl::ConvertSoftmaxToGPUPassBase<
          ConvertSoftmaxToGPU> {
  using ConvertSoftmaxToGPUPassBase::ConvertSoftmaxToGPUPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (isa_and_nonnull<SoftmaxDialect>(op->getDialect()) &&
          !op->getParentOfType<GenericOp>())
        ops.push_back(op);
    });
    GPUCapabilities capabilities;
    capabilities.redux = redux;
    capabilities.native = native;
    capabilities.fma = fma;
    capabilities.longGrid = longGrid;
    SmallVector<Attribute> kernels;
    for (auto [i, op] : llvm::enumerate(ops)) {
      auto generic = dyn_cast<GenericOp>(op);
      if (!generic) {
        op->emitOpError("has no lowering of its own; run softmax-generalize "
                        "before convert-softmax-to-gpu");
        return signalPassFailure();
      }
      std::string prefix = function.getName().str();
      if (ops.size() > 1)
        prefix += "_" + std::to_string(i);
      if (failed(lowerGenericToGPU(generic, prefix, capabilities, kernels)))
        return signalPassFailure();
      ++numLowered;
    }
    numKernels += kernels.size();
    if (!kernels.empty())
      function->setAttr(gpuKernelsAttrName,
                        ArrayAttr::get(&getContext(), kernels));
  }
};
} // namespace
