// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_TRANSFORMS_PASSES
#define SOFTMAX_DIALECT_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def SoftmaxGeneralizePass : Pass<"softmax-generalize"> {
  let summary = "write the named softmax ops as softmax.generic";
  let description = [{
    Replaces `softmax.softmax`, `softmax.log_softmax` and `softmax.logsumexp`,
    on tensors and on memrefs, by the `softmax.generic` that says the same:
    scale, bias and mask stand in the logit region, lse = max + log(sum) in
    the row region, and every cast to and from the compute type is explicit.
    The op keeps the mnemonic that it came from in the discardable attribute
    `softmax.named`.

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
                           "SoftmaxDialect"];
  let statistics = [
    Statistic<"numGeneralized", "generalized", "Number of named ops rewritten">
  ];
}

#endif // SOFTMAX_DIALECT_TRANSFORMS_PASSES
