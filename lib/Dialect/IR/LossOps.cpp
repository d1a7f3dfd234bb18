// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// cross_entropy and its gradient: builders, verification, canonicalization.

#include "NamedOpPatterns.h"
#include "OperandRules.h"
#include "StructuredOpCommon.h"

using namespace mlir;
using namespace mlir::softmax;
using common::Elements;
using common::Extent;
using common::OperandRule;

//===----------------------------------------------------------------------===//
// What the two share
//===----------------------------------------------------------------------===//

template <typename OpTy>
static OperandRule getLabelsRule(OpTy op) {
  // What is neither floats nor integers is told what labels may be.
  Type element = getElementTypeOrSelf(op.getLabels().getType());
  bool perLogit = isa<FloatType>(element);
  return {"labels", &op.getLabelsMutable(),
          perLogit ? Extent::Elementwise : Extent::PerRow,
          perLogit ? Elements::Float : Elements::Class};
}

static SmallVector<OperandRule> getRules(CrossEntropyOp op) {
  SmallVector<OperandRule> rules = {
      {"input", &op.getInputMutable(), Extent::Elementwise, Elements::Float},
      getLabelsRule(op)};
  for (auto [i, init] : llvm::enumerate(op.getInitsMutable()))
    rules.push_back(
        {i == 0 ? "loss" : "lse", &init, Extent::PerRow, Elements::Compute});
  return rules;
}

static SmallVector<OperandRule> getRules(CrossEntropyBackwardOp op) {
  SmallVector<OperandRule> rules = {
      {"input", &op.getInputMutable(), Extent::Elementwise, Elements::Float},
      getLabelsRule(op),
      {"lse", &op.getLseMutable(), Extent::PerRow, Elements::Compute},
      {"grad_loss", &op.getGradLossMutable(), Extent::PerRow,
       Elements::Compute}};
  for (OpOperand &init : op.getInitsMutable())
    rules.push_back(
        {"grad_input", &init, Extent::Elementwise, Elements::Float});
  return rules;
}

template <typename OpTy>
static LogicalResult verifyLabels(OpTy op) {
  std::optional<int64_t> ignored = op.getIgnoreIndex();
  double smoothing = op.getLabelSmoothing().convertToDouble();
  if (!(smoothing >= 0 && smoothing <= 1))
    return op.emitOpError("label_smoothing must be in [0, 1], not ")
           << op.getLabelSmoothingAttr();
  if (!op.hasClassLabels()) {
    if (ignored)
      return op.emitOpError(
          "ignore_index goes with labels that are class indices, not with "
          "probabilities; leave it out");
    return success();
  }
  if (op.getDimensions().size() != 1)
    return op.emitOpError("labels that are class indices pick along one "
                          "softmax dimension, but there are ")
           << op.getDimensions().size()
           << "; collapse them into one, or give probabilities";
  bool narrow = getElementTypeOrSelf(op.getLabels()).isInteger(32);
  if (narrow && ignored && !llvm::isInt<32>(*ignored))
    return op.emitOpError("ignore_index ")
           << *ignored << " is no value of labels of i32";
  int64_t classes = cast<ShapedType>(op.getInput().getType())
                        .getDimSize(op.getDimensions().front());
  if (narrow && !ShapedType::isDynamic(classes) && !llvm::isInt<32>(classes))
    return op.emitOpError("has ")
           << classes << " classes, more than labels of i32 can name; use i64";
  return success();
}

template <typename OpTy>
static LogicalResult verifyLoss(OpTy op, unsigned mostInits, StringRef inits) {
  if (failed(common::verifyByRules(op, getRules(op), op.getDimensions(),
                                   op.getIterationRank(), op.getComputeType(),
                                   /*least=*/1, mostInits, inits)))
    return failure();
  return verifyLabels(op);
}

//===----------------------------------------------------------------------===//
// Canonicalization
//===----------------------------------------------------------------------===//

namespace {
/// On tensors: an lse that nothing uses is not computed.
struct DropUnusedLse : public OpRewritePattern<CrossEntropyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CrossEntropyOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumResults() != 2 || !op.getResult(1).use_empty())
      return rewriter.notifyMatchFailure(op, "has no unused lse");
    // The loss keeps the compute type.
    auto smaller = CrossEntropyOp::create(
        rewriter, op.getLoc(), TypeRange(op.getResult(0).getType()),
        op.getDimensionsAttr(), op.getInput(), op.getLabels(),
        op.getInits().take_front(), op.getIgnoreIndexAttr(),
        op.getLabelSmoothingAttr(), op.getMaskedRowAttr());
    smaller->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceAllUsesWith(op.getResult(0), smaller.getResult(0));
    rewriter.eraseOp(op);
    return success();
  }
};

