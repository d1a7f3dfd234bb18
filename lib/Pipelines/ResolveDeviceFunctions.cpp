// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXRESOLVEDEVICEFUNCTIONSPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

/// The operation that does what `function` of libdevice (f32 and f64) or ocml
/// (f16 too) does; empty where there is no instruction for it.
static StringRef getIntrinsic(StringRef function) {
  if (function.consume_front("__ocml_"))
    function = function.rsplit('_').first;
  else if (!function.consume_front("__nv_"))
    return "";
  return llvm::StringSwitch<StringRef>(function)
      .Cases({"fma", "fmaf"}, LLVM::FMAOp::getOperationName())
      .Cases({"fmax", "fmaxf"}, LLVM::MaxNumOp::getOperationName())
      .Cases({"fmin", "fminf"}, LLVM::MinNumOp::getOperationName())
      .Cases({"fabs", "fabsf"}, LLVM::FAbsOp::getOperationName())
      .Cases({"copysign", "copysignf"}, LLVM::CopySignOp::getOperationName())
      .Cases({"floor", "floorf"}, LLVM::FFloorOp::getOperationName())
      .Cases({"ceil", "ceilf"}, LLVM::FCeilOp::getOperationName())
      .Cases({"trunc", "truncf"}, LLVM::FTruncOp::getOperationName())
      .Cases({"rint", "rintf"}, LLVM::RintOp::getOperationName())
      .Cases({"round", "roundf"}, LLVM::RoundOp::getOperationName())
      .Cases({"sqrt", "sqrtf"}, LLVM::SqrtOp::getOperationName())
      .Default("");
}

namespace {
class SoftmaxResolveDeviceFunctionsPass
    : public softmax::impl::SoftmaxResolveDeviceFunctionsPassBase<
          SoftmaxResolveDeviceFunctionsPass> {
  void runOnOperation() override {
    SmallVector<LLVM::CallOp> calls;
    getOperation().walk([&](LLVM::CallOp call) { calls.push_back(call); });
    for (LLVM::CallOp call : calls) {
      StringRef name = getIntrinsic(call.getCallee().value_or(""));
      if (name.empty())
        continue;
      OpBuilder builder(call);
      OperationState state(call.getLoc(), name);
      state.addOperands(call.getArgOperands());
      state.addTypes(call.getResultTypes());
      call->replaceAllUsesWith(builder.create(state));
      call.erase();
      ++numResolved;
    }
    // Declarations would become `.extern`, called or not.
    for (auto function : llvm::make_early_inc_range(
             getOperation().getBody()->getOps<LLVM::LLVMFuncOp>()))
      if (function.isExternal() &&
          SymbolTable::symbolKnownUseEmpty(function, getOperation()))
        function.erase();
  }
};
} // namespace
