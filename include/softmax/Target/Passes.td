// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TARGET_PASSES
#define SOFTMAX_TARGET_PASSES

include "mlir/Pass/PassBase.td"

def AddRowRangePass : Pass<"softmax-add-row-range", "::mlir::ModuleOp"> {
  let summary = "let a single-op kernel run on a part of its rows";
  let description = [{
    A kernel (a function with `softmax.kernel`) whose body is exactly one
    `softmax.generic` on memrefs, apart from ops without effects, gets two
    trailing arguments `%begin, %end : index`, which become the op's
    `rows(%begin, %end)`.  Rows are numbered row-major over the op's parallel
    dimensions.  A private function `@NAME__units(arguments...) -> index`
    returns how many there are.  Any division of [0, units) over calls gives
    the same bits (C-DET-1).

    Other kernels are left alone: they run as one unit.  An op with two
    operands of one type that are indexed differently (a transposed bias, say)
    must not run in place on that operand; such pairs are recorded in
    `softmax.kernel` as `never_in_place = [[input, output], ...]`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::func::FuncDialect"];
  let statistics = [
    Statistic<"numRowRanges", "row-ranges", "Number of kernels given a row range">
  ];
}

def PromoteAllocsToWorkspacePass
    : Pass<"softmax-promote-allocs-to-workspace", "::mlir::ModuleOp"> {
  let summary = "turn a kernel's allocations into slices of one caller-owned buffer";
  let description = [{
    Every kernel (a function with `softmax.kernel`) gets a trailing argument
    `%workspace : memref<?xi8>`.  Every `memref.alloc` of its body becomes a
    `memref.view` of that argument, at an offset that is a multiple of 64;
    `memref.dealloc` disappears.  The workspace must be aligned to 64 bytes.
    A private function `@NAME__workspace_size(arguments...) -> index` returns
    how many bytes are needed; it saturates at 2^60 where the true number would
    be larger, so that no allocation of that size succeeds.  The size in terms
    of the kernel's shapes is recorded in `softmax.kernel` as `workspace`.

    Refused with a diagnostic: an allocation whose size does not follow from
    the kernel's arguments alone, one inside a parallel loop, one with a layout
    map, a memory space or an alignment above 64; a kernel that another
    function calls; a kernel with a memref whose strides are not all dynamic;
    and allocations in functions that are not kernels.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::func::FuncDialect"];
  let statistics = [
    Statistic<"numPromoted", "promoted", "Number of allocations promoted">
  ];
}

def EmitKernelInterfacePass : Pass<"softmax-emit-kernel-interface", "::mlir::ModuleOp"> {
  let summary = "give every kernel its C entry points";
  let description = [{
    Works on a module in the LLVM dialect, after the kernels of
    `softmax-promote-allocs-to-workspace` were lowered.  For every function
    NAME with `softmax.kernel` it makes the body internal and emits, all of
    them public:

    - `int32_t NAME(operands...)`: DLPack tensors by pointer, scalars by value.
    - `int64_t NAME_units(operands...)`, `size_t NAME_workspace_size(operands...)`:
      0 if the operands do not pass the checks.
    - `int32_t NAME_range(operands..., int64_t begin, int64_t end, void *workspace)`.
    - `int __tvm_ffi_NAME(void *, const TVMFFIAny *, int32_t, TVMFFIAny *)`.
    - `int32_t _mlir_ciface_NAME(memref descriptors by pointer, scalars by value)`.

    All entry points run the same checks, and nothing is written before all of
    them have passed.  They run in this order, each over all operands before
    the next: tensor and shape pointers not null (1); device (2); element type
    (3); rank (4); sizes: not negative, as the type says, equal where the type
    says so, at most 2^55 elements (5); data pointers not null unless there
    are no elements (1); strides not negative, outputs that do not overlap
    themselves, data aligned to the element size, address ranges that do not
    wrap around, outputs apart from every other operand or exactly in place
    (6); the range within [0, units] (5); a workspace where one is needed (1);
    its allocation (7).  The strides of dimensions of size 1 and of tensors
    without elements are ignored.

    Everything else in the module becomes internal.  A function that is called
    but not defined is refused unless it is malloc, free, memcpy or memset.

    With `threads=openmp` NAME divides its rows among the threads of the OpenMP
    runtime, and, where they are fewer and `softmax-split-rows` ran, the blocks
    of a row; below a grain it stays on the calling thread.  NAME_range never
    uses the runtime.
  }];
  let options = [
    Option<"threads", "threads", "std::string", /*default=*/"\"none\"",
           "Threads of NAME: none or openmp">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::omp::OpenMPDialect"];
}

def LinkCodeObjectsPass : Pass<"softmax-link-code-objects", "::mlir::ModuleOp"> {
  let summary = "assemble and link AMD's device code";
  let description = [{
    Assembly with a `#rocdl.target` in a `gpu.binary` becomes a code object
    (hsaco), by LLVM's assembler and by lld as a library. An undefined symbol is
    an error. What else the binary holds stays.

    lld resets the values of LLVM's command line options.
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::ROCDL::ROCDLDialect"];
  let statistics = [
    Statistic<"numLinked", "num-linked", "Code objects linked">
  ];
}

#endif // SOFTMAX_TARGET_PASSES