/// On tensors: where only the lse is used, the op is a logsumexp.
struct OnlyLse : public OpRewritePattern<CrossEntropyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CrossEntropyOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumResults() != 2 || !op.getResult(0).use_empty() ||
        op.getResult(1).use_empty())
      return rewriter.notifyMatchFailure(op, "not only the lse is used");
    // The lse keeps the compute type.
    auto lse = LogSumExpOp::create(
        rewriter, op.getLoc(), TypeRange(op.getResult(1).getType()),
        op.getDimensionsAttr(), op.getInput(), /*scale=*/Value(),
        /*bias=*/Value(), /*mask=*/Value(), op.getInits().drop_front(),
        op.getMaskedRowAttr());
    lse->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceAllUsesWith(op.getResult(1), lse.getResult(0));
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void CrossEntropyOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                 MLIRContext *context) {
  patterns
      .add<DropUnusedLse, OnlyLse, common::SkipDeadDestination<CrossEntropyOp>>(
          context);
}

void CrossEntropyBackwardOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<common::SkipDeadDestination<CrossEntropyBackwardOp>>(context);
}

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

static IntegerAttr getIgnoreIndexAttr(OpBuilder &builder,
                                      std::optional<int64_t> ignoreIndex) {
  return ignoreIndex ? builder.getI64IntegerAttr(*ignoreIndex) : IntegerAttr();
}

static DenseI64ArrayAttr getDimensionsAttr(OpBuilder &builder, Value input,
                                           ArrayRef<int64_t> dimensions) {
  int64_t rank = cast<ShapedType>(input.getType()).getRank();
  return builder.getDenseI64ArrayAttr(
      common::normalizeDimensions(dimensions, rank));
}

void CrossEntropyOp::build(OpBuilder &builder, OperationState &state,
                           Value input, Value labels, ValueRange inits,
                           ArrayRef<int64_t> dimensions,
                           std::optional<int64_t> ignoreIndex,
                           double labelSmoothing, MaskedRow maskedRow) {
  build(builder, state, common::getResultTypes(inits),
        ::getDimensionsAttr(builder, input, dimensions), input, labels, inits,
        ::getIgnoreIndexAttr(builder, ignoreIndex),
        builder.getF64FloatAttr(labelSmoothing),
        MaskedRowAttr::get(builder.getContext(), maskedRow));
}

void CrossEntropyBackwardOp::build(OpBuilder &builder, OperationState &state,
                                   Value input, Value labels, Value lse,
                                   Value gradLoss, Value init,
                                   ArrayRef<int64_t> dimensions,
                                   std::optional<int64_t> ignoreIndex,
                                   double labelSmoothing, MaskedRow maskedRow) {
  build(builder, state, common::getResultTypes(init),
        ::getDimensionsAttr(builder, input, dimensions), input, labels, lse,
        gradLoss, init, ::getIgnoreIndexAttr(builder, ignoreIndex),
        builder.getF64FloatAttr(labelSmoothing),
        MaskedRowAttr::get(builder.getContext(), maskedRow));
}

LogicalResult CrossEntropyOp::verify() {
  return verifyLoss(*this, /*mostInits=*/2,
                    "one or two destinations (loss, lse)");
}

LogicalResult CrossEntropyBackwardOp::verify() {
  return verifyLoss(*this, /*mostInits=*/1, "one destination (grad_input)");
}

#define SOFTMAX_LOSS_OP(OpTy)                                                  \
  int64_t OpTy::getIterationRank() {                                           \
    return cast<ShapedType>(getInput().getType()).getRank();                   \
  }                                                                            \
  AffineMap OpTy::getOperandMap(OpOperand &operand) {                          \
    return common::getMap(getRules(*this), operand, getDimensions(),           \
                          getIterationRank(), getContext());                   \
  }                                                                            \
  LogicalResult OpTy::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &) {     \
    return common::foldMemRefCasts(*this);                                     \
  }                                                                            \
  SOFTMAX_STRUCTURED_OP_METHODS(OpTy)

SOFTMAX_LOSS_OP(CrossEntropyOp)
SOFTMAX_LOSS_OP(CrossEntropyBackwardOp)

#undef SOFTMAX_LOSS_OP
