// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_LOSSOPS
#define SOFTMAX_DIALECT_IR_LOSSOPS

include "softmax/Dialect/IR/StructuredOps.td"

/// What the loss and its gradient share.
class Softmax_LossOp<string mnemonic, list<Trait> traits = []>
    : Softmax_StructuredOp<mnemonic, traits> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasCanonicalizer = 1;
  let hasFolder = 1;
  code lossOpDecls = structuredOpDecls # [{
    /// Whether labels are class indices, one per row, rather than
    /// probabilities, one per logit.
    bool hasClassLabels() {
      return ::mlir::getElementTypeOrSelf(getLabels().getType()).isInteger();
    }
  }];
}

def Softmax_CrossEntropyOp : Softmax_LossOp<"cross_entropy"> {
  let summary = "loss (m - x[label]) + log(s) of every row, and lse";
  let description = [{
    The cross-entropy of the probabilities of each row with its label, in one
    sweep over the logits and without writing probabilities. With m the
    maximum of a row and s the sum of exp(x - m), the loss for

    - class index t is (m - x[t]) + log(s), the negative logarithm of the
      probability of t;
    - class index t with `label_smoothing` a, over n classes (Szegedy and
      others 2016, arXiv 1512.00567, section 7),
      (1 - a) ((m - x[t]) + log(s)) + a ((m - sum(x) / n) + log(s));
    - probabilities t is (m T - sum(t x)) + T log(s) with T = sum(t), t first
      smoothed to (1 - a) t + a / n; where t is 0, so is t x, though x be -inf.

    The first destination takes the loss, an optional second one lse =
    m + log(s); both have one element of the compute type per row (C-TYPE-2).

    - `dimensions` are the softmax dimensions (C-AXIS-1). Class indices are i32
      or i64, one per row, and pick along the only softmax dimension.
      Probabilities have the shape of the logits and floating elements; those
      of a row sum to 1.
    - A row whose class is `ignore_index` has loss 0. A class that is neither
      that nor in [0, n) gives NaN, and status 8 from a kernel; nothing is
      ever read through a label.
    - A row with a NaN or +inf has a loss of NaN (C-NAN-1, C-INF-1). A fully
      masked row has a loss of NaN, or of 0 with `masked_row = zero`
      (C-INF-2).

    Example:

    ```mlir
    %loss, %l = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%a, %b : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
    ```

    With attributes:

    ```mlir
    softmax.cross_entropy dimensions = [1] {ignore_index = -100 : i64, label_smoothing = 1.000000e-01 : f64}
      ins(%x, %t : memref<?x?xbf16>, memref<?xi32>) outs(%loss : memref<?xf32>)
    ```
  }];
  let arguments = (ins
    DenseI64ArrayAttr:$dimensions,
    Softmax_Shaped:$input,
    Softmax_Shaped:$labels,
    Variadic<Softmax_Shaped>:$inits,
    OptionalAttr<I64Attr>:$ignore_index,
    DefaultValuedAttr<F64Attr, "0.0">:$label_smoothing,
    DefaultValuedAttr<Softmax_MaskedRowAttr, "::mlir::softmax::MaskedRow::Nan">:$masked_row);
  let assemblyFormat = [{
    `dimensions` `=` $dimensions attr-dict
    `ins` `(` $input `,` $labels `:` type($input) `,` type($labels) `)`
    `outs` `(` $inits `:` type($inits) `)` (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$labels, "::mlir::ValueRange":$inits,
                   "::llvm::ArrayRef<int64_t>":$dimensions,
                   CArg<"std::optional<int64_t>", "std::nullopt">:$ignoreIndex,
                   CArg<"double", "0.0">:$labelSmoothing,
                   CArg<"::mlir::softmax::MaskedRow", "::mlir::softmax::MaskedRow::Nan">:$maskedRow)>
  ];
  let extraClassDeclaration = lossOpDecls;
}

def Softmax_CrossEntropyBackwardOp : Softmax_LossOp<"cross_entropy_backward"> {
  let summary = "gradient (exp(x - lse) - target) * dloss of cross_entropy";
  let description = [{
    From the logits, the labels and the lse that `softmax.cross_entropy` gave,
    and the gradient dloss with respect to each row's loss, the gradient with
    respect to the logits,

        dx = (exp(x - lse) - target) * dloss,

    where target is (1 - a) [j = t] + a / n for class index t, `label_smoothing`
    a and n classes, and (1 - a) t + a / n for probabilities t (which sum to 1
    in a row). One sweep that reads the logits and writes the gradient; it may
    be the logits' buffer. A row of dx sums to 0.

    Labels and attributes as for `softmax.cross_entropy`; lse and dloss have
    the compute type (C-TYPE-2). An ignored row is 0, a row of a class out of
    range NaN (and status 8 from a kernel), one with lse = +inf NaN (C-INF-1),
    a fully masked one (lse = -inf) NaN, or 0 with `masked_row = zero`
    (C-INF-2).

    Example:

    ```mlir
    %dx = softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l, %dloss : tensor<?x10xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins
    DenseI64ArrayAttr:$dimensions,
    Softmax_Shaped:$input,
    Softmax_Shaped:$labels,
    Softmax_Shaped:$lse,
    Softmax_Shaped:$grad_loss,
    Variadic<Softmax_Shaped>:$inits,
    OptionalAttr<I64Attr>:$ignore_index,
    DefaultValuedAttr<F64Attr, "0.0">:$label_smoothing,
    DefaultValuedAttr<Softmax_MaskedRowAttr, "::mlir::softmax::MaskedRow::Nan">:$masked_row);
  let assemblyFormat = [{
    `dimensions` `=` $dimensions attr-dict
    `ins` `(` $input `,` $labels `,` $lse `,` $grad_loss `:`
      type($input) `,` type($labels) `,` type($lse) `,` type($grad_loss) `)`
    `outs` `(` $inits `:` type($inits) `)` (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$labels, "::mlir::Value":$lse,
                   "::mlir::Value":$gradLoss, "::mlir::Value":$init,
                   "::llvm::ArrayRef<int64_t>":$dimensions,
                   CArg<"std::optional<int64_t>", "std::nullopt">:$ignoreIndex,
                   CArg<"double", "0.0">:$labelSmoothing,
                   CArg<"::mlir::softmax::MaskedRow", "::mlir::softmax::MaskedRow::Nan">:$maskedRow)>
  ];
  let extraClassDeclaration = lossOpDecls;
}

#endif // SOFTMAX_DIALECT_IR_LOSSOPS
