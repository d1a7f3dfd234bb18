// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "softmax/Conversion/SoftmaxToGPU/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXSETCLUSTERSIZESPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

/// Registers of a thread: what 512 threads of a block can have.
static constexpr int64_t mostRegisters = 128;

/// What the schedule says of the kernel of `launch`.
static int64_t registersOf(gpu::LaunchFuncOp launch) {
  auto kernels =
      launch->getParentOfType<func::FuncOp>()->getAttrOfType<ArrayAttr>(
          softmax::gpuKernelsAttrName);
  for (Attribute kernel : kernels ? kernels.getValue() : ArrayRef<Attribute>())
    for (Attribute attribute :
         cast<ArrayAttr>(cast<DictionaryAttr>(kernel).get("launches"))) {
      auto dictionary = cast<DictionaryAttr>(attribute);
      auto name = dictionary.getAs<StringAttr>("name");
      auto registers = dictionary.getAs<IntegerAttr>("registers");
      if (name == launch.getKernelName() && registers)
        return registers.getInt();
    }
  return mostRegisters;
}

namespace {
class SoftmaxSetClusterSizesPass
    : public softmax::impl::SoftmaxSetClusterSizesPassBase<
          SoftmaxSetClusterSizesPass> {
  void runOnOperation() override {
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      if (!launch.hasClusterSize())
        return;
      gpu::KernelDim3 size = launch.getClusterSizeOperandValues();
      SmallVector<int32_t> sizes;
      for (Value value : {size.x, size.y, size.z}) {
        std::optional<int64_t> constant = getConstantIntValue(value);
        if (!constant)
          return;
        sizes.push_back(static_cast<int32_t>(*constant));
      }
      auto kernel = SymbolTable::lookupNearestSymbolFrom<gpu::GPUFuncOp>(
          launch, launch.getKernelAttr());
      if (!kernel)
        return;
      kernel.setKnownClusterSizeAttr(
          DenseI32ArrayAttr::get(&getContext(), sizes));
      // Left to itself ptxas takes fewer for clusters of two, and spills.
      kernel->setAttr(NVVM::NVVMDialect::getMaxnregAttrName(),
                      IntegerAttr::get(IntegerType::get(&getContext(), 32),
                                       registersOf(launch)));
      ++numKernels;
    });
  }
};
} // namespace
