// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_SOFTMAXATTRS
#define SOFTMAX_DIALECT_IR_SOFTMAXATTRS

include "softmax/Dialect/IR/SoftmaxBase.td"
include "softmax/Dialect/IR/StatisticInterface.td"

class Softmax_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Softmax_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===--- Special values -----------------------------------------------------===//

def Softmax_MaskedRow : I32EnumAttr<"MaskedRow",
    "what a fully masked row (every logit -inf) gives", [
      I32EnumAttrCase<"Nan", 0, "nan">,
      I32EnumAttrCase<"Zero", 1, "zero">]> {
  let cppNamespace = "::mlir::softmax";
  let genSpecializedAttr = 0;
}
def Softmax_MaskedRowAttr : EnumAttr<Softmax_Dialect, Softmax_MaskedRow, "masked_row"> {
  let assemblyFormat = "`<` $value `>`";
}

//===--- Statistics ---------------------------------------------------------===//

def Softmax_MaxSumExpAttr : Softmax_Attr<"MaxSumExp", "max_sumexp",
    [DeclareAttrInterfaceMethods<Softmax_StatisticInterface, ["buildCommonCase", "buildCommonLogit", "getLiftExponent", "buildSimpleCase", "buildSimpleMerge", "buildKeptViews", "resultsNeedPart"]>]> {
  let summary = "the maximum m of a row and the sum of exp(x - m)";
  let description = [{
    Pairs merge by m = max(m1, m2), s = s1 exp(m1-m) + s2 exp(m2-m) (Milakov
    and Gimelshein 2018, arXiv 1805.02867).  Row arguments: `max`, `sum`, of
    the compute type.  Result arguments: `%p`, the normalized exponential
    exp(x-m)/s, and `%logp` = (x-m) - log(s).  The maximum ignores NaN; NaN
    travels in the sum alone (C-NAN-1).  `masked_row` says what `%p` is on a
    row of -inf only (C-INF-2).  With `wide_sum` the row argument `sum` is not
    rounded to the compute type but an f64, and destinations per row, which may
    hold it, do not decide the compute type (C-TYPE-2).
  }];
  let parameters = (ins
    DefaultValuedParameter<"::mlir::softmax::MaskedRow", "::mlir::softmax::MaskedRow::Nan">:$masked_row,
    DefaultValuedParameter<"bool", "false">:$wide_sum);
  let builders = [
    AttrBuilder<(ins CArg<"::mlir::softmax::MaskedRow", "::mlir::softmax::MaskedRow::Nan">:$maskedRow), [{
      return $_get($_ctxt, maskedRow, false);
    }]>
  ];
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
}

def Softmax_SumAttr : Softmax_Attr<"Sum", "sum",
    [DeclareAttrInterfaceMethods<Softmax_StatisticInterface>]> {
  let summary = "the sum of a row's logits";
  let description = [{
    Row argument and result argument: the sum, rounded once to the compute
    type.
  }];
}

def Softmax_TopKAttr : Softmax_Attr<"TopK", "topk",
    [DeclareAttrInterfaceMethods<Softmax_StatisticInterface, ["getSelectionSize"]>]> {
  let summary = "the k largest logits of a row and where they stand";
  let description = [{
    Row arguments: `vector<k x T>` of values in descending order and
    `vector<k x i64>` of indices along the row (ties by lowest index; NaN
    counts as larger than all; zeros count as equal and are given as +0; missing entries of a short row are -inf and -1).  No result argument.  A per-row
    result yielded as a vector goes to an output with one trailing dimension
    of size k.
  }];
  let parameters = (ins "int64_t":$k);
  let assemblyFormat = "`<` `k` `=` $k `>`";
  let genVerifyDecl = 1;
}

//===--- Schedules ----------------------------------------------------------===//

def Softmax_ExpForm : I32EnumAttr<"ExpForm", "how exponentials are formed", [
    I32EnumAttrCase<"Plain", 0, "plain">,
    I32EnumAttrCase<"Scaled", 1, "scaled">,
    I32EnumAttrCase<"Table8", 2, "table8">,
    I32EnumAttrCase<"Table16", 3, "table16">,
    I32EnumAttrCase<"Native", 4, "native">]> {
  let cppNamespace = "::mlir::softmax";
}
def Softmax_Accuracy : I32EnumAttr<"Accuracy", "the accuracy mode (docs/Spec.md)", [
    I32EnumAttrCase<"Default", 0, "default">,
    I32EnumAttrCase<"Strict", 1, "strict">,
    I32EnumAttrCase<"Fast", 2, "fast">]> {
  let cppNamespace = "::mlir::softmax";
}
def Softmax_Layout : I32EnumAttr<"Layout", "layout class of an op's operands", [
    I32EnumAttrCase<"Any", 0, "any">,
    I32EnumAttrCase<"Row", 1, "row">,
    I32EnumAttrCase<"Inner", 2, "inner">]> {
  let cppNamespace = "::mlir::softmax";
}
def Softmax_Strategy : I32EnumAttr<"Strategy", "how a CPU kernel moves over rows", [
    I32EnumAttrCase<"Registers", 0, "registers">,
    I32EnumAttrCase<"ThreePass", 1, "three_pass">,
    I32EnumAttrCase<"LanesInner", 2, "lanes_inner">,
    I32EnumAttrCase<"Packed", 3, "packed">,
    I32EnumAttrCase<"Pipe3", 4, "pipe3">,
    I32EnumAttrCase<"Pipe2", 5, "pipe2">,
    I32EnumAttrCase<"Online", 6, "online">,
    I32EnumAttrCase<"LanesRows", 7, "lanes_rows">,
    I32EnumAttrCase<"Panels", 8, "panels">,
    I32EnumAttrCase<"Scalable", 9, "scalable">]> {
  let cppNamespace = "::mlir::softmax";
}
def Softmax_Staging : I32EnumAttr<"Staging",
    "where the exponentials wait for the normalization", [
    I32EnumAttrCase<"Recompute", 0, "recompute">,
    I32EnumAttrCase<"Output", 1, "output">,
    I32EnumAttrCase<"Scratch", 2, "scratch">]> {
  let cppNamespace = "::mlir::softmax";
}
def Softmax_TailMode : I32EnumAttr<"TailMode", "how the last elements of a row are touched", [
    I32EnumAttrCase<"Masked", 0, "masked">,
    I32EnumAttrCase<"MaskedLoads", 1, "masked_loads">,
    I32EnumAttrCase<"Pieces", 2, "pieces">]> {
  let cppNamespace = "::mlir::softmax";
}

