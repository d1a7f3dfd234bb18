// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// cross_entropy of x with labels t, with respect to x and, where they are
// probabilities, t:
//
//   dx = (exp(x - lse) - target) * dloss + softmax(x) * dlse
//   dt = -(1 - a) * log_softmax(x) * dloss            a: label_smoothing

#include "Adjoints.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpFPredicate;

namespace {

class LossRule {
public:
  LossRule(CrossEntropyOp op, Adjoints &adjoints)
      : op(op), adjoints(adjoints), builder(adjoints.builder),
        loc(adjoints.loc), compute(op.getComputeType()),
        sizes(tensor::getMixedSizes(builder, loc, op.getInput())),
        identity(builder.getMultiDimIdentityMap(op.getIterationRank())),
        rows(op.getOperandMap(op.getInitsMutable()[0])),
        maskedZero(op.getMaskedRow() == MaskedRow::Zero),
        dloss(adjoints.get(op->getResult(0))),
        dlse(op->getNumResults() > 1 ? adjoints.get(op->getResult(1))
                                     : Value()) {}

  void run();

private:
  static Type getElement(Value value) {
    return getElementTypeOrSelf(Adjoints::getType(value.getType()));
  }
  /// The op's own, or the same from the logits.
  Value getLse();
  Value differentiateLogits();
  Value differentiateLse();
  Value differentiateLabels();
  /// `value`, or 0 in a fully masked row that asks for it (C-INF-2).
  Value selectForRow(MathBuilder &math, Value value, Value lse);

  CrossEntropyOp op;
  Adjoints &adjoints;
  OpBuilder &builder;
  Location loc;
  FloatType compute;
  SmallVector<OpFoldResult> sizes;
  AffineMap identity, rows;
  bool maskedZero;
  /// Null where nothing depends on the result.
  Value dloss, dlse;
  Value lse;
};

} // namespace

Value LossRule::getLse() {
  if (op->getNumResults() > 1)
    return op->getResult(1);
  if (!lse) {
    Value init = createEmpty(
        builder, loc, tensor::getMixedSizes(builder, loc, op.getInits()[0]),
        compute);
    lse = LogSumExpOp::create(builder, loc, op.getInput(), init,
                              op.getDimensions())
              ->getResult(0);
  }
  return lse;
}

Value LossRule::selectForRow(MathBuilder &math, Value value, Value rowLse) {
  if (!maskedZero)
    return value;
  Value isMasked = math.compare(CmpFPredicate::OEQ, rowLse,
                                math.constant(compute, -INFINITY));
  return math.select(isMasked, math.constant(compute, 0), value);
}

Value LossRule::differentiateLogits() {
  Value init = createEmpty(builder, loc, sizes, getElement(op.getInput()));
  return CrossEntropyBackwardOp::create(
             builder, loc, op.getInput(), op.getLabels(), getLse(), dloss, init,
             op.getDimensions(), op.getIgnoreIndex(),
             op.getLabelSmoothing().convertToDouble(), op.getMaskedRow())
      ->getResult(0);
}

Value LossRule::differentiateLse() {
  Value p =
      SoftmaxOp::create(builder, loc, op.getInput(),
                        createEmpty(builder, loc, sizes, compute),
                        op.getDimensions(), /*scale=*/Value(),
                        /*bias=*/Value(), /*mask=*/Value(), op.getMaskedRow())
          ->getResult(0);
  Type element = getElement(op.getInput());
  return createElementwise(
      builder, loc, {p, dlse, getLse()}, {identity, rows, rows}, sizes, element,
      [&](MathBuilder &math, ValueRange in) {
        Value product = selectForRow(math, math.mul(in[0], in[1]), in[2]);
        return castFloat(math.b, loc, product, element);
      });
}

Value LossRule::differentiateLabels() {
  Value logits = LogSoftmaxOp::create(builder, loc, op.getInput(),
                                      createEmpty(builder, loc, sizes, compute),
                                      op.getDimensions(), /*scale=*/Value(),
                                      /*bias=*/Value(), /*mask=*/Value(),
                                      op.getMaskedRow())
                     ->getResult(0);
  Type element = getElement(op.getLabels());
  double factor = op.getLabelSmoothing().convertToDouble() - 1;
  return createElementwise(
      builder, loc, {logits, dloss, getLse()}, {identity, rows, rows}, sizes,
      element, [&](MathBuilder &math, ValueRange in) {
        Value slope = math.mul(math.constant(compute, factor), in[0]);
        Value product = selectForRow(math, math.mul(slope, in[1]), in[2]);
        return castFloat(math.b, loc, product, element);
      });
}

void LossRule::run() {
  if (adjoints.isActive(op.getInput())) {
    if (dloss)
      adjoints.add(op.getInput(), differentiateLogits());
    if (dlse)
      adjoints.add(op.getInput(), differentiateLse());
  }
  if (dloss && adjoints.isActive(op.getLabels()))
    adjoints.add(op.getLabels(), differentiateLabels());
}

static LogicalResult differentiateLoss(CrossEntropyOp op, Adjoints &adjoints) {
  LossRule(op, adjoints).run();
  return success();
}

void mlir::softmax::addLossRules(AdjointRules &rules) {
  rules.add<CrossEntropyOp>(differentiateLoss);
}
