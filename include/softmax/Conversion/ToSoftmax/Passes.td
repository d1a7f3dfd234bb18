// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_TOSOFTMAX_PASSES
#define SOFTMAX_CONVERSION_TOSOFTMAX_PASSES

include "mlir/Pass/PassBase.td"

def SoftmaxRaise : Pass<"softmax-raise"> {
  let summary = "Find softmax in linalg and raise it to the named ops";
  let description = [{
    Replaces by `softmax.softmax`:

    - `linalg.softmax`, on tensors and memrefs;
    - a maximum, a subtraction, an exponential, a sum and a division (or a
      product with the reciprocal) in linalg on tensors: `linalg.generic` and
      named ops, fused or apart, over any dimension or several jointly, as
      front ends print it and as `linalg.softmax` decomposes itself.

    The destination is that of the division.  A candidate that is not exactly
    a softmax is left alone: a maximum or a sum over other dimensions, of
    another tensor or with another initial value, intermediate values with
    other users, integers.

    Raising improves accuracy: linalg accumulates in the element type, the
    softmax ops in f32 or f64 (C-TYPE-2); a row of 4096 equal bf16 logits sums
    to 1 instead of 16.

    With `report`, a remark at each candidate says that it was raised, or why
    not.
  }];
  let options = [
    Option<"report", "report", "bool", /*default=*/"false",
           "Emit a remark for each candidate: raised, or why not">
  ];
  let statistics = [
    Statistic<"numRaised", "num-raised", "Softmax computations raised to a named op">,
    Statistic<"numLeft", "num-left", "Candidates that were left alone">
  ];
  let dependentDialects = ["::mlir::softmax::SoftmaxDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // SOFTMAX_CONVERSION_TOSOFTMAX_PASSES