def Softmax_StoreMode : I32EnumAttr<"StoreMode", "how results are stored", [
    I32EnumAttrCase<"Ordinary", 0, "ordinary">,
    I32EnumAttrCase<"Nontemporal", 1, "nontemporal">]> {
  let cppNamespace = "::mlir::softmax";
}

def Softmax_NumericAttr : Softmax_Attr<"Numeric", "numeric"> {
  let summary = "the part of a schedule that decides a result's bits";
  let description = [{
    A function of row length, op, types, mode, target and layout class only
    (C-DET-1).  `exp`: the plain exponential, the scaled one, or the scaled
    one from a table of 8 or 16 entries.  `fma`: whether multiply-add is
    fused.  `group`: elements whose sum is folded by a fixed tree in the
    compute type (in f64 where `accuracy` is `strict`) before it is added in
    f64.  `block`: elements that have statistics of their own, relative to
    their own maximum; blocks are merged in index order.  `accuracy`: the mode.
  }];
  let parameters = (ins
    "::mlir::softmax::ExpForm":$exp,
    "bool":$fma,
    "int64_t":$group,
    "int64_t":$block,
    DefaultValuedParameter<"::mlir::softmax::Accuracy",
                           "::mlir::softmax::Accuracy::Default">:$accuracy);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Softmax_AlternativeAttr : Softmax_Attr<"Alternative", "alternative"> {
  let summary = "one way to run an op, with the guard under which it is taken";
  let description = [{
    Guard: the layout class (`row`: the softmax dimensions are one contiguous
    run in every operand; `inner`: the last iteration dimension is parallel
    and contiguous; `any`), `min_columns` and `max_columns`, the least and the
    largest row length, `min_rows`, the least number of rows to compute, and
    `min_bytes`, the least number of bytes that all rows read and write
    together (absent: any).  Movement: the
    strategy; `lanes`, the vector length in elements of the compute type;
    `vectors`, how many vectors are in flight; `rows`, how many rows are
    (absent: one); where exponentials are staged; how tails are touched (by
    masked loads and stores, by masked loads and stores of 4, 2 and 1 elements,
    or both in such pieces); `prefetch`, how many rows (`panels`: elements of a
    row) ahead data is asked for (absent: left to the hardware); whether
    results are stored past the caches (`stores = nontemporal`); whether
    vectors are as many times longer as the running CPU says (`scalable`), so
    that `lanes` is their least length.
  }];
  let parameters = (ins
    "::mlir::softmax::Layout":$layout,
    OptionalParameter<"int64_t", "least row length; 0 if any">:$min_columns,
    OptionalParameter<"int64_t", "largest row length; 0 if any">:$max_columns,
    OptionalParameter<"int64_t", "least number of rows; 0 if any">:$min_rows,
    OptionalParameter<"int64_t", "least bytes read and written; 0 if any">:$min_bytes,
    "::mlir::softmax::Strategy":$strategy,
    "int64_t":$lanes,
    "int64_t":$vectors,
    OptionalParameter<"int64_t", "rows in flight; 0 for one">:$rows,
    "::mlir::softmax::Staging":$staging,
    "::mlir::softmax::TailMode":$tail,
    OptionalParameter<"int64_t", "rows that data is asked for ahead">:$prefetch,
    DefaultValuedParameter<"::mlir::softmax::StoreMode",
                           "::mlir::softmax::StoreMode::Ordinary">:$stores,
    DefaultValuedParameter<"bool", "false">:$scalable);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Softmax_ScheduleAttr : Softmax_Attr<"Schedule", "schedule"> {
  let summary = "how a softmax.generic is run: numeric part and alternatives";
  let description = [{
    An ordered list of alternatives; the first whose guard holds is taken; the
    last is unconditional.  Only the numeric part decides a result's bits
    (C-DET-1).  `softmax-assign-schedule` writes it, and keeps one that it
    finds.

    Example:

    ```mlir
    softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
      maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
      ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
      schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
        alternatives = [<layout = row, max_columns = 64, strategy = registers, lanes = 16, vectors = 4, staging = recompute, tail = masked>,
                        <layout = any, strategy = packed, lanes = 16, vectors = 4, staging = scratch, tail = masked>]>
      logit { ^bb0(%e: f32): softmax.yield %e : f32 }
      result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
    ```
  }];
  let parameters = (ins
    "::mlir::softmax::NumericAttr":$numeric,
    ArrayRefParameter<"::mlir::softmax::AlternativeAttr">:$alternatives);
  let assemblyFormat = [{
    `<` `numeric` `=` $numeric `,` `alternatives` `=` `[` $alternatives `]` `>`
  }];
  let genVerifyDecl = 1;
}

include "softmax/Dialect/IR/GPUScheduleAttrs.td"

#endif // SOFTMAX_DIALECT_IR_SOFTMAXATTRS
