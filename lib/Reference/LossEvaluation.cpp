// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// cross_entropy and its gradient from their definition, with the bounds that
// docs/Numerics.md derives ("Losses").
#include "Evaluator.h"
#include "RoundingBounds.h"
#include "RowSpace.h"
#include "RowStatistics.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

static constexpr Real infinity = std::numeric_limits<Real>::infinity();
static constexpr Real notANumber = std::numeric_limits<Real>::quiet_NaN();

namespace {

/// A value and how far a kernel's may be from it.
struct Bounded {
  Real value = 0, error = 0;
};

/// What decides a row before its numbers do.
enum class Verdict { Counts, Zero, NotANumber };

/// Labels and attributes of either op.
struct Labels {
  template <typename OpTy>
  Labels(OpTy op, const ReferenceTensor &tensor)
      : tensor(tensor), hasClasses(op.hasClassLabels()),
        ignored(op.getIgnoreIndex()), maskedRow(op.getMaskedRow()),
        kind(*getFloatKind(op.getComputeType())),
        smoothing(op.getLabelSmoothing().convertToDouble()) {
    // Kernels round both.
    even = roundTo(kind, smoothing);
    sharp = roundTo(kind, 1 - smoothing);
  }

  /// `lse` is that of the row, `count` its number of classes.
  Verdict judge(int64_t row, Real lse, int64_t count) const {
    if (hasClasses) {
      int64_t label = tensor.elements[row].integer;
      if (ignored && label == *ignored)
        return Verdict::Zero;
      if (label < 0 || label >= count)
        return Verdict::NotANumber;
    }
    if (lse == -infinity)
      return maskedRow == MaskedRow::Zero ? Verdict::Zero : Verdict::NotANumber;
    return std::isnan(lse) || lse == infinity ? Verdict::NotANumber
                                              : Verdict::Counts;
  }

  /// The target of position `position` of row `row`, element `element`.
  Bounded getTarget(int64_t row, int64_t element, int64_t position,
                    int64_t count) const {
    Bounded result;
    if (hasClasses)
      result.value = tensor.elements[row].integer == position ? 1 : 0;
    else
      result = {tensor.elements[element].real, tensor.elements[element].error};
    if (smoothing == 0)
      return result;
    result.value = result.value * sharp + even / count;
    // The count, the quotient, the product, the sum.
    result.error += 4 * unitRoundoff(kind) * std::fabs(result.value) +
                    unitInLastPlace(kind, 0);
    return result;
  }

  const ReferenceTensor &tensor;
  bool hasClasses;
  std::optional<int64_t> ignored;
  MaskedRow maskedRow;
  FloatKind kind;
  Real smoothing, even, sharp;
};

/// The loss of one row.
class LossRow {
public:
  LossRow(const Labels &labels, ArrayRef<Scalar> logits,
          const MaxSumExpRow &statistics, Accuracy accuracy)
      : labels(labels), logits(logits), kind(labels.kind), accuracy(accuracy) {
    bool isFast = accuracy == Accuracy::Fast && kind == FloatKind::F32;
    max = {statistics.getMax().real, statistics.getMax().error};
    logSum.value = std::log(statistics.getSum().real);
    // The sum within 4.31 u, rounded to the compute type; its logarithm within
    // an ULP.
    logSum.error = 6 * unitRoundoff(kind) +
                   unitInLastPlace(kind, logSum.value) + max.error +
                   (isFast ? Real(0x1p-13L) : 0);
  }

  /// (m - x) + log s.
  Bounded getDistance(Bounded x) const {
    Real difference = max.value - x.value;
    Bounded result{difference + logSum.value};
    result.error = x.error + max.error + half(difference, x.error) +
                   logSum.error + half(result.value);
    return result;
  }

