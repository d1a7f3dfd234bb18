// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_PARTIALOPS
#define SOFTMAX_DIALECT_IR_PARTIALOPS

include "softmax/Dialect/IR/StructuredOps.td"

/// What the statistics of rows and of their parts share.
class Softmax_PartialOp<string mnemonic, list<Trait> traits = []>
    : Softmax_StructuredOp<mnemonic, traits> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasCanonicalizer = 1;
  let hasFolder = 1;
  let extraClassDeclaration = structuredOpDecls;
}

def Softmax_StatsOp : Softmax_PartialOp<"stats"> {
  let summary = "the maximum m of every row and the sum s of exp(x - m)";
  let description = [{
    What is known of a row, or of a part of one, before it is normalized: the
    first destination takes m, of the compute type, the second s, of f64
    whatever that is. The destinations do not decide the compute type, f64 for
    logits of f64 and else f32 (C-TYPE-2): s is the sum before it is rounded, so
    that `softmax.merge` loses nothing.

    A row without elements, or of -inf only, has m = -inf and s = 0 (C-AXIS-2,
    C-INF-2). With a NaN s is NaN (C-NAN-1); with +inf and no NaN m = +inf and
    s is positive (C-INF-1).

    Example:

    ```mlir
    %m, %s = softmax.stats dimensions = [1] ins(%x : tensor<?x?xf16>) outs(%i, %j : tensor<?xf32>, tensor<?xf64>) -> tensor<?xf32>, tensor<?xf64>
    ```
  }];
  let arguments = (ins
    DenseI64ArrayAttr:$dimensions,
    Softmax_Shaped:$input,
    Variadic<Softmax_Shaped>:$inits);
  let assemblyFormat = [{
    `dimensions` `=` $dimensions attr-dict `ins` `(` $input `:` type($input) `)`
    `outs` `(` $inits `:` type($inits) `)` (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$max, "::mlir::Value":$sum,
                   "::llvm::ArrayRef<int64_t>":$dimensions)>
  ];
}

def Softmax_MergeOp : Softmax_PartialOp<"merge"> {
  let summary = "the statistics (m, s) of rows from those of their parts";
  let description = [{
    The parts' m and s, as `softmax.stats` gave them, have dimensions more than
    the results: `dimensions`, along which the parts of one row stand. With M
    the largest m, writes M and the sum of s exp(m - M) (Milakov and Gimelshein
    2018, arXiv 1805.02867), formed in f64. A part with m = -inf adds its s as
    it is (C-INF-4).

    Example:

    ```mlir
    %m, %s = softmax.merge dimensions = [0] ins(%ms, %ss : tensor<4x?xf32>, tensor<4x?xf64>) outs(%i, %j : tensor<?xf32>, tensor<?xf64>) -> tensor<?xf32>, tensor<?xf64>
    ```
  }];
  let arguments = (ins
    DenseI64ArrayAttr:$dimensions,
    Softmax_Shaped:$max,
    Softmax_Shaped:$sum,
    Variadic<Softmax_Shaped>:$inits);
  let assemblyFormat = [{
    `dimensions` `=` $dimensions attr-dict
    `ins` `(` $max `,` $sum `:` type($max) `,` type($sum) `)`
    `outs` `(` $inits `:` type($inits) `)` (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$max, "::mlir::Value":$sum,
                   "::mlir::Value":$maxInit, "::mlir::Value":$sumInit,
                   "::llvm::ArrayRef<int64_t>":$dimensions)>
  ];
}

#endif // SOFTMAX_DIALECT_IR_PARTIALOPS
