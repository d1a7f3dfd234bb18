// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// stats and merge: builders, verification, canonicalization.

#include "OperandRules.h"
#include "StructuredOpCommon.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;
using common::Elements;
using common::Extent;
using common::OperandRule;

/// (m, s) of each row.
template <typename OpTy>
static void addInitRules(OpTy op, SmallVectorImpl<OperandRule> &rules) {
  for (auto [i, init] : llvm::enumerate(op.getInitsMutable()))
    rules.push_back({i == 0 ? "max" : "sum", &init, Extent::PerRow,
                     i == 0 ? Elements::Compute : Elements::F64});
}

static SmallVector<OperandRule> getRules(StatsOp op) {
  SmallVector<OperandRule> rules = {
      {"input", &op.getInputMutable(), Extent::Elementwise, Elements::Float}};
  addInitRules(op, rules);
  return rules;
}

static SmallVector<OperandRule> getRules(MergeOp op) {
  SmallVector<OperandRule> rules = {{"max of parts", &op.getMaxMutable(),
                                     Extent::Elementwise, Elements::Compute},
                                    {"sum of parts", &op.getSumMutable(),
                                     Extent::Elementwise, Elements::F64}};
  addInitRules(op, rules);
  return rules;
}

template <typename OpTy>
static LogicalResult verifyPartial(OpTy op) {
  return common::verifyByRules(op, getRules(op), op.getDimensions(),
                               op.getIterationRank(), op.getComputeType(),
                               /*least=*/2, /*most=*/2,
                               "two destinations (max, sum)");
}

// The destinations do not decide the compute type: s is f64 in any case, and m
// is a logit.
FloatType StatsOp::getComputeType() {
  return inferComputeType(getInput(), getContext());
}
FloatType MergeOp::getComputeType() {
  return inferComputeType(getMax(), getContext());
}

int64_t StatsOp::getIterationRank() {
  return cast<ShapedType>(getInput().getType()).getRank();
}
int64_t MergeOp::getIterationRank() {
  return cast<ShapedType>(getMax().getType()).getRank();
}

void StatsOp::build(OpBuilder &builder, OperationState &state, Value input,
                    Value max, Value sum, ArrayRef<int64_t> dimensions) {
  SmallVector<Value> inits = {max, sum};
  int64_t rank = cast<ShapedType>(input.getType()).getRank();
  build(builder, state, common::getResultTypes(inits),
        builder.getDenseI64ArrayAttr(
            common::normalizeDimensions(dimensions, rank)),
        input, inits);
}

void MergeOp::build(OpBuilder &builder, OperationState &state, Value max,
                    Value sum, Value maxInit, Value sumInit,
                    ArrayRef<int64_t> dimensions) {
  SmallVector<Value> inits = {maxInit, sumInit};
  int64_t rank = cast<ShapedType>(max.getType()).getRank();
  build(builder, state, common::getResultTypes(inits),
        builder.getDenseI64ArrayAttr(
            common::normalizeDimensions(dimensions, rank)),
        max, sum, inits);
}

#define SOFTMAX_PARTIAL_OP(OpTy)                                               \
  AffineMap OpTy::getOperandMap(OpOperand &operand) {                          \
    return common::getMap(getRules(*this), operand, getDimensions(),           \
                          getIterationRank(), getContext());                   \
  }                                                                            \
  LogicalResult OpTy::verify() { return verifyPartial(*this); }                \
  void OpTy::getCanonicalizationPatterns(RewritePatternSet &patterns,          \
                                         MLIRContext *context) {               \
    patterns.add<common::SkipDeadDestination<OpTy>>(context);                  \
  }                                                                            \
  LogicalResult OpTy::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &) {     \
    return common::foldMemRefCasts(*this);                                     \
  }                                                                            \
  SOFTMAX_STRUCTURED_OP_EFFECTS(OpTy)

SOFTMAX_PARTIAL_OP(StatsOp)
SOFTMAX_PARTIAL_OP(MergeOp)

#undef SOFTMAX_PARTIAL_OP
