// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The state of one evaluation, and a function per family of operations.
#ifndef SOFTMAX_LIB_REFERENCE_EVALUATOR_H
#define SOFTMAX_LIB_REFERENCE_EVALUATOR_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Reference/ReferenceTensor.h"

#include <memory>

namespace mlir::softmax::reference {

using TensorPtr = std::shared_ptr<const ReferenceTensor>;

class Evaluator {
public:
  enum class Mode {
    /// Everything.
    Values,
    /// Shapes, and the integers and indices that they are computed from.
    Shapes
  };

  /// `accuracy`: the mode whose bounds results carry.
  Evaluator(Mode mode, Accuracy accuracy) : mode(mode), accuracy(accuracy) {}

  /// `depth` counts calls.
  FailureOr<SmallVector<TensorPtr>>
  call(func::FuncOp function, ArrayRef<TensorPtr> arguments, unsigned depth);

private:
  using Sizes = SmallVector<int64_t>;

  LogicalResult evaluate(Operation &op, unsigned depth);

  // Scalars and element-wise operations on tensors.
  LogicalResult evaluateElementwise(Operation &op);
  // What makes, casts and reshapes tensors.
  FailureOr<bool> evaluateTensorOp(Operation &op);
  LogicalResult reshape(Operation &op, Value source, ArrayRef<int64_t> shape);
  LogicalResult evaluateSlice(tensor::ExtractSliceOp op);
  LogicalResult evaluateInsertSlice(tensor::InsertSliceOp op);
  FailureOr<int64_t> findElement(Operation &op, ArrayRef<int64_t> shape,
                                 ValueRange indices);

  LogicalResult evaluateLinalg(linalg::LinalgOp op);

  // Softmax: the named ops, linalg's, the generic one.
  struct Forward;
  LogicalResult evaluateForward(Operation &op, const Forward &forward);
  template <typename OpTy>
  LogicalResult evaluateNamed(OpTy op, bool isLog);
  LogicalResult evaluateLinalgSoftmax(linalg::SoftmaxOp op);
  template <typename OpTy>
  LogicalResult evaluateBackward(OpTy op);
  LogicalResult evaluateCrossEntropy(CrossEntropyOp op);
  LogicalResult evaluateCrossEntropyBackward(CrossEntropyBackwardOp op);
  LogicalResult evaluateStats(StatsOp op);
  LogicalResult evaluateMerge(MergeOp op);
  LogicalResult evaluateGeneric(GenericOp op);

  const ReferenceTensor &get(Value value) {
    return *values.find(value)->second;
  }
  void set(Value value, ReferenceTensor tensor) {
    values[value] = std::make_shared<const ReferenceTensor>(std::move(tensor));
  }
  /// A tensor of `type`'s elements with every element NaN or 0, or without
  /// elements if only shapes are asked for.  Fails where it is too large.
  FailureOr<ReferenceTensor> create(Operation &op, Type type,
                                    ArrayRef<int64_t> shape);
  /// An index of a mixed static and dynamic list; fails where it is unknown.
  FailureOr<Sizes> resolve(Operation &op, ArrayRef<int64_t> fixed,
                           ValueRange dynamic, bool mayBeNegative = false);
  /// Whether the static sizes of `type` are those of `shape`.
  LogicalResult checkType(Operation &op, Type type, ArrayRef<int64_t> shape);

  /// Whether operand `value`, called `name`, has the sizes `expected`.
  LogicalResult checkShape(Operation &op, StringRef name, Value value,
                           ArrayRef<int64_t> expected);

  Mode mode;
  Accuracy accuracy;
  DenseMap<Value, TensorPtr> values;
};

/// Runs `body` on every iteration vector of `sizes` in row-major order.
template <typename Body>
void forEachIndex(ArrayRef<int64_t> sizes, Body body) {
  for (int64_t size : sizes)
    if (size == 0)
      return;
  SmallVector<int64_t> index(sizes.size(), 0);
  while (true) {
    body(ArrayRef<int64_t>(index));
    size_t i = sizes.size();
    while (i != 0 && ++index[i - 1] == sizes[i - 1])
      index[--i] = 0;
    if (i == 0)
      return;
  }
}

/// Where an affine map leads in a row-major tensor: an affine form of the
/// iteration vector, or the map itself where it is not linear.
class OffsetMap {
public:
  OffsetMap(AffineMap map, ArrayRef<int64_t> shape);
  int64_t operator()(ArrayRef<int64_t> index) const;

private:
  AffineMap map;
  SmallVector<int64_t> strides;
  /// Per dimension of the iteration space, if `linear`.
  SmallVector<int64_t> coefficients;
  bool linear = true;
};

} // namespace mlir::softmax::reference

#endif // SOFTMAX_LIB_REFERENCE_EVALUATOR_H
