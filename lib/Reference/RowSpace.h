// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The rows of a shape and the elements of a row.
#ifndef SOFTMAX_LIB_REFERENCE_ROWSPACE_H
#define SOFTMAX_LIB_REFERENCE_ROWSPACE_H

#include "Evaluator.h"

namespace mlir::softmax::reference {

class RowSpace {
public:
  RowSpace(ArrayRef<int64_t> shape, ArrayRef<int64_t> dimensions)
      : dimensions(dimensions) {
    strides.assign(shape.size(), 1);
    for (size_t i = shape.size(); i > 1; --i)
      strides[i - 2] = strides[i - 1] * shape[i - 1];
    for (auto [dim, size] : llvm::enumerate(shape)) {
      bool reduced = llvm::is_contained(dimensions, static_cast<int64_t>(dim));
      (reduced ? reducedSizes : parallelSizes).push_back(size);
      if (!reduced)
        parallelDims.push_back(dim);
    }
  }

  /// Sizes of a tensor with an element per row.
  ArrayRef<int64_t> getRowShape() const { return parallelSizes; }

  /// Runs `body(row, elements)` for every row in row-major order: its number,
  /// and where its elements lie in a row-major tensor.
  template <typename Body>
  void forEachRow(Body body) const {
    SmallVector<int64_t> elements;
    int64_t row = 0;
    forEachIndex(parallelSizes, [&](ArrayRef<int64_t> parallel) {
      int64_t start = getOffset(parallelDims, parallel);
      elements.clear();
      forEachIndex(reducedSizes, [&](ArrayRef<int64_t> reduced) {
        elements.push_back(start + getOffset(dimensions, reduced));
      });
      body(row++, ArrayRef<int64_t>(elements));
    });
  }

private:
  int64_t getOffset(ArrayRef<int64_t> dims, ArrayRef<int64_t> index) const {
    int64_t offset = 0;
    for (auto [dim, position] : llvm::zip_equal(dims, index))
      offset += strides[dim] * position;
    return offset;
  }

  SmallVector<int64_t> dimensions, strides, parallelDims, parallelSizes,
      reducedSizes;
};

} // namespace mlir::softmax::reference

#endif // SOFTMAX_LIB_REFERENCE_ROWSPACE_H
