// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The statistics of parts of a row, as flat lists of values.

#ifndef SOFTMAX_LIB_CONVERSION_COMMON_PARTIALS_H
#define SOFTMAX_LIB_CONVERSION_COMMON_PARTIALS_H

#include "GenericBuilder.h"
#include "softmax/Dialect/IR/RowNeeds.h"

namespace mlir::softmax {

class Partials {
public:
  Partials(GenericBuilder &builder, const RowNeeds &needs)
      : needs(needs), builder(builder) {}

  /// The statistics of no elements, flat.
  SmallVector<Value> buildEmpty();
  SmallVector<Value> flatten(ArrayRef<RowValues> rows);
  /// Prepared rows.
  SmallVector<RowValues> unflatten(ValueRange values);
  /// `total` and the part after it together; `simply`, with less work, where
  /// `isSimple` holds for both.
  SmallVector<RowValues> merge(ArrayRef<RowValues> total,
                               ArrayRef<RowValues> part, bool simply = false);
  /// Whether `part` is one that is merged simply: an i1.
  Value isSimple(ArrayRef<RowValues> part);

protected:
  bool isActive(unsigned s) {
    return llvm::is_contained(needs.passes[s], true);
  }

  const RowNeeds &needs;

private:
  GenericBuilder &builder;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_COMMON_PARTIALS_H
