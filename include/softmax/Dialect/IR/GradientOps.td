// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_GRADIENTOPS
#define SOFTMAX_DIALECT_IR_GRADIENTOPS

include "softmax/Dialect/IR/StructuredOps.td"

/// What the gradients of the forward ops share.
class Softmax_BackwardOp<string mnemonic, list<Trait> traits = []>
    : Softmax_StructuredOp<mnemonic, !listconcat([AttrSizedOperandSegments], traits)> {
  let arguments = (ins
    DenseI64ArrayAttr:$dimensions,
    Softmax_Shaped:$grad_output,
    Softmax_Shaped:$output,
    Optional<AnyFloat>:$scale,
    Variadic<Softmax_Shaped>:$inits,
    DefaultValuedAttr<Softmax_MaskedRowAttr, "::mlir::softmax::MaskedRow::Nan">:$masked_row);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `dimensions` `=` $dimensions attr-dict
    `ins` `(` $grad_output `,` $output `:` type($grad_output) `,` type($output) `)`
    (`scale` `(` $scale^ `:` type($scale) `)`)?
    `outs` `(` $inits `:` type($inits) `)` (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$gradOutput, "::mlir::Value":$output, "::mlir::Value":$init,
                   "::llvm::ArrayRef<int64_t>":$dimensions,
                   CArg<"::mlir::Value", "{}">:$scale,
                   CArg<"::mlir::softmax::MaskedRow", "::mlir::softmax::MaskedRow::Nan">:$maskedRow)>
  ];
  let hasCanonicalizer = 1;
  let hasFolder = 1;
}

def Softmax_SoftmaxBackwardOp : Softmax_BackwardOp<"softmax_backward"> {
  let summary = "gradient y * (dy - sum(dy * y)) of softmax";
  let description = [{
    With y the probabilities that `softmax.softmax` gave and dy the gradient
    with respect to them, writes the gradient with respect to the logits,

        dx = scale * (y * (dy - S)),    S = sum(dy * y) over the row,

    the product of dy with the Jacobian diag(y) - y y^T (Bridle 1990,
    "Probabilistic interpretation of feedforward classification network
    outputs", section 3). `scale`, the forward op's, is 1 if left out.

    - `dimensions` as for the forward op (C-AXIS-1). dy, y and dx have the same
      shape (C-SHAPE-1), and elements of f16, bf16, f32 or f64, each its own
      (C-TYPE-1). `scale` has the compute type (C-TYPE-2).
    - A row with a NaN in dy or y is NaN (C-NAN-1). dy - S beyond the compute
      type, for gradients as large as its numbers, is infinite.
    - `masked_row = zero` makes a row whose probabilities are all 0, which a
      fully masked row has, 0 whatever dy holds there (C-INF-2).

    Destinations are only written. On tensors the destination has a result; on
    memrefs there are no results, and it may be the buffer of dy or y.

    Example:

    ```mlir
    %dx = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<?x10xf32>, tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let extraClassDeclaration = structuredOpDecls;
}

def Softmax_LogSoftmaxBackwardOp : Softmax_BackwardOp<"log_softmax_backward"> {
  let summary = "gradient dy - exp(y) * sum(dy) of log_softmax";
  let description = [{
    With y the logarithms that `softmax.log_softmax` gave and dy the gradient
    with respect to them, writes the gradient with respect to the logits,

        dx = scale * (dy - exp(y) * S),    S = sum(dy) over the row,

    the product of dy with the Jacobian I - 1 p^T, p = exp(y). Operands and
    types as for `softmax.softmax_backward`. A NaN in dy makes its row NaN, one
    in y, where the forward op has only rows of NaN, its element. `masked_row =
    zero` makes a row whose logarithms are all -inf 0; without it such a row
    gives scale * dy.

    Example:

    ```mlir
    softmax.log_softmax_backward dimensions = [0, 2] ins(%dy, %y : memref<3x4x5xf32>, memref<3x4x5xf32>) scale(%s : f32) outs(%dx : memref<3x4x5xf32>)
    ```
  }];
  let extraClassDeclaration = structuredOpDecls;
}

#endif // SOFTMAX_DIALECT_IR_GRADIENTOPS
