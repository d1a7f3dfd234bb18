// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_TRANSFORMS_PASSES
#define SOFTMAX_DIALECT_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def SoftmaxGeneralizePass : Pass<"softmax-generalize"> {
  let summary = "write the named softmax ops as softmax.generic";
  let description = [{
    Replaces every named op, on tensors and on memrefs, by the
    `softmax.generic` that says the same: the formulas of
    docs/Architecture.md.  Of the forward ops scale, bias and mask stand in
    the logit region, lse = max + log(sum) in the row region, and every cast
    to and from the compute type is explicit.  The op keeps the mnemonic that
    it came from in the discardable attribute `softmax.named`.

    Example:

    ```mlir
    softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    ```

    becomes

    ```mlir
    softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
      maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
      {softmax.named = "softmax"}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
      logit { ^bb0(%e: f32): softmax.yield %e : f32 }
      result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
    ```
  }];
  let dependentDialects = ["arith::ArithDialect", "math::MathDialect",
                           "memref::MemRefDialect", "tensor::TensorDialect",
                           "SoftmaxDialect"];
  let options = [
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "The mode that results are to have: default, strict or fast. In "
           "strict the loss of a class without smoothing takes a form that "
           "keeps its relative error as the loss goes to 0.">
  ];
  let statistics = [
    Statistic<"numGeneralized", "generalized", "Number of named ops rewritten">
  ];
}

def SoftmaxFuseElementwisePass : Pass<"softmax-fuse-elementwise"> {
  let summary = "make element-wise neighbours a part of softmax ops";
  let description = [{
    On tensors, for every `softmax.generic` and every named softmax op:

    - what computes an input element by element becomes a part of the regions
      that read the input: casts, scale, bias, masks, dequantization,
      broadcasts, activation functions;
    - what reads a result element by element becomes a part of the result
      region: casts, quantization, products, dropout masks, residuals; what
      reads a value per row, a part of the row region;
    - two ops over the same rows, such as a softmax and a logsumexp of one
      tensor, become one with the statistics of both.

    The neighbours are linalg ops whose loops are all parallel, generic or
    named. No result changes a bit (C-DET-1): every cast and every rounding
    between the two stays, and what would change the compute type (C-TYPE-2) or
    the layout class of the rows (a transposition) is left alone. So is what
    carries `reassoc` or `contract`.

    A producer goes in if nothing else reads its result, or if it costs little
    and reads no more bytes than it writes. The logit region is computed once
    per pass over the row, so that a producer may be computed up to three
    times per element; where that costs more than `max-recompute` vector
    operations per element beyond what it cost before, it stays outside.

    Named ops with a neighbour are generalized. A `softmax.generic` that
    something went into loses the attribute `softmax.named`. With `report`, a
    remark at every neighbour says what became of it, and why.

    Example:

    ```mlir
    %e = tensor.empty() : tensor<8x9xf32>
    %scaled = linalg.mul ins(%x, %y : tensor<8x9xf32>, tensor<8x9xf32>) outs(%e : tensor<8x9xf32>) -> tensor<8x9xf32>
    %p = softmax.softmax dimensions = [1] ins(%scaled : tensor<8x9xf32>) outs(%e : tensor<8x9xf32>) -> tensor<8x9xf32>
    ```

    becomes

    ```mlir
    %p = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
      maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
      ins(%x, %y : tensor<8x9xf32>, tensor<8x9xf32>) outs(%e : tensor<8x9xf32>)
      logit {
      ^bb0(%a: f32, %b: f32):
        %0 = arith.mulf %a, %b : f32
        softmax.yield %0 : f32
      } result {
      ^bb0(%a: f32, %b: f32, %q: f32, %logq: f32):
        softmax.yield %q : f32
      } -> tensor<8x9xf32>
    ```
  }];
  let options = [
    Option<"maxRecompute", "max-recompute", "unsigned", /*default=*/"96",
           "Vector operations per element that a fused producer may cost more "
           "than by itself">,
    Option<"report", "report", "bool", /*default=*/"false",
           "Emit a remark for each neighbour: fused, or why not">
  ];
  let dependentDialects = ["arith::ArithDialect", "math::MathDialect",
                           "SoftmaxDialect"];
  let statistics = [
    Statistic<"numProducers", "producers", "Number of producers fused">,
    Statistic<"numConsumers", "consumers", "Number of consumers fused">,
    Statistic<"numMerged", "merged", "Number of softmax ops merged into others">
  ];
}

def SoftmaxFusionReportPass : Pass<"softmax-fusion-report"> {
  let summary = "say what softmax-fuse-elementwise fuses, and why not more";
  let description = [{
    Emits a remark at each neighbour of a softmax op that says whether and where
    `softmax-fuse-elementwise` fuses it, and if not, why and what to do about
    it. The IR stays as it is.
  }];
  let options = [
    Option<"maxRecompute", "max-recompute", "unsigned", /*default=*/"96",
           "As for softmax-fuse-elementwise">
  ];
  let dependentDialects = ["arith::ArithDialect", "math::MathDialect",
                           "SoftmaxDialect"];
}

