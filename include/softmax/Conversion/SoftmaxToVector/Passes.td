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

def SoftmaxSplitRowsPass : Pass<"softmax-split-rows", "::mlir::ModuleOp"> {
  let summary = "Add functions by which several threads share one row";
  let description = [{
    For each public function whose one scheduled softmax.generic runs on the
    range of rows that the last two arguments are (softmax-add-row-range), and
    whose rows may be longer than a block, three private functions are added:
    NAME__blocks counts the blocks of a row (0 where rows are not contiguous),
    NAME__statistics reduces some of a row's blocks into memory that the caller
    gives, and NAME__results merges the statistics of all blocks in index order
    and writes the results of some.  The bits are those of the whole row run at
    once.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
  let statistics = [Statistic<"numSplit", "num-split", "functions whose rows can be shared">];
}

#endif // SOFTMAX_CONVERSION_SOFTMAXTOVECTOR_PASSES
