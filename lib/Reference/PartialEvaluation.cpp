// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// stats and merge from their definition.
#include "Evaluator.h"
#include "RoundingBounds.h"
#include "RowSpace.h"
#include "RowStatistics.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

static constexpr Real infinity = std::numeric_limits<Real>::infinity();

LogicalResult Evaluator::evaluateStats(StatsOp op) {
  if (op->getNumResults() != 2)
    return op->emitError("the reference evaluates operations on tensors only");
  const ReferenceTensor &input = get(op.getInput());
  RowSpace space(input.shape, op.getDimensions());
  SmallVector<ReferenceTensor> results;
  for (auto [i, init] : llvm::enumerate(op.getInits())) {
    if (failed(
            checkShape(*op, i == 0 ? "max" : "sum", init, space.getRowShape())))
      return failure();
    results.push_back(get(init));
    results.back().exact = i == 1;
  }
  FloatKind kind = *getFloatKind(op.getComputeType());
  if (mode == Mode::Values)
    space.forEachRow([&](int64_t row, ArrayRef<int64_t> elements) {
      SmallVector<Scalar> logits;
      for (int64_t element : elements)
        logits.push_back(input.elements[element]);
      MaxSumExpRow statistics(logits, MaskedRow::Nan, kind, accuracy);
      results[0].elements[row] = statistics.getMax();
      results[1].elements[row] = statistics.getSum();
    });
  for (auto [result, value] : llvm::zip_equal(op->getResults(), results))
    set(result, std::move(value));
  return success();
}

LogicalResult Evaluator::evaluateMerge(MergeOp op) {
  if (op->getNumResults() != 2)
    return op->emitError("the reference evaluates operations on tensors only");
  const ReferenceTensor &maxima = get(op.getMax()), &sums = get(op.getSum());
  RowSpace space(maxima.shape, op.getDimensions());
  if (failed(checkShape(*op, "sum of parts", op.getSum(), maxima.shape)))
    return failure();
  SmallVector<ReferenceTensor> results;
  for (auto [i, init] : llvm::enumerate(op.getInits())) {
    if (failed(
            checkShape(*op, i == 0 ? "max" : "sum", init, space.getRowShape())))
      return failure();
    results.push_back(get(init));
    results.back().exact = i == 1;
  }
  if (mode == Mode::Values)
    space.forEachRow([&](int64_t row, ArrayRef<int64_t> elements) {
      Scalar max;
      max.real = -infinity;
      for (int64_t element : elements) {
        const Scalar &part = maxima.elements[element];
        if (part.real > max.real)
          max.real = part.real;
        max.error = std::max(max.error, part.error);
      }
      SmallVector<Scalar> terms;
      for (int64_t element : elements) {
        const Scalar &part = maxima.elements[element];
        const Scalar &sum = sums.elements[element];
        Real distance = part.real == max.real ? 0 : part.real - max.real;
        Real weight = std::exp(distance);
        Scalar term;
        term.real = sum.real * weight;
        // m - M rounded in f64, seen through exp; exp within an ULP, and the
        // product.
        Real relative = 0;
        if (distance != 0 && distance != -infinity)
          relative = std::expm1(halfUnit(FloatKind::F64, distance) +
                                part.error + max.error) +
                     4 * unitRoundoff(FloatKind::F64);
        else if (part.error != 0 || max.error != 0)
          relative = HUGE_VALL;
        if (std::isfinite(term.real))
          term.error = static_cast<double>(
              std::fabs(term.real) * relative + weight * sum.error +
              unitInLastPlace(FloatKind::F64, term.real));
        terms.push_back(term);
      }
      results[0].elements[row] = max;
      results[1].elements[row] = computeSum(terms, FloatKind::F64);
    });
  for (auto [result, value] : llvm::zip_equal(op->getResults(), results))
    set(result, std::move(value));
  return success();
}
