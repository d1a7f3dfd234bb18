// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-serialize-spirv.

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Target/SPIRV/Serialization.h"
#include "softmax/Conversion/KernelsToSPIRV/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXSERIALIZESPIRVPASS
#include "softmax/Conversion/KernelsToSPIRV/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
struct SoftmaxSerializeSPIRVPass
    : softmax::impl::SoftmaxSerializeSPIRVPassBase<SoftmaxSerializeSPIRVPass> {
  void runOnOperation() override {
    SmallVector<gpu::GPUModuleOp> modules(
        getOperation().getOps<gpu::GPUModuleOp>());
    for (gpu::GPUModuleOp module : modules) {
      auto code = dyn_cast_or_null<spirv::ModuleOp>(module->getPrevNode());
      if (!code) {
        module.emitError("has no spirv.module in front of it; run "
                         "softmax-convert-kernels-to-spirv before "
                         "softmax-serialize-spirv");
        return signalPassFailure();
      }
      SmallVector<uint32_t, 0> words;
      if (failed(spirv::serialize(code, words)))
        return signalPassFailure();
      OpBuilder builder(module);
      auto text = builder.getStringAttr(
          StringRef(reinterpret_cast<const char *>(words.data()),
                    words.size() * sizeof(uint32_t)));
      auto object = gpu::ObjectAttr::get(spirv::lookupTargetEnvOrDefault(code),
                                         gpu::CompilationTarget::Binary, text);
      gpu::BinaryOp::create(builder, module.getLoc(), module.getName(),
                            Attribute(), builder.getArrayAttr(object));
      code.erase();
      module.erase();
    }
  }
};
} // namespace
