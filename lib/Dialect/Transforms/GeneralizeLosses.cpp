// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// cross_entropy and its gradient as softmax.generic.  For class index t(i):
//
//   xt = sum over j of (j == t ? x : 0)       exact: one term is not zero
//   loss = (m - xt) + log(s),  lse = m + log(s)
//   dx = (exp(x - lse) - (j == t ? high : low)) * dloss
//
// with label_smoothing a over n classes low = a / n, high = (1 - a) + low, and
// a loss of (1 - a) ((m - xt) + log(s)) + a ((m - sum(x) / n) + log(s)), where
// the sum is one of x 2^-40 and cannot overflow.  For
// probabilities t(i, j), with T = sum(t):
//
//   loss = (m * T - sum(t * x)) + T * log(s)
//   dx = (exp(x - lse) - t) * dloss
//
// In strict the loss of a class without smoothing keeps its relative error as
// the label's probability goes to 1: the maximum m' and the sum s' are those of
// the row without its label, and with d = m' - xt and a = exp(-|d|), in f64,
//
//   tail = log1p(d > 0 ? s' - 1 + a : s' a)
//   loss = max(d, 0) + tail,  lse = max(m', xt) + tail
//
// Nothing is read through a label.

#include "GeneralizeOps.h"
#include "GenericForm.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "softmax/Dialect/IR/GenericRegions.h"
#include "softmax/Dialect/Transforms/Generalize.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace {

/// What the two losses share: inputs, labels, the number of classes.
template <typename OpTy>
class LossForm : public GenericForm {
public:
  LossForm(RewriterBase &rewriter, OpTy op)
      : GenericForm(rewriter, op, op.getDimensions(), op.getIterationRank(),
                    op.getComputeType()),
        op(op), smoothing(op.getLabelSmoothing().convertToDouble()),
        hasClasses(op.hasClassLabels()) {
    input = addElementwise(op.getInput());
    labels =
        hasClasses ? addPerRow(op.getLabels()) : addElementwise(op.getLabels());
  }

  bool isSmoothed() const { return smoothing != 0; }
  bool isMaskedZero() { return op.getMaskedRow() == MaskedRow::Zero; }

  /// Adds the number of classes as an input where it is known at run time only
  /// and needed; the last of the inputs.
  void addClasses();
  /// Marks the labels for kernels.
  void markLabels();

  // In regions.

  /// Whether the element is that of the row's class.
  Value isLabel();
  /// The element's target where labels are probabilities.
  Value target();
  /// The number of classes as a float.
  Value countClasses();
  /// Loss and lse of a row.
  std::pair<Value, Value> lossOfRow();
  /// The same where the first statistic leaves the label out.
  std::pair<Value, Value> lossWithoutLabel();
  /// `value`, or what the row has instead: 0 if it is fully masked and asked to
  /// be 0, NaN if its class is none, 0 if it is ignored.
  Value selectForRow(Value value, Value lse);
  /// The same as what is handed on: a factor that is NaN where the row is, and
  /// whether it is 0 whatever the factor (null if it never is).
  std::pair<Value, Value> selectFactor(Value factor, Value lse);

  /// Logits are multiplied by it before they are added up for their mean, which
  /// is finite where their sum may not be. A power of two: nothing is rounded
  /// but what is next to denormal.
  static constexpr double meanScale = 0x1p-40;

  OpTy op;
  double smoothing;
  bool hasClasses;
  unsigned input, labels;

private:
  Value integer(int64_t value, Type type) {
    return arith::ConstantOp::create(rewriter, loc,
                                     IntegerAttr::get(type, value));
  }
  /// The row's class as an i64.
  Value wideLabel();
  /// The number of classes as an i64.
  Value classes();
  Value isMasked(Value lse) {
    return compare(CmpFPredicate::OEQ, lse,
                   MathBuilder::constant(lse.getType(), -INFINITY));
  }
  /// Null if no class is ignored.
  Value isIgnored();
  Value isNoClass();