  Bounded getClassLoss(int64_t label) const {
    Bounded sharp = getDistance({logits[label].real, logits[label].error});
    sharp.value = getExactLoss(label);
    if (labels.smoothing == 0) {
      // One form for all sizes of the loss (docs/Numerics.md).
      if (accuracy == Accuracy::Strict)
        sharp.error = (kind == FloatKind::F64 ? 8 : 4) *
                          unitInLastPlace(kind, sharp.value) +
                      max.error + logits[label].error;
      return sharp;
    }
    // Kernels add up 2^-40 of each, which does not overflow.
    SmallVector<Scalar> scaled(logits);
    for (Scalar &logit : scaled) {
      logit.real *= 0x1p-40L;
      logit.error =
          logit.error * 0x1p-40 + static_cast<double>(unitInLastPlace(kind, 0));
    }
    Scalar sum = computeSum(scaled, kind);
    Real count = logits.size();
    Bounded mean{sum.real * 0x1p40L / count};
    mean.error = sum.error * 0x1p40L / count + half(mean.value) +
                 unitRoundoff(kind) * std::fabs(mean.value);
    Bounded even = getDistance(mean);
    Bounded result{labels.sharp * sharp.value + labels.even * even.value};
    result.error = labels.sharp * sharp.error + labels.even * even.error +
                   half(labels.sharp * sharp.value) +
                   half(labels.even * even.value) + half(result.value);
    return result;
  }

  Bounded getProbabilityLoss(ArrayRef<Bounded> targets) const {
    SmallVector<Scalar> terms, weights;
    for (auto [t, x] : llvm::zip_equal(targets, logits)) {
      Scalar &weight = weights.emplace_back();
      weight.real = t.value;
      weight.error = static_cast<double>(t.error);
      Scalar &term = terms.emplace_back();
      if (t.value == 0)
        continue;
      term.real = t.value * x.real;
      term.error =
          static_cast<double>(std::fabs(x.real) * t.error +
                              std::fabs(t.value) * x.error + half(term.real));
    }
    Scalar picked = computeSum(terms, kind), total = computeSum(weights, kind);
    Real scaled = max.value * total.real, difference = scaled - picked.real,
         rest = total.real * logSum.value;
    Bounded result{difference + rest};
    result.error =
        std::fabs(max.value) * total.error + std::fabs(total.real) * max.error +
        half(scaled) + picked.error + half(difference, picked.error) +
        total.error * std::fabs(logSum.value) +
        std::fabs(total.real) * logSum.error + half(rest) + half(result.value);
    return result;
  }

private:
  /// Without cancellation: relative to the largest of the other logits.
  Real getExactLoss(int64_t label) const {
    Real other = -infinity, sum = 0, own = logits[label].real;
    for (auto [i, x] : llvm::enumerate(logits))
      if (static_cast<int64_t>(i) != label)
        other = std::max<Real>(other, x.real);
    if (other == -infinity)
      return 0;
    for (auto [i, x] : llvm::enumerate(logits))
      if (static_cast<int64_t>(i) != label)
        sum += std::exp(x.real - other);
    return other > own
               ? (other - own) + std::log1p(sum - 1 + std::exp(own - other))
               : std::log1p(sum * std::exp(other - own));
  }

  Real half(Real value, Real error = 0) const {
    return halfUnit(kind, value, error);
  }

  const Labels &labels;
  ArrayRef<Scalar> logits;
  FloatKind kind;
  Accuracy accuracy;
  Bounded max, logSum;
};

} // namespace