def SoftmaxAssignSchedulePass : Pass<"softmax-assign-schedule"> {
  let summary = "choose how each softmax.generic runs on a CPU";
  let description = [{
    Gives every `softmax.generic` on memrefs a `schedule` attribute: the
    numeric part, which follows from op, types, mode and target alone, and an
    ordered list of alternatives from the cost model in lib/Schedule.  What
    static sizes and layouts decide is decided here; the rest becomes guards.
    An op that has a schedule keeps it.

    `target` names a CPU level (`native`, `x86-64`, ... `x86-64-v4`);
    `force-strategy` one of `registers`, `three_pass`, `lanes_inner`,
    `packed`.  The module attribute `softmax.target` records the target.
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"native\"",
           "CPU to schedule for">,
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "Accuracy mode: default, strict or fast">,
    Option<"threads", "threads", "std::string", /*default=*/"\"none\"",
           "Threads: none">,
    Option<"forceStrategy", "force-strategy", "std::string", /*default=*/"\"\"",
           "Use this strategy wherever it can run">,
  ];
  let dependentDialects = ["SoftmaxDialect"];
  let statistics = [
    Statistic<"numScheduled", "scheduled", "Number of ops given a schedule">
  ];
}

def SoftmaxAssignGPUSchedulePass : Pass<"softmax-assign-gpu-schedule"> {
  let summary = "choose the kernels that run each softmax.generic on a GPU";
  let description = [{
    Gives every `softmax.generic` on memrefs an attribute `softmax.gpu_schedule`:
    the numeric part, and an ordered list of kernels from the rule in
    lib/Schedule.  What static sizes decide is decided here; the rest becomes
    guards.  An op that has a GPU schedule keeps it.

    `chip` names an NVIDIA chip (`sm_75`, `sm_80`, `sm_90` or `sm_100`),
    `force-strategy` one of `warp_per_row`, `block_per_row` and `block_online`,
    and is refused where that cannot hold the rows.
  }];
  let options = [
    Option<"chip", "chip", "std::string", /*default=*/"\"sm_90\"",
           "NVIDIA chip to schedule for">,
    Option<"accuracy", "accuracy", "std::string", /*default=*/"\"default\"",
           "Accuracy mode: default, strict or fast">,
    Option<"forceStrategy", "force-strategy", "std::string", /*default=*/"\"\"",
           "Use this strategy for all rows">,
  ];
  let dependentDialects = ["SoftmaxDialect"];
  let statistics = [
    Statistic<"numScheduled", "scheduled", "Number of ops given a schedule">
  ];
}

def SoftmaxResultsToDestinationsPass
    : Pass<"softmax-results-to-destinations", "ModuleOp"> {
  let summary = "give public functions destinations in place of tensor results";
  let description = [{
    Prepares every public function with a body for one-shot bufferization
    without an allocation or a copy:

    - each tensor result becomes a trailing memref argument that is written by
      `bufferization.materialize_in_destination`; an argument that only was the
      never-read destination of the op whose result is returned is that memref
      from then on, and is not an argument of its own any more;
    - tensor arguments get `bufferization.writable = false`;
    - tensors of i1 that cross the function's boundary become i8, a byte per
      element; `softmax.generic` compares them with 0 in its regions, and
      tensors of i1 made inside reach `softmax.generic` as bytes too, since a
      vector load of a memref of i1 reads packed bits;
    - the operands are described in the attribute `softmax.kernel` : names,
      declared types, and a symbol per size, equal for sizes that must be equal
      at run time.

    Named ops are generalized first. Functions on memrefs keep their arguments
    and get the attribute. Functions without tensors or memrefs, declarations
    and private functions keep their signature.

    A result whose size does not follow from the arguments' sizes is refused,
    and so are scalar results beside tensors and public functions that other
    functions call (run `--inline` first).

    Example:

    ```mlir
    func.func @softmax(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?x10xf32>
      %i = tensor.empty(%n) : tensor<?x10xf32>
      %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
      return %p : tensor<?x10xf32>
    }
    ```

    becomes a function of `tensor<?x10xf32>` and `memref<?x10xf32>` that ends
    in `bufferization.materialize_in_destination %p in restrict writable`.
  }];
  let options = [
    Option<"layout", "layout", "::mlir::softmax::DestinationLayout",
           "::mlir::softmax::DestinationLayout::Identity",
           "layout of the destinations",
           [{::llvm::cl::values(
               clEnumValN(::mlir::softmax::DestinationLayout::Identity,
                          "identity", "row-major without gaps"),
               clEnumValN(::mlir::softmax::DestinationLayout::Dynamic,
                          "dynamic", "any strides and offset"))}]>
  ];
  let dependentDialects = ["arith::ArithDialect",
                           "bufferization::BufferizationDialect",
                           "linalg::LinalgDialect", "math::MathDialect",
                           "memref::MemRefDialect", "tensor::TensorDialect",
                           "SoftmaxDialect"];
  let statistics = [
    Statistic<"numDestinations", "destinations",
              "Number of results that became destinations">
  ];
}

def SoftmaxReuseInputsPass : Pass<"softmax-reuse-inputs"> {
  let summary = "let ops overwrite inputs that nothing else reads";
  let description = [{
    Where `softmax.generic` or an element-wise linalg op writes a `tensor.empty`
    and reads, at the same points, a tensor of the same type that an op before
    it computed and that nothing else uses, that tensor becomes the destination.
    A chain such as matmul, bias, softmax then has one buffer, the one that its
    result goes to, and empty-tensor elimination finds it through the
    destinations. To be run before bufferization, after
    `softmax-results-to-destinations`.

    Example:

    ```mlir
    %y = linalg.exp ins(%x : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
    %p = softmax.softmax dimensions = [1] ins(%y : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
    ```

    becomes, with the named op written as `softmax.generic`,

    ```mlir
    %y = linalg.exp ins(%x : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
    %p = softmax.softmax dimensions = [1] ins(%y : tensor<8x9xf32>) outs(%y : tensor<8x9xf32>) -> tensor<8x9xf32>
    ```
  }];
  let statistics = [
    Statistic<"numReused", "reused", "Number of destinations replaced">
  ];
}

#endif // SOFTMAX_DIALECT_TRANSFORMS_PASSES
