// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "softmax/Conversion/SoftmaxToGPU/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXSETLAUNCHBOUNDSPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

/// Registers that the schedule allows the kernel of `launch`; 0 for any number.
static int64_t registersOf(gpu::LaunchFuncOp launch) {
  auto function = launch->getParentOfType<func::FuncOp>();
  auto kernels =
      function->getAttrOfType<ArrayAttr>(softmax::gpuKernelsAttrName);
  for (Attribute kernel : kernels ? kernels.getValue() : ArrayRef<Attribute>())
    for (Attribute attribute :
         cast<ArrayAttr>(cast<DictionaryAttr>(kernel).get("launches"))) {
      auto dictionary = cast<DictionaryAttr>(attribute);
      auto registers = dictionary.getAs<IntegerAttr>("registers");
      if (registers && dictionary.getAs<StringAttr>("name") ==
                           launch.getKernelName().getValue())
        return registers.getInt();
    }
  return 0;
}

/// The constant cluster size of `launch`; empty if it has none.
static SmallVector<int32_t> clusterOf(gpu::LaunchFuncOp launch) {
  SmallVector<int32_t> sizes;
  if (!launch.hasClusterSize())
    return sizes;
  gpu::KernelDim3 size = launch.getClusterSizeOperandValues();
  for (Value value : {size.x, size.y, size.z}) {
    std::optional<int64_t> constant = getConstantIntValue(value);
    if (!constant)
      return {};
    sizes.push_back(static_cast<int32_t>(*constant));
  }
  return sizes;
}

namespace {
class SoftmaxSetLaunchBoundsPass
    : public softmax::impl::SoftmaxSetLaunchBoundsPassBase<
          SoftmaxSetLaunchBoundsPass> {
  void runOnOperation() override {
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      auto kernel = SymbolTable::lookupNearestSymbolFrom<gpu::GPUFuncOp>(
          launch, launch.getKernelAttr());
      if (!kernel)
        return;
      SmallVector<int32_t> cluster = clusterOf(launch);
      int64_t registers = registersOf(launch);
      if (!cluster.empty())
        kernel.setKnownClusterSizeAttr(
            DenseI32ArrayAttr::get(&getContext(), cluster));
      if (registers)
        kernel->setAttr(
            NVVM::NVVMDialect::getMaxnregAttrName(),
            IntegerAttr::get(IntegerType::get(&getContext(), 32), registers));
      numKernels += !cluster.empty() || registers;
    });
  }
};
} // namespace