  std::optional<int64_t> numClasses;
  unsigned classesInput = 0;
};

} // namespace

template <typename OpTy>
void LossForm<OpTy>::addClasses() {
  if (!hasClasses && !isSmoothed())
    return;
  auto type = cast<ShapedType>(op.getInput().getType());
  int64_t product = 1;
  Value dynamic;
  for (int64_t dim : op.getDimensions()) {
    if (!type.isDynamicDim(dim)) {
      product *= type.getDimSize(dim);
      continue;
    }
    Value size = isa<MemRefType>(type)
                     ? memref::DimOp::create(rewriter, loc, op.getInput(), dim)
                           .getResult()
                     : tensor::DimOp::create(rewriter, loc, op.getInput(), dim)
                           .getResult();
    dynamic =
        dynamic ? arith::MulIOp::create(rewriter, loc, dynamic, size) : size;
  }
  if (!dynamic) {
    numClasses = product;
    return;
  }
  if (product != 1)
    dynamic = arith::MulIOp::create(
        rewriter, loc, dynamic,
        arith::ConstantIndexOp::create(rewriter, loc, product));
  classesInput = addScalar(dynamic);
}

template <typename OpTy>
void LossForm<OpTy>::markLabels() {
  if (!hasClasses)
    return;
  NamedAttrList entries;
  entries.set("input", rewriter.getI64IntegerAttr(labels));
  if (IntegerAttr ignored = op.getIgnoreIndexAttr())
    entries.set("ignore", ignored);
  getGeneric()->setDiscardableAttr(
      kLabelsAttrName, entries.getDictionary(rewriter.getContext()));
}

template <typename OpTy>
Value LossForm<OpTy>::isLabel() {
  Value column =
      IndexOp::create(rewriter, loc, rewriter.getIndexType(),
                      rewriter.getI64IntegerAttr(op.getDimensions().front()));
  // In 64 bits: lowerings know how to compare such columns in fewer.
  column =
      arith::IndexCastOp::create(rewriter, loc, rewriter.getI64Type(), column);
  return arith::CmpIOp::create(rewriter, loc, CmpIPredicate::eq, column,
                               wideLabel());
}

template <typename OpTy>
Value LossForm<OpTy>::wideLabel() {
  Value label = argument(labels);
  if (label.getType().isInteger(64))
    return label;
  return arith::ExtSIOp::create(rewriter, loc, rewriter.getI64Type(), label);
}

template <typename OpTy>
Value LossForm<OpTy>::classes() {
  if (numClasses)
    return integer(*numClasses, rewriter.getI64Type());
  return arith::IndexCastOp::create(rewriter, loc, rewriter.getI64Type(),
                                    argument(classesInput));
}

template <typename OpTy>
Value LossForm<OpTy>::countClasses() {
  if (numClasses)
    return constant(static_cast<double>(*numClasses));
  return arith::SIToFPOp::create(rewriter, loc, compute, classes());
}

template <typename OpTy>
Value LossForm<OpTy>::target() {
  Value t = element(labels);
  if (!isSmoothed())
    return t;
  Value low = div(constant(smoothing), countClasses());
  return add(mul(t, constant(1 - smoothing)), low);
}

template <typename OpTy>
Value LossForm<OpTy>::isIgnored() {
  if (!op.getIgnoreIndex())
    return Value();
  Value label = argument(labels);
  return arith::CmpIOp::create(rewriter, loc, CmpIPredicate::eq, label,
                               integer(*op.getIgnoreIndex(), label.getType()));
}

template <typename OpTy>
Value LossForm<OpTy>::isNoClass() {
  // As unsigned numbers negative ones are larger than any.
  return arith::CmpIOp::create(rewriter, loc, CmpIPredicate::uge, wideLabel(),
                               classes());
}

