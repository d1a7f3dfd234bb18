// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-decorate-spirv.

#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Conversion/KernelsToSPIRV/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXDECORATESPIRVPASS
#include "softmax/Conversion/KernelsToSPIRV/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
struct SoftmaxDecorateSPIRVPass
    : softmax::impl::SoftmaxDecorateSPIRVPassBase<SoftmaxDecorateSPIRVPass> {
  void runOnOperation() override {
    for (auto variable : getOperation().getOps<spirv::GlobalVariableOp>())
      decorate(variable);
    getOperation().walk([&](Operation *op) {
      if (!isa<spirv::FAddOp, spirv::FSubOp, spirv::FMulOp, spirv::GLFmaOp>(op))
        return;
      op->setAttr("no_contraction", UnitAttr::get(&getContext()));
      ++numDecorated;
    });
    // Barriers order memory.  llvmpipe takes an atomic that orders it, too, for
    // a barrier, at which threads that come more often than others are lost.
    getOperation().walk([&](spirv::AtomicIAddOp atomic) {
      atomic.setSemantics(spirv::MemorySemantics::None);
      ++numDecorated;
    });
    for (auto function : getOperation().getOps<spirv::FuncOp>())
      addFloatControls(function);
  }

private:
  void decorate(spirv::GlobalVariableOp variable) {
    switch (cast<spirv::PointerType>(variable.getType()).getStorageClass()) {
    case spirv::StorageClass::StorageBuffer:
      variable->setAttr("aliased", UnitAttr::get(&getContext()));
      ++numDecorated;
      return;
    case spirv::StorageClass::PushConstant:
      variable.removeBindingAttr();
      variable.removeDescriptorSetAttr();
      ++numDecorated;
      return;
    default:
      return;
    }
  }

  void addFloatControls(spirv::FuncOp function) {
    // Of the widths that it computes with.
    llvm::SmallSetVector<int32_t, 3> widths;
    function.walk([&](Operation *op) {
      for (Type type : op->getResultTypes())
        if (auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type)))
          widths.insert(static_cast<int32_t>(element.getWidth()));
    });
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    for (int32_t width : widths)
      for (spirv::ExecutionMode mode :
           {spirv::ExecutionMode::SignedZeroInfNanPreserve,
            spirv::ExecutionMode::RoundingModeRTE})
        spirv::ExecutionModeOp::create(builder, function.getLoc(), function,
                                       mode, width);
  }
};
} // namespace
