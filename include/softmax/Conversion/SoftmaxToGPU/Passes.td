// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_SOFTMAXTOGPU_PASSES
#define SOFTMAX_CONVERSION_SOFTMAXTOGPU_PASSES

include "mlir/Pass/PassBase.td"

def ConvertSoftmaxToGPUPass : Pass<"convert-softmax-to-gpu", "::mlir::func::FuncOp"> {
  let summary = "Lower scheduled softmax.generic on memrefs to kernels of the gpu dialect";
  let description = [{
    Every `softmax.generic` on memrefs with an attribute `softmax.gpu_schedule`
    becomes a `gpu.launch` per alternative, chosen on the host by the
    alternatives' guards as far as types do not decide them.  What kernels
    capture are operands as pointers (memrefs of a static size), sizes and
    scalars; `gpu-kernel-outlining` makes functions of them, in the module
    `@softmax_kernels`.  What cannot be lowered fails with a diagnostic.
  }];
  let options = [
    Option<"redux", "redux", "bool", /*default=*/"false",
           "Warps add integers by one instruction (sm_80 and later)">,
    Option<"native", "native", "::mlir::softmax::NativeInstructions",
           /*default=*/"::mlir::softmax::NativeInstructions::None",
           "Whose instructions for powers of two and reciprocals may be used", [{
             ::llvm::cl::values(
               clEnumValN(::mlir::softmax::NativeInstructions::None, "none", "None"),
               clEnumValN(::mlir::softmax::NativeInstructions::NVVM, "nvvm", "NVIDIA's"),
               clEnumValN(::mlir::softmax::NativeInstructions::ROCDL, "rocdl", "AMD's"))
           }]>,
    Option<"fma", "fma", "bool", /*default=*/"true",
           "The target multiplies and adds with one rounding">,
    Option<"longGrid", "long-grid", "bool", /*default=*/"true",
           "A grid has one dimension of any size (false: two, as in Vulkan)">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
  let statistics = [
    Statistic<"numLowered", "num-lowered", "softmax.generic ops lowered">,
    Statistic<"numKernels", "num-kernels", "kernels emitted">
  ];
}

#endif // SOFTMAX_CONVERSION_SOFTMAXTOGPU_PASSES
