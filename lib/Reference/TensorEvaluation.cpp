// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Operations of the tensor dialect: nothing is computed, elements move.
#include "Evaluator.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

static SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

LogicalResult Evaluator::reshape(Operation &op, Value source,
                                 ArrayRef<int64_t> shape) {
  ReferenceTensor tensor = get(source);
  int64_t before = tensor.getNumElements();
  tensor.shape = llvm::to_vector(shape);
  if (tensor.getNumElements() != before)
    return op.emitOpError("reshapes ")
           << before << " elements to "
           << describeTensor(tensor.elementType, shape) << " (C-SHAPE-1)";
  if (failed(checkType(op, op.getResult(0).getType(), shape)))
    return failure();
  set(op.getResult(0), std::move(tensor));
  return success();
}

/// Offsets, sizes and strides must stay inside `shape`.
static LogicalResult checkSlice(Operation &op, ArrayRef<int64_t> shape,
                                ArrayRef<int64_t> offsets,
                                ArrayRef<int64_t> sizes,
                                ArrayRef<int64_t> strides) {
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t last = sizes[i] == 0 ? 0 : offsets[i] + (sizes[i] - 1) * strides[i];
    if (strides[i] <= 0 || offsets[i] > shape[i] ||
        (sizes[i] != 0 && last >= shape[i]))
      return op.emitError("the slice leaves dimension ")
             << i << " of size " << shape[i] << ": offset " << offsets[i]
             << ", size " << sizes[i] << ", stride " << strides[i];
  }
  return success();
}

/// Calls `body` with the position of each element of a slice in row-major
/// order.
template <typename Body>
static void forEachOffset(ArrayRef<int64_t> shape, ArrayRef<int64_t> offsets,
                          ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides,
                          Body body) {
  SmallVector<int64_t> unit = rowMajorStrides(shape);
  forEachIndex(sizes, [&](ArrayRef<int64_t> index) {
    int64_t position = 0;
    for (size_t i = 0; i < index.size(); ++i)
      position += (offsets[i] + index[i] * strides[i]) * unit[i];
    body(position);
  });
}

LogicalResult Evaluator::evaluateSlice(tensor::ExtractSliceOp op) {
  const ReferenceTensor &source = get(op.getSource());
  FailureOr<Sizes> offsets =
      resolve(*op, op.getStaticOffsets(), op.getOffsets());
  FailureOr<Sizes> sizes = resolve(*op, op.getStaticSizes(), op.getSizes());
  FailureOr<Sizes> strides =
      resolve(*op, op.getStaticStrides(), op.getStrides());
  if (failed(offsets) || failed(sizes) || failed(strides) ||
      failed(checkSlice(*op, source.shape, *offsets, *sizes, *strides)))
    return failure();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Sizes shape;
  for (auto [i, size] : llvm::enumerate(*sizes))
    if (!dropped.test(i))
      shape.push_back(size);
  FailureOr<ReferenceTensor> result = create(*op, op.getType(), shape);
  if (failed(result))
    return failure();
  result->exact = source.exact;
  size_t next = 0;
  if (mode == Mode::Values)
    forEachOffset(source.shape, *offsets, *sizes, *strides,
                  [&](int64_t position) {
                    result->elements[next++] = source.elements[position];
                  });
  set(op.getResult(), std::move(*result));
  return success();
}

LogicalResult Evaluator::evaluateInsertSlice(tensor::InsertSliceOp op) {
  const ReferenceTensor &source = get(op.getSource());
  ReferenceTensor result = get(op.getDest());
  FailureOr<Sizes> offsets =
      resolve(*op, op.getStaticOffsets(), op.getOffsets());
  FailureOr<Sizes> sizes = resolve(*op, op.getStaticSizes(), op.getSizes());
  FailureOr<Sizes> strides =
      resolve(*op, op.getStaticStrides(), op.getStrides());
  if (failed(offsets) || failed(sizes) || failed(strides) ||
      failed(checkSlice(*op, result.shape, *offsets, *sizes, *strides)))
    return failure();
  int64_t count = 1;
  for (int64_t size : *sizes)
    count *= size;
  if (count != source.getNumElements())
    return op.emitOpError("inserts ")
           << source.getNumElements() << " elements into a slice of " << count
           << " (C-SHAPE-1)";
  result.exact |= source.exact;
  size_t next = 0;
  if (mode == Mode::Values)
    forEachOffset(result.shape, *offsets, *sizes, *strides,
                  [&](int64_t position) {
                    result.elements[position] = source.elements[next++];
                  });
  set(op.getResult(), std::move(result));
  return success();
}

