// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_PIPELINES_PASSES
#define SOFTMAX_PIPELINES_PASSES

include "mlir/Pass/PassBase.td"

def SoftmaxCopiesToLoopsPass
    : Pass<"softmax-copies-to-loops", "::mlir::func::FuncOp"> {
  let summary = "turn copies between strided memrefs into loops";
  let description = [{
    `memref.copy` between memrefs that are not both contiguous becomes a call of
    a function of MLIR's runner library on the way to LLVM, which a kernel
    cannot have. This pass writes such copies as loops over loads and stores;
    contiguous ones stay, and become memcpy.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
  let statistics = [
    Statistic<"numCopies", "num-copies", "Copies turned into loops">
  ];
}

def SoftmaxFillLocationsPass : Pass<"softmax-fill-locations"> {
  let summary = "locate operations without a location where their parents are";
  let description = [{
    The bodies of named `linalg` operations have no location in the source, and
    what is said about an operation of theirs would point nowhere. It gets the
    location of the operation that it is nested in.
  }];
  let statistics = [
    Statistic<"numFilled", "num-filled", "Operations that got a location">
  ];
}

def SoftmaxIntegerMaskedMemoryPass : Pass<"softmax-integer-masked-memory"> {
  let summary = "move 16-bit floats through masks as integers";
  let description = [{
    Masked loads and stores of vectors of f16 and bf16, in the LLVM dialect,
    become those of i16 between bit casts. Without AVX512-BF16, LLVM 22 takes a
    masked access of bf16 apart into scalars and rounds each by a call of
    compiler-rt's `__truncsfbf2`, which a kernel cannot have.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
  let statistics = [
    Statistic<"numAccesses", "num-accesses", "Masked accesses rewritten">
  ];
}

def SoftmaxNarrowFloatsAsIntegersPass
    : Pass<"softmax-narrow-floats-as-integers", "::mlir::ModuleOp"> {
  let summary = "move 16-bit floats as integers where nothing computes with them";
  let description = [{
    On a target without instructions that convert f16 or bf16 the conversions
    are integer arithmetic, and what is left of these types, in the LLVM
    dialect, only moves them: loads, stores, selections, shuffles, arguments of
    blocks. All of it gets i16 instead, between bit casts where a float is an
    argument of a function, is returned, or is computed with. Without this LLVM
    22 takes some of these operations by way of f32 and calls compiler-rt
    to come back (`select` of bf16), and ends the process where vectors of any
    length cannot be taken apart.
  }];
  let options = [
    Option<"f16", "f16", "bool", /*default=*/"true", "Of f16">,
    Option<"bf16", "bf16", "bool", /*default=*/"true", "Of bf16">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
  let statistics = [
    Statistic<"numMoves", "num-moves", "Operations that got integers">
  ];
}

def SoftmaxCheckInlinedPass
    : Pass<"softmax-check-inlined", "::mlir::ModuleOp"> {
  let summary = "refuse recursion and calls that return tensors";
  let description = [{
    Runs after the inliner where functions become kernels. Emits an error at
    every call by which a function comes to call itself, and at every other call
    of a function that returns tensors, if it is public (what a kernel returns
    becomes a destination) or their sizes are dynamic (they would be unknown).
    Other calls may stay.
  }];
}

def SoftmaxCheckLoweredPass
    : Pass<"softmax-check-lowered", "::mlir::ModuleOp"> {
  let summary = "refuse softmax operations that no pass has lowered";
  let description = [{
    Emits an error at every operation of the softmax dialect that is left, so
    that a pipeline never leaves one behind in silence, and at operations on
    floats narrower than 16 bits, which nothing expands.

    With `to-llvm`, at the end of a pipeline, everything outside the LLVM dialect
    is an error, conversion casts that nothing resolved among it.
  }];
  let options = [
    Option<"toLLVM", "to-llvm", "bool", /*default=*/"false",
           "Refuse everything outside the LLVM dialect">
  ];
}

def SoftmaxSetLaunchBoundsPass
    : Pass<"softmax-set-launch-bounds", "::mlir::ModuleOp"> {
  let summary = "compile cluster sizes and registers into kernels";
  let description = [{
    A `gpu.launch_func` with a constant cluster size gives it to its kernel as
    `known_cluster_size`, which becomes `.reqnctapercluster` in PTX: hosts then
    launch the kernel as any other.  `gpu-kernel-outlining` drops it.

    Where the schedule says how many registers a thread may take (`registers` in
    `softmax.gpu_kernels`) the kernel gets `nvvm.maxnreg`: ptxas by itself spills
    some to have more blocks, or takes so many that there are fewer.
  }];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "Kernels with bounds">
  ];
}

def SoftmaxResolveDeviceFunctionsPass
    : Pass<"softmax-resolve-device-functions", "::mlir::gpu::GPUModuleOp"> {
  let summary = "use instructions in place of calls of device libraries";
  let description = [{
    `convert-gpu-to-nvvm` and `convert-gpu-to-rocdl` make calls of NVIDIA's
    libdevice and of AMD's ocml of operations that have an instruction: fused multiply-add, maxima, absolute values, rounding,
    square roots. They become intrinsics of LLVM, and no library is needed.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
  let statistics = [
    Statistic<"numResolved", "num-resolved", "Calls that became intrinsics">
  ];
}

def SoftmaxLayOutSharedMemoryPass
    : Pass<"softmax-lay-out-shared-memory", "::mlir::gpu::GPUModuleOp"> {
  let summary = "align shared memory as LLVM's optimizer assumes it";
  let description = [{
    Variables of shared memory of 16 bytes and more are aligned to 16, as
    vector accesses of them must be. Dynamic shared memory becomes external, as
    PTX has it.
  }];
  let statistics = [
    Statistic<"numAligned", "num-aligned", "Variables that were aligned">
  ];
}

def SoftmaxWarpShufflesToROCDLPass
    : Pass<"softmax-warp-shuffles-to-rocdl", "::mlir::gpu::GPUModuleOp"> {
  let summary = "exchange values between lanes by AMD's data parallel primitives";
  let description = [{
    A `gpu.shuffle xor` of 32 bits whose distance is a constant power of two
    becomes DPP moves (1, 2, 4, 8; LLVM folds them into what uses them), a
    `ds_swizzle` (16, on gfx9) or a `permlanex16` (16, on gfx10 and later). The
    others are left to `convert-gpu-to-rocdl`, which makes `ds_bpermute` of all:
    it takes an address and a way through LDS.
  }];
  let options = [
    Option<"chip", "chip", "std::string", /*default=*/"\"gfx942\"", "gfx90a, gfx942, ..."> ,
    Option<"warpSize", "warp-size", "unsigned", /*default=*/"64", "Threads of a wavefront">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::ROCDL::ROCDLDialect"];
  let statistics = [
    Statistic<"numExchanges", "num-exchanges", "Shuffles that became DPP moves and the like">
  ];
}

def SoftmaxCheckDeviceCodePass
    : Pass<"softmax-check-device-code", "::mlir::gpu::GPUModuleOp"> {
  let summary = "refuse device code that nothing could load";
  let description = [{
    Emits an error at every operation of a gpu.module that is not of the LLVM,
    NVVM or ROCDL dialects, and at every call of a function without a body
    (`__nv_expf` of NVIDIA's libdevice, which would become an unresolved
    `.extern` in PTX, `__ocml_exp_f32` of AMD's).
  }];
}

#endif // SOFTMAX_PIPELINES_PASSES
