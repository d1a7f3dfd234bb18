// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXCHECKDEVICECODEPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

namespace {
class SoftmaxCheckDeviceCodePass
    : public softmax::impl::SoftmaxCheckDeviceCodePassBase<
          SoftmaxCheckDeviceCodePass> {
  void runOnOperation() override {
    gpu::GPUModuleOp module = getOperation();
    reported.clear();
    module.walk([&](Operation *op) {
      if (op == module.getOperation())
        return;
      if (auto call = dyn_cast<LLVM::CallOp>(op))
        checkCall(call);
      if (isa_and_nonnull<LLVM::LLVMDialect, NVVM::NVVMDialect,
                          ROCDL::ROCDLDialect>(op->getDialect()))
        return;
      signalPassFailure();
      if (!reported.insert(op->getLoc()).second)
        return;
      op->emitOpError("has no lowering to device code in this pipeline; "
                      "write the regions of softmax operations with "
                      "element-wise operations of arith and math");
    });
  }

  void checkCall(LLVM::CallOp call) {
    std::optional<StringRef> callee = call.getCallee();
    auto function =
        callee ? SymbolTable::lookupNearestSymbolFrom<LLVM::LLVMFuncOp>(
                     call, call.getCalleeAttr())
               : LLVM::LLVMFuncOp();
    if (function && !function.isExternal())
      return;
    signalPassFailure();
    if (!reported.insert(call.getLoc()).second)
      return;
    call.emitError() << "becomes a call of '"
                     << (callee ? *callee : StringRef("a pointer"))
                     << "', which device code could not resolve; write it with "
                        "exp, exp2, expm1, log, log1p, log2, tanh and "
                        "operations of arith on f16, bf16, f32 or f64";
  }

  /// One line of a region may have become many operations.
  llvm::SmallDenseSet<Location> reported;
};
} // namespace