template <typename OpTy>
Value LossForm<OpTy>::selectForRow(Value value, Value lse) {
  // C-INF-1: infinity minus a finite logit is no NaN by itself.
  value = select(compare(CmpFPredicate::OEQ, lse, infinity()), nan(), value);
  if (isMaskedZero())
    value = select(isMasked(lse), zero(), value);
  if (!hasClasses)
    return value;
  value = select(isNoClass(), nan(), value);
  if (Value ignored = isIgnored())
    value = select(ignored, zero(), value);
  return value;
}

template <typename OpTy>
std::pair<Value, Value> LossForm<OpTy>::selectFactor(Value factor, Value lse) {
  Value wrong = compare(CmpFPredicate::OEQ, lse, infinity());
  if (hasClasses)
    wrong = arith::OrIOp::create(rewriter, loc, wrong, isNoClass());
  Value none = isMaskedZero() ? isMasked(lse) : Value();
  if (hasClasses && none) {
    // A class that is none is not forgiven.
    Value fits = arith::XOrIOp::create(rewriter, loc, isNoClass(),
                                       integer(1, rewriter.getI1Type()));
    none = arith::AndIOp::create(rewriter, loc, none, fits);
  }
  if (Value ignored = hasClasses ? isIgnored() : Value())
    none = none ? arith::OrIOp::create(rewriter, loc, none, ignored).getResult()
                : ignored;
  return {select(wrong, nan(), factor), none};
}

template <typename OpTy>
std::pair<Value, Value> LossForm<OpTy>::lossOfRow() {
  Value max = statistic(0, 0), logSum = log(statistic(0, 1));
  Value lse = add(max, logSum);
  if (!hasClasses) {
    Value total = statistic(2);
    return {add(sub(mul(max, total), statistic(1)), mul(total, logSum)), lse};
  }
  Value loss = add(sub(max, statistic(1)), logSum);
  if (isSmoothed()) {
    Value mean =
        mul(div(statistic(2), countClasses()), constant(1 / meanScale));
    Value even = add(sub(max, mean), logSum);
    loss =
        add(mul(constant(1 - smoothing), loss), mul(constant(smoothing), even));
  }
  return {loss, lse};
}

template <typename OpTy>
std::pair<Value, Value> LossForm<OpTy>::lossWithoutLabel() {
  FloatType f64 = rewriter.getF64Type();
  // A class that is none, ignored ones too, left nothing out.
  Value label = select(isNoClass(), constant(-INFINITY), statistic(1));
  Value wideMax = castFloat(statistic(0, 0), f64);
  Value wideSum = castFloat(statistic(0, 1), f64);
  Value wideLabel = castFloat(label, f64);
  Value zero = MathBuilder::constant(f64, 0);
  // Of two equal infinities, too.
  Value same = compare(CmpFPredicate::OEQ, wideMax, wideLabel);
  Value distance = select(same, zero, sub(wideMax, wideLabel));
  Value behind = compare(CmpFPredicate::OGT, distance, zero);
  Value negated = arith::NegFOp::create(rewriter, loc, abs(distance));
  Value weight = exp(negated);
  // What a difference of two f64 rounds away (TwoDiff, Knuth); that of two f32
  // is exact, or so large that it does not matter.
  Value lost;
  if (compute.isF64()) {
    Value back = sub(distance, wideMax);
    lost = sub(sub(wideMax, sub(distance, back)), add(wideLabel, back));
    Value isFinite = compare(CmpFPredicate::OEQ, sub(lost, lost), zero);
    lost = select(isFinite, lost, zero);
    // exp(-|d + lost|)
    Value side =
        select(behind, lost, arith::NegFOp::create(rewriter, loc, lost));
    weight = sub(weight, mul(weight, side));
  }
  Value one = MathBuilder::constant(f64, 1);
  Value tail = math::Log1pOp::create(
      rewriter, loc,
      select(behind, add(sub(wideSum, one), weight), mul(wideSum, weight)));
  Value loss = lost ? add(tail, select(behind, lost, zero)) : tail;
  loss = add(select(behind, distance, zero), loss);
  Value lse = add(select(behind, wideMax, wideLabel), tail);
  // C-INF-2: no difference of infinities says so by itself.
  loss = select(isMasked(lse), MathBuilder::constant(f64, NAN), loss);
  return {castFloat(loss, compute), castFloat(lse, compute)};
}

