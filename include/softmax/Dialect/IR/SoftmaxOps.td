// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_SOFTMAXOPS
#define SOFTMAX_DIALECT_IR_SOFTMAXOPS

include "softmax/Dialect/IR/GradientOps.td"
include "softmax/Dialect/IR/LossOps.td"
include "softmax/Dialect/IR/PartialOps.td"
include "softmax/Dialect/IR/StructuredOps.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

/// What the three named forward ops share.
class Softmax_ForwardOp<string mnemonic, list<Trait> traits = []>
    : Softmax_StructuredOp<mnemonic, !listconcat([AttrSizedOperandSegments], traits)> {
  let arguments = (ins
    DenseI64ArrayAttr:$dimensions,
    Softmax_Shaped:$input,
    Optional<AnyFloat>:$scale,
    Optional<Softmax_Shaped>:$bias,
    Optional<Softmax_Shaped>:$mask,
    Variadic<Softmax_Shaped>:$inits,
    DefaultValuedAttr<Softmax_MaskedRowAttr, "::mlir::softmax::MaskedRow::Nan">:$masked_row);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `dimensions` `=` $dimensions attr-dict `ins` `(` $input `:` type($input) `)`
    (`scale` `(` $scale^ `:` type($scale) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`mask` `(` $mask^ `:` type($mask) `)`)?
    `outs` `(` $inits `:` type($inits) `)` (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::ValueRange":$inits,
                   "::llvm::ArrayRef<int64_t>":$dimensions,
                   CArg<"::mlir::Value", "{}">:$scale, CArg<"::mlir::Value", "{}">:$bias,
                   CArg<"::mlir::Value", "{}">:$mask,
                   CArg<"::mlir::softmax::MaskedRow", "::mlir::softmax::MaskedRow::Nan">:$maskedRow)>
  ];
  let hasCanonicalizer = 1;
  let hasFolder = 1;
}

