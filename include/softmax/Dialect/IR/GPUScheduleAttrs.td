// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_GPUSCHEDULEATTRS
#define SOFTMAX_DIALECT_IR_GPUSCHEDULEATTRS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Softmax_GPUStrategy : I32EnumAttr<"GPUStrategy", "how a GPU kernel moves over rows", [
    I32EnumAttrCase<"WarpPerRow", 0, "warp_per_row">,
    I32EnumAttrCase<"BlockPerRow", 1, "block_per_row">,
    I32EnumAttrCase<"BlockOnline", 2, "block_online">,
    I32EnumAttrCase<"RowsPerWarp", 3, "rows_per_warp">,
    I32EnumAttrCase<"LanesInner", 4, "lanes_inner">,
    I32EnumAttrCase<"ClusterPerRow", 5, "cluster_per_row">,
    I32EnumAttrCase<"SplitRow", 6, "split_row">,
    I32EnumAttrCase<"BlockShared", 7, "block_shared">]> {
  let cppNamespace = "::mlir::softmax";
}

def Softmax_GPUNumericAttr : Softmax_Attr<"GPUNumeric", "gpu_numeric"> {
  let summary = "the part of a GPU schedule that decides bits";
  let description = [{
    `block`: elements that have statistics of their own, relative to their own
    maximum; blocks are counted from the row's first element and merged in
    index order.  Within a block sums are exact up to one rounding per element
    to a multiple of a power of two, so that no order matters.  `accuracy`: the
    mode.  `exp`: `scaled`, a polynomial; or `native`, the chip's instruction
    for 2^x, where the bound of the mode holds with it (docs/GPU.md).
  }];
  let parameters = (ins
    "int64_t":$block,
    DefaultValuedParameter<"::mlir::softmax::Accuracy",
                           "::mlir::softmax::Accuracy::Default">:$accuracy,
    DefaultValuedParameter<"::mlir::softmax::ExpForm",
                           "::mlir::softmax::ExpForm::Scaled">:$exp);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Softmax_GPUAlternativeAttr : Softmax_Attr<"GPUAlternative", "gpu_alternative"> {
  let summary = "one kernel for an op, with the guard under which it is taken";
  let description = [{
    Guard: `min_columns` and `max_columns`, the least and the largest row length,
    and `max_rows`, the most rows (absent: any).  Movement: the strategy; `threads` per block; `lanes`,
    elements of one vector access; `vectors`, how many of them a thread holds of
    a row, all of them in flight before the first is used; `rows`, how many rows
    a block computes (absent: one); `cluster`, blocks of a cluster (absent:
    none); `warp_size`, how many threads run in step and shuffle values (absent:
    32; AMD's wavefronts may have 64, Vulkan's subgroups what the device says).

    Of `lanes_inner` a vector has an element each of `lanes` rows side by side,
    which a thread has to itself, and `vectors` is how many elements of a row it
    holds.
  }];
  let parameters = (ins
    OptionalParameter<"int64_t", "least row length; 0 if any">:$min_columns,
    OptionalParameter<"int64_t", "largest row length; 0 if any">:$max_columns,
    OptionalParameter<"int64_t", "most rows; 0 if any">:$max_rows,
    "::mlir::softmax::GPUStrategy":$strategy,
    "int64_t":$threads,
    "int64_t":$lanes,
    "int64_t":$vectors,
    OptionalParameter<"int64_t", "rows per block; 0 for one">:$rows,
    OptionalParameter<"int64_t", "blocks per cluster; 0 for none">:$cluster,
    DefaultValuedParameter<"int64_t", "32">:$warp_size);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Softmax_GPUScheduleAttr : Softmax_Attr<"GPUSchedule", "gpu_schedule"> {
  let summary = "how a softmax.generic is run on a GPU: numeric part and kernels";
  let description = [{
    An ordered list of alternatives; the first whose guard holds is launched;
    the last is unconditional.  `softmax-assign-gpu-schedule` writes it as the
    attribute `softmax.gpu_schedule`, and keeps one that it finds.

    Example:

    ```mlir
    softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
      maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
      {softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 8192>, alternatives = [
        <max_columns = 1024, strategy = warp_per_row, threads = 128, lanes = 4, vectors = 8, rows = 4>,
        <strategy = block_online, threads = 256, lanes = 4, vectors = 8>]>}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
      logit { ^bb0(%e: f32): softmax.yield %e : f32 }
      result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
    ```
  }];
  let parameters = (ins
    "::mlir::softmax::GPUNumericAttr":$numeric,
    ArrayRefParameter<"::mlir::softmax::GPUAlternativeAttr">:$alternatives);
  let assemblyFormat = [{
    `<` `numeric` `=` $numeric `,` `alternatives` `=` `[` $alternatives `]` `>`
  }];
  let genVerifyDecl = 1;
}

#endif // SOFTMAX_DIALECT_IR_GPUSCHEDULEATTRS
