// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_CONVERSION_SOFTMAXTOLINALG_PASSES
#define SOFTMAX_CONVERSION_SOFTMAXTOLINALG_PASSES

include "mlir/Pass/PassBase.td"

def SoftmaxDecomposePass : Pass<"softmax-decompose"> {
  let summary = "write softmax ops as linalg.generic";
  let description = [{
    Replaces every `softmax.generic`, and every named op by way of its generic
    form, by `linalg.generic` ops: one reduction per pass of the statistics
    over the rows, one op per row region, one for the results.  Sums are
    accumulated in f64 and maxima start at -inf, so the special values of the
    family (rows with NaN, with +inf, fully masked, empty) come out as the
    dialect defines them.  On memrefs the reductions go to buffers of one
    element per row that are allocated and freed around the op.

    `#softmax.topk`, per-row results of vector type and ops on a range of rows
    are refused with a diagnostic.

    Example:

    ```mlir
    %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%init : tensor<?x10xf32>) -> tensor<?x10xf32>
    ```

    becomes a fill and a `linalg.generic` for the maxima, a fill and a
    `linalg.generic` for the sums of the exponentials, and a `linalg.generic`
    that forms exp(x - max) / sum in `%init`.
  }];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect",
                           "math::MathDialect", "memref::MemRefDialect",
                           "tensor::TensorDialect", "SoftmaxDialect"];
  let statistics = [
    Statistic<"numDecomposed", "decomposed", "Number of ops rewritten">
  ];
}

#endif // SOFTMAX_CONVERSION_SOFTMAXTOLINALG_PASSES