/// Row-major position of the element that `indices` name.
FailureOr<int64_t> Evaluator::findElement(Operation &op,
                                          ArrayRef<int64_t> shape,
                                          ValueRange indices) {
  Sizes unknown(shape.size(), ShapedType::kDynamic);
  FailureOr<Sizes> index = resolve(op, unknown, indices);
  if (failed(index))
    return failure();
  int64_t position = 0;
  for (auto [i, stride] : llvm::enumerate(rowMajorStrides(shape))) {
    if ((*index)[i] >= shape[i])
      return op.emitError("index ")
             << (*index)[i] << " is out of range for dimension " << i
             << " of size " << shape[i];
    position += (*index)[i] * stride;
  }
  return position;
}

/// True if `op` was one of these, false if it is another operation.
FailureOr<bool> Evaluator::evaluateTensorOp(Operation &op) {
  auto done = [](LogicalResult result) -> FailureOr<bool> {
    if (failed(result))
      return failure();
    return true;
  };
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    FailureOr<Sizes> shape =
        resolve(op, empty.getType().getShape(), empty.getDynamicSizes());
    if (failed(shape))
      return failure();
    FailureOr<ReferenceTensor> tensor = create(op, empty.getType(), *shape);
    if (failed(tensor))
      return failure();
    set(empty.getResult(), std::move(*tensor));
    return true;
  }
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    const ReferenceTensor &source = get(dim.getSource());
    const ReferenceTensor &index = get(dim.getIndex());
    if (!index.hasElements())
      return op.emitError("the dimension depends on the elements of a tensor");
    int64_t position = index.elements[0].integer;
    if (position < 0 || position >= static_cast<int64_t>(source.shape.size()))
      return op.emitOpError("dimension ")
             << position << " is out of range for rank " << source.shape.size();
    ReferenceTensor result{dim.getType(), {}};
    result.elements.resize(1);
    result.elements[0].integer = source.shape[position];
    set(dim.getResult(), std::move(result));
    return true;
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    ReferenceTensor source = get(cast.getSource());
    if (!isa<RankedTensorType>(cast.getType()))
      return op.emitError("the reference takes ranked tensors only");
    return done(reshape(op, cast.getSource(), source.shape));
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    FailureOr<Sizes> shape =
        resolve(op, expand.getStaticOutputShape(), expand.getOutputShape());
    if (failed(shape))
      return failure();
    return done(reshape(op, expand.getSrc(), *shape));
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    ArrayRef<int64_t> source = get(collapse.getSrc()).shape;
    Sizes shape;
    for (const ReassociationIndices &group :
         collapse.getReassociationIndices()) {
      int64_t size = 1;
      for (int64_t dim : group)
        size *= source[dim];
      shape.push_back(size);
    }
    return done(reshape(op, collapse.getSrc(), shape));
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return done(evaluateSlice(slice));
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return done(evaluateInsertSlice(insert));
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    const ReferenceTensor &source = get(extract.getTensor());
    ReferenceTensor result{extract.getType(), {}, source.exact};
    if (source.hasElements()) {
      FailureOr<int64_t> position =
          findElement(op, source.shape, extract.getIndices());
      if (failed(position))
        return failure();
      result.elements.push_back(source.elements[*position]);
    }
    set(extract.getResult(), std::move(result));
    return true;
  }
  if (auto insert = dyn_cast<tensor::InsertOp>(op)) {
    ReferenceTensor result = get(insert.getDest());
    const ReferenceTensor &value = get(insert.getScalar());
    result.exact |= value.exact;
    if (mode == Mode::Values) {
      FailureOr<int64_t> position =
          findElement(op, result.shape, insert.getIndices());
      if (failed(position))
        return failure();
      result.elements[*position] = value.elements[0];
    }
    set(insert.getResult(), std::move(result));
    return true;
  }
  if (auto elements = dyn_cast<tensor::FromElementsOp>(op)) {
    ReferenceTensor result{elements.getType().getElementType(),
                           llvm::to_vector(elements.getType().getShape())};
    bool known = true;
    for (Value value : elements.getElements()) {
      const ReferenceTensor &element = get(value);
      known &= element.hasElements();
      result.exact |= element.exact;
      if (known)
        result.elements.push_back(element.elements[0]);
    }
    if (!known)
      result.elements.clear();
    set(elements.getResult(), std::move(result));
    return true;
  }
  if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    FailureOr<Sizes> shape =
        resolve(op, splat.getType().getShape(), splat.getDynamicSizes());
    if (failed(shape))
      return failure();
    FailureOr<ReferenceTensor> tensor = create(op, splat.getType(), *shape);
    if (failed(tensor))
      return failure();
    const ReferenceTensor &value = get(splat.getInput());
    tensor->exact = value.exact;
    if (mode == Mode::Values)
      tensor->elements.assign(tensor->getNumElements(), value.elements[0]);
    set(splat.getAggregate(), std::move(*tensor));
    return true;
  }
  return false;
}
