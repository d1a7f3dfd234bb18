// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The named forward ops and linalg.softmax, straight from their definition and
// not through softmax.generic: a mistake in generalization shows.
#include "Evaluator.h"
#include "RowStatistics.h"
#include "ScalarProgram.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

/// What the named ops and linalg.softmax have in common.
struct Evaluator::Forward {
  ArrayRef<int64_t> dimensions;
  Value input, scale, bias, mask;
  /// Null where the op has none.
  Value elementwise, perRow;
  bool isLog = false;
  MaskedRow maskedRow = MaskedRow::Nan;
  FloatKind computeKind = FloatKind::F32;
};

/// The offset in `operand` of an element of the logits, broadcast as in NumPy.
static OffsetMap broadcastOffsets(const ReferenceTensor &operand, int64_t rank,
                                  MLIRContext *context) {
  SmallVector<AffineExpr> exprs;
  int64_t missing = rank - operand.shape.size();
  for (auto [i, size] : llvm::enumerate(operand.shape))
    exprs.push_back(size == 1 ? getAffineConstantExpr(0, context)
                              : getAffineDimExpr(i + missing, context));
  return OffsetMap(AffineMap::get(rank, 0, exprs, context), operand.shape);
}

static LogicalResult checkBroadcast(Operation &op, StringRef name,
                                    const ReferenceTensor &operand,
                                    ArrayRef<int64_t> shape) {
  size_t missing = shape.size() - operand.shape.size();
  for (auto [i, size] : llvm::enumerate(operand.shape))
    if (size != 1 && size != shape[i + missing])
      return op.emitOpError(name) << " has size " << size << " in dimension "
                                  << i << ", which does not broadcast to "
                                  << shape[i + missing] << " (C-SHAPE-1)";
  return success();
}

LogicalResult Evaluator::evaluateForward(Operation &op,
                                         const Forward &forward) {
  const ReferenceTensor &input = get(forward.input);
  ArrayRef<int64_t> shape = input.shape;
  int64_t rank = shape.size();
  Sizes parallelDims, parallelSizes, reducedSizes;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (llvm::is_contained(forward.dimensions, dim)) {
      reducedSizes.push_back(shape[dim]);
      continue;
    }
    parallelDims.push_back(dim);
    parallelSizes.push_back(shape[dim]);
  }
  for (auto [name, value] :
       {std::pair("bias", forward.bias), std::pair("mask", forward.mask)})
    if (value && failed(checkBroadcast(op, name, get(value), shape)))
      return failure();
  auto checkInit = [&](StringRef name, Value init,
                       ArrayRef<int64_t> expected) -> LogicalResult {
    if (!init || ArrayRef<int64_t>(get(init).shape) == expected)
      return success();
    const ReferenceTensor &tensor = get(init);
    return op.emitOpError(name)
           << " has sizes " << describeTensor(tensor.elementType, tensor.shape)
           << " where " << describeTensor(tensor.elementType, expected)
           << " is needed (C-SHAPE-1)";
  };
  if (failed(checkInit("result", forward.elementwise, shape)) ||
      failed(checkInit("lse", forward.perRow, parallelSizes)))
    return failure();

  ReferenceTensor elementwise, perRow;
  auto start = [&](Value init, ReferenceTensor &tensor) {
    if (init)
      tensor = get(init);
    tensor.exact = true;
  };
  start(forward.elementwise, elementwise);
  start(forward.perRow, perRow);
  if (mode == Mode::Values) {
    // scale, then bias, then mask (C-TEMP-1, C-MASK-1), each rounded.
    FloatKind kind = forward.computeKind;
    bool exact = input.exact;
    ScalarOperation multiply = ScalarOperation::make(
        "arith.mulf", kind, exact |= forward.scale && get(forward.scale).exact);
    ScalarOperation add = ScalarOperation::make(
        "arith.addf", kind, exact |= forward.bias && get(forward.bias).exact);
    std::optional<OffsetMap> biasOffsets, maskOffsets;
    if (forward.bias)
      biasOffsets = broadcastOffsets(get(forward.bias), rank, op.getContext());
    if (forward.mask)
      maskOffsets = broadcastOffsets(get(forward.mask), rank, op.getContext());
    OffsetMap offsets(AffineMap::getMultiDimIdentityMap(rank, op.getContext()),
                      shape);

    Sizes index(rank, 0);
    auto forEachElement = [&](auto body) {
      forEachIndex(reducedSizes, [&](ArrayRef<int64_t> reduced) {
        for (auto [dim, position] :
             llvm::zip_equal(forward.dimensions, reduced))
          index[dim] = position;
        body();
      });
    };
    SmallVector<Scalar> logits;
    int64_t row = 0;
    forEachIndex(parallelSizes, [&](ArrayRef<int64_t> parallel) {
      for (auto [dim, position] : llvm::zip_equal(parallelDims, parallel))
        index[dim] = position;
      logits.clear();
      forEachElement([&]() {
        Scalar logit = input.elements[offsets(index)];
        if (forward.scale)
          logit = multiply({logit, get(forward.scale).elements[0]});
        if (forward.bias)
          logit =
              add({logit, get(forward.bias).elements[(*biasOffsets)(index)]});
        if (forward.mask) {
          const Scalar &keep =
              get(forward.mask).elements[(*maskOffsets)(index)];
          if (!keep.integer) {
            logit = Scalar();
            logit.real = -std::numeric_limits<Real>::infinity();
          }
          if (keep.error != 0)
            logit.error = HUGE_VAL;
        }
        logits.push_back(logit);
      });

      MaxSumExpRow statistics(logits, forward.maskedRow, kind, accuracy);
      if (forward.perRow) {
        Scalar &lse = perRow.elements[row++];
        lse = statistics.getLogSumExp();
        lse.error = statistics.getLogSumExpBound(
            *getFloatKind(perRow.elementType), lse.real);
      }
      if (!forward.elementwise)
        return;
      FloatKind resultKind = *getFloatKind(elementwise.elementType);
      size_t next = 0;
      forEachElement([&]() {
        const Scalar &logit = logits[next++];
        Scalar &result = elementwise.elements[offsets(index)];
        if (forward.isLog) {
          result = statistics.getLogProbability(logit);
          result.error =
              statistics.getLogProbabilityBound(logit, resultKind, result.real);
          return;
        }
        result = statistics.getProbability(logit);
        result.error =
            statistics.getProbabilityBound(logit, resultKind, result.real);
      });
    });
  }
  unsigned next = 0;
  if (forward.elementwise)
    set(op.getResult(next++), std::move(elementwise));
  if (forward.perRow)
    set(op.getResult(next), std::move(perRow));
  return success();
}