LogicalResult Evaluator::evaluateCrossEntropy(CrossEntropyOp op) {
  if (op->getNumResults() != op.getInits().size())
    return op->emitError("the reference evaluates operations on tensors only");
  const ReferenceTensor &input = get(op.getInput());
  RowSpace space(input.shape, op.getDimensions());
  Labels labels(op, get(op.getLabels()));
  if (failed(checkShape(*op, "labels", op.getLabels(),
                        labels.hasClasses ? space.getRowShape()
                                          : ArrayRef<int64_t>(input.shape))))
    return failure();
  SmallVector<ReferenceTensor> results;
  for (auto [i, init] : llvm::enumerate(op.getInits())) {
    if (failed(checkShape(*op, i == 0 ? "loss" : "lse", init,
                          space.getRowShape())))
      return failure();
    results.push_back(get(init));
    results.back().exact = true;
  }

  if (mode == Mode::Values)
    space.forEachRow([&](int64_t row, ArrayRef<int64_t> elements) {
      SmallVector<Scalar> logits;
      for (int64_t element : elements)
        logits.push_back(input.elements[element]);
      int64_t count = elements.size();
      FloatKind kind = labels.kind;
      MaxSumExpRow statistics(logits, labels.maskedRow, kind, accuracy);
      Scalar lse = statistics.getLogSumExp();
      if (results.size() > 1)
        results[1].elements[row] = lse;
      Scalar &result = results[0].elements[row] = Scalar();
      Verdict verdict = labels.judge(row, lse.real, count);
      if (verdict == Verdict::NotANumber)
        result.real = notANumber;
      if (verdict != Verdict::Counts)
        return;
      LossRow lossRow(labels, logits, statistics, accuracy);
      Bounded loss;
      if (labels.hasClasses) {
        loss = lossRow.getClassLoss(labels.tensor.elements[row].integer);
      } else {
        SmallVector<Bounded> targets;
        for (auto [i, element] : llvm::enumerate(elements))
          targets.push_back(labels.getTarget(row, element, i, count));
        loss = lossRow.getProbabilityLoss(targets);
      }
      result.real = loss.value;
      result.error = storedError(loss.value, loss.error, kind, kind);
    });
  for (auto [result, value] : llvm::zip_equal(op->getResults(), results))
    set(result, std::move(value));
  return success();
}

LogicalResult
Evaluator::evaluateCrossEntropyBackward(CrossEntropyBackwardOp op) {
  if (op->getNumResults() != 1)
    return op->emitError("the reference evaluates operations on tensors only");
  const ReferenceTensor &input = get(op.getInput());
  const ReferenceTensor &lse = get(op.getLse());
  const ReferenceTensor &gradLoss = get(op.getGradLoss());
  RowSpace space(input.shape, op.getDimensions());
  Labels labels(op, get(op.getLabels()));
  Value init = op.getInits().front();
  if (failed(checkShape(*op, "labels", op.getLabels(),
                        labels.hasClasses ? space.getRowShape()
                                          : ArrayRef<int64_t>(input.shape))) ||
      failed(checkShape(*op, "lse", op.getLse(), space.getRowShape())) ||
      failed(checkShape(*op, "grad_loss", op.getGradLoss(),
                        space.getRowShape())) ||
      failed(checkShape(*op, "grad_input", init, input.shape)))
    return failure();
  ReferenceTensor result = get(init);
  result.exact = true;

  FloatKind kind = labels.kind, stored = *getFloatKind(result.elementType);
  if (mode == Mode::Values)
    space.forEachRow([&](int64_t row, ArrayRef<int64_t> elements) {
      int64_t count = elements.size();
      const Scalar &rowLse = lse.elements[row];
      const Scalar &factor = gradLoss.elements[row];
      Verdict verdict = labels.judge(row, rowLse.real, count);
      for (auto [i, element] : llvm::enumerate(elements)) {
        Scalar &target = result.elements[element] = Scalar();
        if (verdict == Verdict::NotANumber)
          target.real = notANumber;
        if (verdict != Verdict::Counts)
          continue;
        const Scalar &x = input.elements[element];
        Bounded t = labels.getTarget(row, element, i, count);
        Real distance = x.real - rowLse.real, p = std::exp(distance);
        Real difference = p - t.value;
        target.real = difference * factor.real;
        // x - lse rounded, seen through exp; exp within an ULP.
        Real off = halfUnit(kind, distance) + x.error + rowLse.error;
        Real error = (distance == -infinity ? 0 : p * std::expm1(off)) +
                     unitInLastPlace(kind, p) + t.error +
                     halfUnit(kind, difference);
        error = error * std::fabs(factor.real) +
                factor.error * std::fabs(difference) +
                halfUnit(kind, target.real);
        error *= 1 + 64 * unitRoundoff(kind);
        target.error = storedError(target.real, error, kind, stored);
      }
    });
  set(op->getResult(0), std::move(result));
  return success();
}
