// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_STATISTICINTERFACE
#define SOFTMAX_DIALECT_IR_STATISTICINTERFACE

include "mlir/IR/Interfaces.td"

def Softmax_StatisticInterface : AttrInterface<"StatisticAttrInterface"> {
  let cppNamespace = "::mlir::softmax";
  let description = [{
    One associative statistic of a row, defined once for every lowering.

    A statistic is evaluated in *passes* over the logits of a row, or of a
    *part* of it.  In each pass every element is `lift`ed to one value of the
    compute type and these values are combined by a `Combiner` (maximum that
    ignores NaN, or sum).  After a pass, `prepare` turns what has been reduced
    so far into the row-level values that later lifts use.  Parts of a row are
    `merge`d, and `finish` makes of the whole row's values what the row region
    and the results take.  Decomposition to linalg, the vector lowering and the
    GPU lowering all drive these same builders; they differ only in how they
    run over the elements and in the `StatisticBuilder`, which says how
    exponentials are formed.

    All value-building methods work on scalars and on vectors alike: logits
    and row values may be scalars of the compute type or vectors of it (a lane
    per element, or a lane per row).
  }];
  let methods = [
    InterfaceMethod<"Number of passes over the row; 0 if the statistic has no lowering by passes.",
      "unsigned", "getNumPasses", (ins)>,
    InterfaceMethod<[{k, if the statistic selects the k largest logits: it has
      no passes, and a lowering finds them in single rows.  Row arguments are
      then vectors of k values, in descending order, and of k columns (i64); NaN
      counts as larger than all, and of equal logits the lowest column comes
      first.  0 for all others.}],
      "int64_t", "getSelectionSize", (ins),
      /*methodBody=*/"", /*defaultImplementation=*/[{ return 0; }]>,
    InterfaceMethod<"How the lifted values of `pass` are combined.",
      "::mlir::softmax::Combiner", "getCombiner", (ins "unsigned":$pass)>,
    InterfaceMethod<"Whether `pass` is needed only for the row arguments (and so only when they are used).",
      "bool", "isRowArgumentPass", (ins "unsigned":$pass)>,
    InterfaceMethod<[{An i1 under which `pass` has any effect, given the row
      values; null if it always runs.  A lowering may run it regardless.}],
      "::mlir::Value", "buildPassCondition",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "unsigned":$pass,
           "const ::mlir::softmax::RowValues &":$row)>,
    InterfaceMethod<[{The contribution of one logit to `pass`.  `row` holds what
      `buildPrepare` made after the earlier passes.}],
      "::mlir::softmax::LiftedValue", "buildLift",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "unsigned":$pass,
           "::mlir::Value":$logit, "const ::mlir::softmax::RowValues &":$row)>,
    InterfaceMethod<[{E, if every lifted value v of `pass`, a sum, that is not
      NaN has |v| < 2^E.  Nullopt where nothing is known of them.}],
      "::std::optional<int64_t>", "getLiftExponent",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "unsigned":$pass),
      /*methodBody=*/"", /*defaultImplementation=*/[{ return std::nullopt; }]>,
    InterfaceMethod<[{An i1 under which `buildLift` in `pass`, or
      `buildResultArgument` for `pass` = `getNumPasses()`, may take `common` in
      place of `row`, with the same bits and less work; null if there is no
      such case.  A lowering may ignore it.}],
      "::mlir::Value", "buildCommonCase",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "unsigned":$pass,
           "const ::mlir::softmax::RowValues &":$row,
           "::mlir::softmax::RowValues &":$common),
      /*methodBody=*/"", /*defaultImplementation=*/[{ return nullptr; }]>,
    InterfaceMethod<[{Where the condition of `buildCommonCase` for the lifted
      pass does not hold: what `buildLift` makes with `common` of this, it makes
      with `row` of `logit`.}],
      "::mlir::Value", "buildCommonLogit",
      (ins "::mlir::softmax::StatisticBuilder &":$builder,
           "::mlir::Value":$logit, "const ::mlir::softmax::RowValues &":$row),
      /*methodBody=*/"", /*defaultImplementation=*/[{ return logit; }]>,
    InterfaceMethod<[{Row-level values after `pass`, from its reduction.  A sum
      arrives as a `WideValue` (f64, or a pair of f64).}],
      "void", "buildPrepare",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "unsigned":$pass,
           "const ::mlir::softmax::WideValue &":$reduced, "::mlir::softmax::RowValues &":$row)>,
    InterfaceMethod<[{What a part of a row has come to after all passes, as
      values that can be stored and handed on; `row` is what `buildPrepare`
      made of it.  The number of values depends on which passes ran.}],
      "::llvm::SmallVector<::mlir::Value>", "getPartial",
      (ins "const ::mlir::softmax::RowValues &":$row)>,
    InterfaceMethod<[{The values of a part without elements; `probed` says
      whether the passes for row arguments run.}],
      "::llvm::SmallVector<::mlir::Value>", "buildEmptyPartial",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "bool":$probed)>,
    InterfaceMethod<"Row values, prepared as after all passes, from those of `getPartial`.",
      "::mlir::softmax::RowValues", "buildFromPartial",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "::mlir::ValueRange":$partial)>,
    InterfaceMethod<[{The values of two adjacent parts taken together; both are
      prepared, neither is finished.  The order of merging is a matter of bits:
      lowerings merge in index order.}],
      "::mlir::softmax::RowValues", "buildMerge",
      (ins "::mlir::softmax::StatisticBuilder &":$builder,
           "const ::mlir::softmax::RowValues &":$total,
           "const ::mlir::softmax::RowValues &":$part)>,
    InterfaceMethod<[{An i1 that tells the parts that `buildSimpleMerge` takes,
      and so does what it makes of them; null if it takes all.}],
      "::mlir::Value", "buildSimpleCase",
      (ins "::mlir::softmax::StatisticBuilder &":$builder,
           "const ::mlir::softmax::RowValues &":$part),
      /*methodBody=*/"", /*defaultImplementation=*/[{ return nullptr; }]>,
    InterfaceMethod<[{`buildMerge` with less work, of two parts for which
      `buildSimpleCase` holds.}],
      "::mlir::softmax::RowValues", "buildSimpleMerge",
      (ins "::mlir::softmax::StatisticBuilder &":$builder,
           "const ::mlir::softmax::RowValues &":$total,
           "const ::mlir::softmax::RowValues &":$part),
      /*methodBody=*/"", /*defaultImplementation=*/[{
        return $_attr.buildMerge(builder, total, part);
      }]>,
    InterfaceMethod<"Completes the values of a whole row for its arguments and results.",
      "void", "buildFinish",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "::mlir::softmax::RowValues &":$row)>,
    InterfaceMethod<[{The values of `row`, finished, as the results of elements
      of `part` take them: whose lifted values belong to `part`'s own values.}],
      "::mlir::softmax::RowValues", "buildPartView",
      (ins "::mlir::softmax::StatisticBuilder &":$builder,
           "const ::mlir::softmax::RowValues &":$row,
           "const ::mlir::softmax::RowValues &":$part)>,
    InterfaceMethod<[{Conditions (i1), and views under which the results of
      elements of `part`, with the lifted values of `part`, have the bits that
      they have in every schedule: those of `row`, finished, or where
      `resultsNeedPart` says so those of the first of these views that applies.
      The cheapest comes first.}],
      "::llvm::SmallVector<::std::pair<::mlir::Value, ::mlir::softmax::RowValues>>", "buildKeptViews",
      (ins "::mlir::softmax::StatisticBuilder &":$builder,
           "const ::mlir::softmax::RowValues &":$row,
           "const ::mlir::softmax::RowValues &":$part),
      /*methodBody=*/"", /*defaultImplementation=*/[{ return {}; }]>,
    InterfaceMethod<[{Whether the results of elements of a part are those of
      `buildKeptViews`, or `buildPartView` where none applies, in every
      schedule that merges parts.  Else they are those of the row.}],
      "bool", "resultsNeedPart", (ins "::mlir::softmax::StatisticBuilder &":$builder),
      /*methodBody=*/"", /*defaultImplementation=*/[{ return false; }]>,
    InterfaceMethod<"Number of arguments of the row region that the statistic provides.",
      "unsigned", "getNumRowArguments", (ins)>,
    InterfaceMethod<"Their types.",
      "::llvm::SmallVector<::mlir::Type>", "getRowArgumentTypes", (ins "::mlir::Type":$computeType)>,
    InterfaceMethod<"Builds row argument `index` (scalars or a lane per row).",
      "::mlir::Value", "buildRowArgument",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "unsigned":$index,
           "const ::mlir::softmax::RowValues &":$row)>,
    InterfaceMethod<"Number of arguments of the result region that the statistic provides.",
      "unsigned", "getNumResultArguments", (ins)>,
    InterfaceMethod<"Their types.",
      "::llvm::SmallVector<::mlir::Type>", "getResultArgumentTypes", (ins "::mlir::Type":$computeType)>,
    InterfaceMethod<[{Builds result argument `index` of one element.  `lifted`
      is the element's contribution to the last pass if the lowering still has
      it (staged in scratch), else null and it is computed again.}],
      "::mlir::Value", "buildResultArgument",
      (ins "::mlir::softmax::StatisticBuilder &":$builder, "unsigned":$index,
           "::mlir::Value":$logit, "const ::mlir::softmax::LiftedValue &":$lifted,
           "const ::mlir::softmax::RowValues &":$row)>,
    InterfaceMethod<[{Whether result argument `index` is computed from the
      lifted value of the main pass (so that staging it saves work).}],
      "bool", "resultArgumentUsesLifted", (ins "unsigned":$index)>,
    InterfaceMethod<"Whether result argument `index` is computed from the element's logit.",
      "bool", "resultArgumentUsesLogit", (ins "unsigned":$index)>,
    InterfaceMethod<"The pass whose lifted value `buildResultArgument` takes.",
      "unsigned", "getLiftedPass", (ins)>
  ];
}

#endif // SOFTMAX_DIALECT_IR_STATISTICINTERFACE
