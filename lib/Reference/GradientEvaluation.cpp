// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The gradients of softmax and log_softmax from their definition, with the
// bounds that docs/Numerics.md derives ("Gradients").
#include "Evaluator.h"
#include "RoundingBounds.h"
#include "RowSpace.h"
#include "RowStatistics.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

LogicalResult Evaluator::checkShape(Operation &op, StringRef name, Value value,
                                    ArrayRef<int64_t> expected) {
  const ReferenceTensor &tensor = get(value);
  if (ArrayRef<int64_t>(tensor.shape) == expected)
    return success();
  return op.emitOpError(name)
         << " has sizes " << describeTensor(tensor.elementType, tensor.shape)
         << " where " << describeTensor(tensor.elementType, expected)
         << " is needed (C-SHAPE-1)";
}

namespace {
/// A row of dy and y, and what its gradient is made of.
struct BackwardRow {
  ArrayRef<Scalar> dy, y;
  bool isLog;
  FloatKind kind;
  std::optional<Scalar> scale;
  /// S, and how far a kernel's may be from it.
  Real sum = 0, sumError = 0;

  /// dx of element `i` and its error in the compute type.
  std::pair<Real, Real> getElement(size_t i) const;
};
} // namespace

std::pair<Real, Real> BackwardRow::getElement(size_t i) const {
  auto halfUnit = [&](Real value) {
    return reference::halfUnit(kind, value, sumError);
  };
  Real factor = y[i].real, dx, error;
  if (isLog) {
    factor = std::exp(y[i].real);
    Real product = factor * sum;
    dx = dy[i].real - product;
    // exp within an ULP, the error of S, the product and the difference
    // rounded; then what y and dy are themselves off by.
    error = (unitInLastPlace(kind, factor) + factor * std::expm1(y[i].error)) *
                std::fabs(sum) +
            factor * sumError + halfUnit(product) + halfUnit(dx) + dy[i].error;
  } else {
    Real difference = dy[i].real - sum;
    dx = factor * difference;
    error =
        std::fabs(factor) * (sumError + halfUnit(difference) + dy[i].error) +
        y[i].error * std::fabs(difference) + halfUnit(dx);
  }
  if (scale) {
    error = error * std::fabs(scale->real) + scale->error * std::fabs(dx) +
            halfUnit(dx * scale->real);
    dx *= scale->real;
  }
  // Terms of the second order.
  return {dx, error * (1 + 64 * unitRoundoff(kind))};
}

template <typename OpTy>
LogicalResult Evaluator::evaluateBackward(OpTy op) {
  if (op->getNumResults() != 1)
    return op->emitError("the reference evaluates operations on tensors only");
  const ReferenceTensor &gradOutput = get(op.getGradOutput());
  const ReferenceTensor &output = get(op.getOutput());
  Value init = op.getInits().front();
  if (failed(checkShape(*op, "output", op.getOutput(), gradOutput.shape)) ||
      failed(checkShape(*op, "grad_input", init, gradOutput.shape)))
    return failure();
  ReferenceTensor result = get(init);
  result.exact = true;
  if (mode == Mode::Shapes) {
    set(op->getResult(0), std::move(result));
    return success();
  }

  constexpr bool isLog = std::is_same_v<OpTy, LogSoftmaxBackwardOp>;
  FloatKind kind = *getFloatKind(op.getComputeType());
  FloatKind stored = *getFloatKind(result.elementType);
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  Real masked = isLog ? -infinity : Real(0);
  SmallVector<Scalar> dy, y, terms;
  RowSpace(gradOutput.shape, op.getDimensions())
      .forEachRow([&](int64_t, ArrayRef<int64_t> elements) {
        dy.clear();
        y.clear();
        terms.clear();
        bool allMasked = true;
        for (int64_t element : elements) {
          dy.push_back(gradOutput.elements[element]);
          y.push_back(output.elements[element]);
          allMasked &= y.back().real == masked;
          Scalar &term = terms.emplace_back(dy.back());
          if (isLog)
            continue;
          term.real = dy.back().real * y.back().real;
          term.error = std::fabs(dy.back().real) * y.back().error +
                       std::fabs(y.back().real) * dy.back().error +
                       unitInLastPlace(kind, term.real) / 2;
        }
        if (allMasked && op.getMaskedRow() == MaskedRow::Zero) {
          for (int64_t element : elements)
            result.elements[element] = Scalar();
          return;
        }
        BackwardRow row{dy, y, isLog, kind, std::nullopt};
        if (op.getScale())
          row.scale = get(op.getScale()).elements[0];
        Scalar sum = computeSum(terms, kind);
        row.sum = sum.real;
        row.sumError = sum.error;
        for (auto [i, element] : llvm::enumerate(elements)) {
          auto [dx, error] = row.getElement(i);
          Scalar &target = result.elements[element];
          target.real = dx;
          target.error = storedError(dx, error, kind, stored);
        }
      });
  set(op->getResult(0), std::move(result));
  return success();
}

template LogicalResult Evaluator::evaluateBackward(SoftmaxBackwardOp);
template LogicalResult Evaluator::evaluateBackward(LogSoftmaxBackwardOp);