GenericOp mlir::softmax::generalizeOp(RewriterBase &rewriter, CrossEntropyOp op,
                                      Accuracy accuracy) {
  LossForm<CrossEntropyOp> form(rewriter, op);
  form.addClasses();
  bool withoutLabel =
      accuracy == Accuracy::Strict && form.hasClasses && !form.isSmoothed();
  for (Value init : op.getInits())
    form.addPerRowInit(init);
  MLIRContext *context = op.getContext();
  auto sum = cast<StatisticAttrInterface>(SumAttr::get(context));
  SmallVector<StatisticAttrInterface> statistics = {
      cast<StatisticAttrInterface>(
          MaxSumExpAttr::get(context, op.getMaskedRow())),
      sum};
  if (!form.hasClasses || form.isSmoothed())
    statistics.push_back(sum);
  form.create(statistics);
  form.markLabels();

  form.beginLogit();
  Value x = form.element(form.input);
  if (withoutLabel) {
    Value isLabel = form.isLabel();
    form.yield({form.select(isLabel, form.constant(-INFINITY), x),
                form.select(isLabel, x, form.zero())});
  } else if (form.hasClasses) {
    Value picked = form.select(form.isLabel(), x, form.zero());
    SmallVector<Value> yielded = {x, picked};
    if (form.isSmoothed())
      yielded.push_back(form.mul(x, form.constant(form.meanScale)));
    form.yield(yielded);
  } else {
    // An impossible class may have the logit -inf.
    Value t = form.target();
    Value impossible = form.compare(CmpFPredicate::OEQ, t, form.zero());
    Value term = form.select(impossible, form.zero(), form.mul(t, x));
    form.yield({x, term, t});
  }

  form.beginRow();
  auto [loss, lse] = withoutLabel ? form.lossWithoutLabel() : form.lossOfRow();
  SmallVector<Value> results = {form.selectForRow(loss, lse)};
  if (op.getInits().size() > 1)
    results.push_back(lse);
  form.yield(results);
  return form.finish();
}

GenericOp mlir::softmax::generalizeOp(RewriterBase &rewriter,
                                      CrossEntropyBackwardOp op) {
  LossForm<CrossEntropyBackwardOp> form(rewriter, op);
  unsigned lse = form.addPerRow(op.getLse());
  unsigned gradLoss = form.addPerRow(op.getGradLoss());
  form.addClasses();
  form.addElementwiseInit(op.getInits().front());
  form.create({});
  form.markLabels();

  form.beginRow();
  auto [factor, none] =
      form.selectFactor(form.argument(gradLoss), form.argument(lse));
  SmallVector<Value> handedOn = {factor};
  bool hasTargets = form.hasClasses && form.isSmoothed();
  if (hasTargets) {
    Value low = form.div(form.constant(form.smoothing), form.countClasses());
    handedOn.append({low, form.add(form.constant(1 - form.smoothing), low)});
  }
  if (none)
    handedOn.push_back(none);
  form.yield(handedOn);

  form.beginResult();
  Value x = form.element(form.input);
  Value p = form.exp(form.sub(x, form.argument(lse)));
  Value target;
  if (!form.hasClasses) {
    target = form.target();
  } else {
    Value low = hasTargets ? form.handedOn(1) : form.zero();
    Value high = hasTargets ? form.handedOn(2) : form.constant(1);
    target = form.select(form.isLabel(), high, low);
  }
  Value dx = form.mul(form.sub(p, target), form.handedOn(0));
  if (none)
    dx = form.select(form.handedOn(handedOn.size() - 1), form.zero(), dx);
  form.yieldResult(dx);
  return form.finish();
}
