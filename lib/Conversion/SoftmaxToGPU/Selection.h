// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The k largest logits of a row and where they stand (#softmax.topk).

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTION_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTION_H

#include "SelectedList.h"

namespace mlir::softmax {

/// What the row region takes of the statistics that select elements.
class RowSelections {
public:
  explicit RowSelections(GPUBuilder &k);

  bool empty() const { return lists.empty(); }
  /// Of a row that its threads hold in `segment`, loaded.
  void take(const Segment &segment);
  /// Of a row that comes in segments, in order: `begin` before the first one,
  /// whose values a loop carries, `merge` for each, `end` behind the last one.
  SmallVector<Value> begin();
  SmallVector<Value> merge(const Segment &segment, Value begin,
                           ValueRange carried);
  void end(ValueRange carried);

  /// The row region's arguments for statistic `s`.
  SmallVector<Value> getArguments(unsigned s) const { return selected[s]; }

private:
  GPUBuilder &k;
  SmallVector<std::unique_ptr<SelectedList>> lists;
  /// Values that a loop carries of each list.
  SmallVector<size_t> sizes;
  /// Per statistic.
  SmallVector<SmallVector<Value>> selected;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTION_H
