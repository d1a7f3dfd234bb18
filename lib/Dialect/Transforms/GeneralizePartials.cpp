// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// stats and merge as softmax.generic. The sum is a row argument of f64:
//
//   stats   max_sumexp<wide_sum = true> of x; yields max, sum
//   merge   M = max of m; then, in f64, the sum of s * (m == M ? 1 : exp(m -
//   M))
//
// The second takes two ops: M is an input of the second one.

#include "GeneralizeOps.h"
#include "GenericForm.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::softmax;

static StatisticAttrInterface getWideStatistic(MLIRContext *context) {
  return cast<StatisticAttrInterface>(
      MaxSumExpAttr::get(context, MaskedRow::Nan, /*wide_sum=*/true));
}

SmallVector<GenericOp> mlir::softmax::generalizeOp(RewriterBase &rewriter,
                                                   StatsOp op) {
  GenericForm form(rewriter, op, op.getDimensions(), op.getIterationRank(),
                   op.getComputeType());
  unsigned input = form.addElementwise(op.getInput());
  for (Value init : op.getInits())
    form.addPerRowInit(init);
  form.create(getWideStatistic(op.getContext()));
  form.beginLogit();
  form.yield(form.element(input));
  form.beginRow();
  form.yield({form.statistic(0, 0), form.statistic(0, 1)});
  return {form.finish()};
}

SmallVector<GenericOp> mlir::softmax::generalizeOp(RewriterBase &rewriter,
                                                   MergeOp op) {
  MLIRContext *context = op.getContext();
  int64_t rank = op.getIterationRank();
  GenericForm largest(rewriter, op, op.getDimensions(), rank,
                      op.getComputeType());
  unsigned parts = largest.addElementwise(op.getMax());
  largest.addPerRowInit(op.getInits()[0]);
  largest.create(cast<StatisticAttrInterface>(MaxSumExpAttr::get(context)));
  largest.beginLogit();
  largest.yield(largest.element(parts));
  largest.beginRow();
  largest.yield(largest.statistic(0, 0));

  bool isTensor = op.getNumResults() != 0;
  rewriter.setInsertionPointAfter(largest.getGeneric());
  Value max = isTensor ? largest.getGeneric()->getResult(0) : op.getInits()[0];
  GenericForm form(rewriter, op, op.getDimensions(), rank,
                   rewriter.getF64Type());
  unsigned ms = form.addElementwise(op.getMax());
  unsigned ss = form.addElementwise(op.getSum());
  unsigned m = form.addPerRow(max);
  form.addPerRowInit(op.getInits()[1]);
  form.create(cast<StatisticAttrInterface>(SumAttr::get(context)));
  form.beginLogit();
  Value part = form.element(ms), row = form.element(m);
  Value weight = form.exp(form.sub(part, row));
  // Of two equal infinities, too (C-INF-4).
  weight = form.select(form.compare(arith::CmpFPredicate::OEQ, part, row),
                       form.constant(1), weight);
  form.yield(form.mul(form.element(ss), weight));
  form.beginRow();
  form.yield(form.statistic(0));

  GenericOp first = largest.getGeneric(), second = form.getGeneric();
  if (isTensor)
    rewriter.replaceOp(op, {first->getResult(0), second->getResult(0)});
  else
    rewriter.eraseOp(op);
  return {first, second};
}
