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
           "Accuracy mode: default">,
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

#endif // SOFTMAX_DIALECT_TRANSFORMS_PASSES
