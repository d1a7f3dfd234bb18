// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_KERNELSTOSPIRV_PASSES
#define SOFTMAX_CONVERSION_KERNELSTOSPIRV_PASSES

include "mlir/Pass/PassBase.td"

def SoftmaxConvertKernelsToSPIRVPass
    : Pass<"softmax-convert-kernels-to-spirv", "::mlir::ModuleOp"> {
  let summary = "Convert the kernels of gpu.module to a spirv.module for Vulkan";
  let description = [{
    Puts a `spirv.module` in front of every `gpu.module`, which stays for those
    who launch its kernels.  Pointers (memrefs of a static size) become storage
    buffers, in their order from binding 0 of set 0 on; of each there may be a
    variable for elements and one for vectors.  Sizes and scalars become push
    constants (`layOutVulkanArguments`), shared memory workgroup variables.
    An index has 32 bits.  f16 are integers in memory, since not all Vulkan
    devices compute with them, and what converts them is integer arithmetic.
    Threads of kernels that exchange values in subgroups are numbered by subgroup
    and lane, for nothing else is known of how a workgroup is split into them.

    To be followed by `spirv-lower-abi-attrs`, `softmax-decorate-spirv` and
    `spirv-update-vce`.
  }];
  let options = [
    Option<"subgroupSize", "subgroup-size", "int64_t", /*default=*/"32",
           "Threads of a subgroup">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::spirv::SPIRVDialect",
                           "::mlir::vector::VectorDialect"];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "kernels converted">
  ];
}

def SoftmaxDecorateSPIRVPass
    : Pass<"softmax-decorate-spirv", "::mlir::spirv::ModuleOp"> {
  let summary = "Say in SPIR-V what softmax kernels ask of arithmetic and memory";
  let description = [{
    - Float additions, subtractions and multiplications are `NoContraction`, and
      entry points keep signed zeros, infinities and NaN
      (`SignedZeroInfNanPreserve`) and round to nearest even
      (`RoundingModeRTE`): exact sums and error terms are nothing without.
    - Storage buffers are `Aliased`: an output may be the buffer of an input, and
      a buffer may have two variables.
    - The push constants lose the binding that `spirv-lower-abi-attrs` gave them.
  }];
  let dependentDialects = ["::mlir::spirv::SPIRVDialect"];
  let statistics = [
    Statistic<"numDecorated", "num-decorated", "operations and variables decorated">
  ];
}

def SoftmaxSerializeSPIRVPass
    : Pass<"softmax-serialize-spirv", "::mlir::ModuleOp"> {
  let summary = "Replace gpu.module, and the spirv.module made of it, by a gpu.binary";
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::spirv::SPIRVDialect"];
}

#endif // SOFTMAX_CONVERSION_KERNELSTOSPIRV_PASSES