template <typename OpTy>
LogicalResult Evaluator::evaluateNamed(OpTy op, bool isLog) {
  if (op->getNumResults() != op.getInits().size())
    return op->emitError("the reference evaluates operations on tensors only");
  Forward forward;
  forward.dimensions = op.getDimensions();
  forward.input = op.getInput();
  forward.scale = op.getScale();
  forward.bias = op.getBias();
  forward.mask = op.getMask();
  forward.isLog = isLog;
  forward.maskedRow = op.getMaskedRow();
  forward.computeKind = *getFloatKind(op.getComputeType());
  SmallVector<Value> inits(op.getInits());
  if (isa<LogSumExpOp>(op.getOperation())) {
    forward.perRow = inits[0];
    return evaluateForward(*op, forward);
  }
  forward.elementwise = inits[0];
  if (inits.size() > 1)
    forward.perRow = inits[1];
  return evaluateForward(*op, forward);
}

template LogicalResult Evaluator::evaluateNamed(softmax::SoftmaxOp, bool);
template LogicalResult Evaluator::evaluateNamed(LogSoftmaxOp, bool);
template LogicalResult Evaluator::evaluateNamed(LogSumExpOp, bool);

LogicalResult Evaluator::evaluateLinalgSoftmax(linalg::SoftmaxOp op) {
  std::optional<FloatKind> inputKind =
      getFloatKind(op.getInput().getType().getElementType());
  std::optional<FloatKind> resultKind =
      getFloatKind(op.getOutput().getType().getElementType());
  if (op->getNumResults() != 1 || !inputKind || !resultKind)
    return op.emitError("the reference evaluates linalg.softmax on tensors of "
                        "f16, bf16, f32 or f64");
  int64_t dimension = op.getDimension();
  Forward forward;
  forward.dimensions = dimension;
  forward.input = op.getInput();
  forward.elementwise = op.getOutput();
  if (inputKind == FloatKind::F64 || resultKind == FloatKind::F64)
    forward.computeKind = FloatKind::F64;
  return evaluateForward(*op, forward);
}