def Softmax_SoftmaxOp : Softmax_ForwardOp<"softmax"> {
  let summary = "probabilities exp(x - m) / s of every row";
  let description = [{
    With x' = x * scale + bias (false mask elements act as -inf), m the row's
    maximum and s = sum(exp(x' - m)), writes exp(x' - m) / s, and into an
    optional second destination lse = m + log(s) per row.

    - `dimensions` are the softmax dimensions; several are normalized jointly
      (C-AXIS-1).
    - Logits, bias and result have elements of f16, bf16, f32 or f64, each its
      own (C-TYPE-1). `scale` and lse have the compute type: f64 if any
      floating operand is f64, else f32 (C-TYPE-2).
    - `bias` and `mask` broadcast to the logits as in NumPy: aligned at the
      last dimension, size 1 repeats (C-SHAPE-1). The mask has elements of i1
      (C-MASK-1).
    - `masked_row` says what a row of -inf gives: NaN, or 0 (C-INF-2).

    Destinations are only written. On tensors each has a result; on memrefs
    there are no results, and a destination may be the logits' own buffer.

    Example:

    ```mlir
    %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%init : tensor<?x10xf32>) -> tensor<?x10xf32>
    ```

    With everything, the lse of the rows included:

    ```mlir
    %q, %lse = softmax.softmax dimensions = [2] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<4x?x?xf16>)
                 scale(%s : f32) bias(%b : tensor<4x1x?xf16>) mask(%m : tensor<?x?xi1>)
                 outs(%i, %j : tensor<4x?x?xf16>, tensor<4x?xf32>) -> tensor<4x?x?xf16>, tensor<4x?xf32>
    ```
  }];
  let extraClassDeclaration = structuredOpDecls;
}

def Softmax_LogSoftmaxOp : Softmax_ForwardOp<"log_softmax"> {
  let summary = "logarithms (x - m) - log(s) of a row's probabilities";
  let description = [{
    Operands as for `softmax.softmax`, an optional lse included; never forms
    the logarithm of a rounded probability.

    Example:

    ```mlir
    softmax.log_softmax dimensions = [0, 2] ins(%x : memref<3x4x5xf32>) outs(%y : memref<3x4x5xf32>)
    ```
  }];
  let extraClassDeclaration = structuredOpDecls;
}

def Softmax_LogSumExpOp : Softmax_ForwardOp<"logsumexp"> {
  let summary = "lse = m + log(s) of every row";
  let description = [{
    Operands as for `softmax.softmax`; the only destination has one element of
    the compute type per row. It is -inf for an empty or fully masked row and
    +inf for a row with +inf (C-AXIS-2, C-INF-1, C-INF-2).

    Example:

    ```mlir
    %l = softmax.logsumexp dimensions = [1] ins(%x : tensor<?x10xf16>) outs(%init : tensor<?xf32>) -> tensor<?xf32>
    ```
  }];
  let extraClassDeclaration = structuredOpDecls;
}

def Softmax_GenericOp : Softmax_StructuredOp<"generic", [
    AttrSizedOperandSegments, IsolatedFromAbove]> {
  let summary = "reduce each row by statistics, then map its elements";
  let description = [{
    The one form with a lowering.  `maps` holds an affine map per input and
    per destination, from the iteration space (whose rank is that of the
    logits) to the operand's indices: each result of a map is a distinct
    dimension or the constant 0 (size-1 broadcast).  An operand whose map
    names no dimension of `dimensions` is *row-invariant*; destinations that
    are not come first, row-invariant ones after them.

    - `logit(ins...)` yields one value of the compute type per statistic.
      Absent when `statistics` is empty.
    - `row(row-invariant ins..., statistics' row arguments...)` yields the
      per-row results, in the order of the row-invariant destinations, then
      any number of values handed on to `result`.  A result of type
      `vector<kxT>` goes to a destination with a trailing dimension of size k.
    - `result(ins..., statistics' result arguments..., values handed on...)`
      yields one value per element-wise destination.

    Element arguments have the operands' element types; scalars enter as
    inputs with map `() -> ()` written over the iteration space,
    `affine_map<(d0, d1) -> ()>`, and may then be plain scalar operands.
    `softmax.index d` gives a coordinate. Regions are isolated, free of side
    effects, and work on scalars; casts to the compute type stand in them
    (C-TYPE-2), and no operation carries `reassoc` or `contract` (C-DET-1).
    What no region uses is not computed.

    `rows(%begin, %end)`, on memrefs only, restricts the op to rows
    [begin, end), numbered row-major over the dimensions outside `dimensions`;
    the destinations' other rows keep their contents. Any division of the rows
    over several ops gives the same bits. `schedule` says how the op runs; see
    `#softmax.schedule`.

    Example:

    ```mlir
    softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
      maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
      ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
      logit { ^bb0(%e: f32): softmax.yield %e : f32 }
      result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
    ```

    Causal, with bf16 logits, lse, and a scalar offset:

    ```mlir
    %p, %lse = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
      maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>]
      ins(%x, %offset : tensor<?x?xbf16>, index) outs(%y, %l : tensor<?x?xf32>, tensor<?xf32>)
      logit {
      ^bb0(%e: bf16, %o: index):
        %row = softmax.index 0
        %column = softmax.index 1
        %last = arith.addi %row, %o : index
        %see = arith.cmpi sle, %column, %last : index
        %0 = arith.extf %e : bf16 to f32
        %ninf = arith.constant 0xFF800000 : f32
        %1 = arith.select %see, %0, %ninf : f32
        softmax.yield %1 : f32
      } row {
      ^bb0(%o: index, %max: f32, %sum: f32):
        %0 = math.log %sum : f32
        %1 = arith.addf %max, %0 : f32
        softmax.yield %1 : f32
      } result {
      ^bb0(%e: bf16, %o: index, %q: f32, %logq: f32):
        softmax.yield %q : f32
      } -> tensor<?x?xf32>, tensor<?xf32>
    ```
  }];
  let arguments = (ins
    DenseI64ArrayAttr:$dimensions,
    ArrayAttr:$statistics,
    AffineMapArrayAttr:$maps,
    Variadic<AnyType>:$inputs,
    Variadic<Softmax_Shaped>:$inits,
    Variadic<Index>:$rows,
    OptionalAttr<Softmax_ScheduleAttr>:$schedule);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region AnyRegion:$logit, AnyRegion:$row, AnyRegion:$result);
  let assemblyFormat = [{
    `dimensions` `=` $dimensions `statistics` `=` $statistics `maps` `=` $maps attr-dict
    `ins` `(` $inputs `:` type($inputs) `)` `outs` `(` $inits `:` type($inits) `)`
    (`rows` `(` $rows^ `)`)?
    (`schedule` `=` $schedule^)?
    custom<Regions>($logit, $row, $result, type($results))
  }];
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
  let hasFolder = 1;
  let extraClassDeclaration = structuredOpDecls # [{
    ::llvm::SmallVector<::mlir::softmax::StatisticAttrInterface> getStatisticList();
    ::llvm::SmallVector<::mlir::AffineMap> getMapList();
    ::mlir::AffineMap getInputMap(unsigned i);
    ::mlir::AffineMap getInitMap(unsigned i);
    bool isReduced(int64_t dim);
    /// Whether `map` names no softmax dimension.
    bool isRowInvariant(::mlir::AffineMap map);
    /// Destinations [0, n) are element-wise, the others per row.
    unsigned getNumElementwiseInits();
    ::llvm::SmallVector<int64_t> getParallelDims();
    /// Size of an iteration dimension as far as operand types tell.
    int64_t getStaticSize(int64_t dim);
    /// Regions absent in the text are empty.
    bool hasLogit() { return !getLogit().empty(); }
    bool hasRow() { return !getRow().empty(); }
    bool hasResult() { return !getResult().empty(); }
  }];
}

def Softmax_YieldOp : Softmax_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["GenericOp"]>]> {
  let summary = "ends a region of softmax.generic";
  let description = [{
    In the logit region one value per statistic; in the row region the per-row
    results, then the values handed on; in the result region one value per
    element-wise destination.
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange{}); }]>];
}

def Softmax_IndexOp : Softmax_Op<"index", [Pure]> {
  let summary = "a coordinate of the element (or row) being computed";
  let description = [{
    `softmax.index d` is the coordinate along iteration dimension d.  In the
    row region only dimensions outside `dimensions` are known.  It stands in
    regions of `softmax.generic` alone; there is an example at that op.
  }];
  let arguments = (ins I64Attr:$dim);
  let results = (outs Index:$coordinate);
  let assemblyFormat = "$dim attr-dict";
  let hasVerifier = 1;
}

#endif // SOFTMAX_DIALECT_IR_SOFTMAXOPS
