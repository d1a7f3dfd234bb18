// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax, log_softmax and logsumexp as softmax.generic.

#include "GeneralizeOps.h"
#include "GenericForm.h"

using namespace mlir;
using namespace mlir::softmax;

/// Map of an operand that broadcasts to `rank` dimensions as in NumPy: aligned
/// at the last one, a static size of 1 repeats. Dynamic sizes are taken to be
/// those of the logits.
static AffineMap getBroadcastMap(ShapedType type, int64_t rank,
                                 MLIRContext *context) {
  SmallVector<AffineExpr> results;
  int64_t offset = rank - type.getRank();
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    if (size == 1)
      results.push_back(getAffineConstantExpr(0, context));
    else
      results.push_back(getAffineDimExpr(offset + i, context));
  }
  return AffineMap::get(rank, /*symbolCount=*/0, results, context);
}

template <typename OpTy>
static GenericOp generalizeForward(RewriterBase &rewriter, OpTy op) {
  constexpr bool hasElementwise = !std::is_same_v<OpTy, LogSumExpOp>;
  MLIRContext *context = op.getContext();
  int64_t rank = op.getIterationRank();
  GenericForm form(rewriter, op, op.getDimensions(), rank, op.getComputeType());
  auto addBroadcast = [&](Value value) {
    return form.addInput(
        value,
        getBroadcastMap(cast<ShapedType>(value.getType()), rank, context));
  };
  unsigned input = form.addElementwise(op.getInput());
  std::optional<unsigned> scale, bias, mask;
  if (op.getScale())
    scale = form.addScalar(op.getScale());
  if (op.getBias())
    bias = addBroadcast(op.getBias());
  if (op.getMask())
    mask = addBroadcast(op.getMask());
  if (hasElementwise)
    form.addElementwiseInit(op.getInits().front());
  bool hasLse = op.getInits().size() > (hasElementwise ? 1 : 0);
  if (hasLse)
    form.addPerRowInit(op.getInits().back());
  form.create(cast<StatisticAttrInterface>(
      MaxSumExpAttr::get(context, op.getMaskedRow())));

  // Cast, scale, bias, mask, in this order (C-TEMP-1, C-MASK-1).
  form.beginLogit();
  Value logit = form.element(input);
  if (scale)
    logit = form.mul(logit, form.argument(*scale));
  if (bias)
    logit = form.add(logit, form.element(*bias));
  if (mask) {
    Value masked = form.constant(-INFINITY);
    logit = form.select(form.argument(*mask), logit, masked);
  }
  form.yield(logit);

  if (hasLse) {
    form.beginRow();
    form.yield(form.add(form.statistic(0, 0), form.log(form.statistic(0, 1))));
  }
  if (hasElementwise) {
    form.beginResult();
    form.yieldResult(
        form.statistic(0, std::is_same_v<OpTy, LogSoftmaxOp> ? 1 : 0));
  }
  return form.finish();
}

GenericOp mlir::softmax::generalizeOp(RewriterBase &rewriter, SoftmaxOp op) {
  return generalizeForward(rewriter, op);
}
GenericOp mlir::softmax::generalizeOp(RewriterBase &rewriter, LogSoftmaxOp op) {
  return generalizeForward(rewriter, op);
}
GenericOp mlir::softmax::generalizeOp(RewriterBase &rewriter, LogSumExpOp op) {
  return generalizeForward(rewriter, op);
}
