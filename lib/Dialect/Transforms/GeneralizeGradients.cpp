// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The gradients of the forward ops as softmax.generic:
//
//   softmax_backward       S = sum(dy * y)     dx = scale * (y * (dy - S))
//   log_softmax_backward   S = sum(dy)         dx = scale * (dy - exp(y) * S)
//
// With masked_row = zero a second sum counts the elements that a fully masked
// row has none of (y = 0, or y = -inf), and the row hands on whether it is 0.

#include "GeneralizeOps.h"
#include "GenericForm.h"

using namespace mlir;
using namespace mlir::softmax;

template <typename OpTy>
static GenericOp generalizeBackward(RewriterBase &rewriter, OpTy op) {
  constexpr bool isLog = std::is_same_v<OpTy, LogSoftmaxBackwardOp>;
  GenericForm form(rewriter, op, op.getDimensions(), op.getIterationRank(),
                   op.getComputeType());
  unsigned gradOutput = form.addElementwise(op.getGradOutput());
  unsigned output = form.addElementwise(op.getOutput());
  std::optional<unsigned> scale;
  if (op.getScale())
    scale = form.addScalar(op.getScale());
  form.addElementwiseInit(op.getInits().front());

  bool maskedZero = op.getMaskedRow() == MaskedRow::Zero;
  auto sum = cast<StatisticAttrInterface>(SumAttr::get(rewriter.getContext()));
  SmallVector<StatisticAttrInterface> statistics(maskedZero ? 2 : 1, sum);
  form.create(statistics);

  form.beginLogit();
  Value dy = form.element(gradOutput);
  Value y = isLog && !maskedZero ? Value() : form.element(output);
  SmallVector<Value> logits = {isLog ? dy : form.mul(dy, y)};
  if (maskedZero) {
    // A NaN counts: its row is NaN.
    Value masked = isLog ? form.constant(-INFINITY) : form.zero();
    Value counts = form.compare(arith::CmpFPredicate::UNE, y, masked);
    logits.push_back(form.select(counts, form.constant(1), form.zero()));
  }
  form.yield(logits);

  if (maskedZero) {
    form.beginRow();
    form.yield(form.compare(arith::CmpFPredicate::OEQ, form.statistic(1),
                            form.zero()));
  }

  form.beginResult();
  dy = form.element(gradOutput);
  y = form.element(output);
  Value total = form.statistic(0);
  Value dx = isLog ? form.sub(dy, form.mul(form.exp(y), total))
                   : form.mul(y, form.sub(dy, total));
  if (scale)
    dx = form.mul(form.argument(*scale), dx);
  if (maskedZero)
    dx = form.select(form.handedOn(0), form.zero(), dx);
  form.yieldResult(dx);
  return form.finish();
}

GenericOp mlir::softmax::generalizeOp(RewriterBase &rewriter,
                                      SoftmaxBackwardOp op) {
  return generalizeBackward(rewriter, op);
}

GenericOp mlir::softmax::generalizeOp(RewriterBase &rewriter,
                                      LogSoftmaxBackwardOp op) {
  return generalizeBackward(rewriter, op);
}
