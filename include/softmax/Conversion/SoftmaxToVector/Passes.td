// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES
#define SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES

include "mlir/Pass/PassBase.td"

def ConvertSoftmaxToVectorPass : Pass<"convert-softmax-to-vector", "::mlir::func::FuncOp"> {
  let summary = "Lower scheduled softmax.generic on memrefs to vector and scf";
  let description = [{
    Every `softmax.generic` on memrefs becomes loops of vector code, one
    version per alternative of its `schedule` attribute, chosen at run time by
    the alternatives' guards as far as they are not decided by static types.
    Nothing of the softmax dialect remains: what cannot be lowered (no
    schedule, a tensor form, a statistic without passes, an operation in a
    region that has no vector form) fails with a diagnostic.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
  let statistics = [
    Statistic<"numLowered", "num-lowered", "softmax.generic ops lowered">,
    Statistic<"numAlternatives", "num-alternatives", "alternatives emitted">
  ];
}

#endif // SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES
