// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The elements of a segment in order, one a round: each thread knows its own
// first, the row's threads find the first of these, and the one that had it
// drops it and looks for its next.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTIONROUNDS_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTIONROUNDS_H

#include "Segment.h"
#include "SelectionForm.h"

namespace mlir::softmax {

class SelectionRounds {
public:
  /// Of `segment`, loaded, which begins at column `begin`.  Rows of several
  /// threads.
  SelectionRounds(SelectionForm &form, const Segment &segment, Value begin);

  /// What a thread carries from round to round: the keys of its elements, and
  /// the first of these.
  SmallVector<Value> start();
  /// The first of this thread's elements that are left, its column counted from
  /// `begin`.
  Ranked getFirst(ValueRange state) const {
    return {state[places.size()], state[places.size() + 2]};
  }
  /// Without that one.
  SmallVector<Value> dropFirst(ValueRange state) {
    return without(state[places.size() + 1], state.take_front(places.size()));
  }
  /// The first of the elements that are left, the same for all threads of the
  /// row: its column is counted from `begin`, its key absent if there is none.
  /// With several warps one barrier; another one must stand before the rounds
  /// of another segment.  `round` is i32, counted from 0.
  Ranked findFirst(Value round, ValueRange state);
  /// Without `taken`, which findFirst has found.
  SmallVector<Value> drop(const Ranked &taken, ValueRange state);

private:
  /// A thread's own elements by the order of their columns: those of its
  /// vectors are numbered from 0 on, edges lie before or behind these.
  SmallVector<Value> places;
  /// Of the edges; the elements of vectors come first in `places`.
  SmallVector<Value> edgeColumns;
  /// `elements` as a state, with the first of them behind.
  SmallVector<Value> withFirst(SmallVector<Value> elements);
  SmallVector<Value> without(Value place, ValueRange elements);
  Value columnOf(Value place);
  Value inSegment(Value column);
  Ranked findFirstOfWarp(Ranked own);
  Ranked findFirstOfBlock(Value round, const Ranked &own);

  SelectionForm &form;
  GPUBuilder &k;
  const Segment &segment;
  Value begin;
  /// The column of this thread's first vector.
  Value firstColumn;
  size_t numVectorElements = 0;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTIONROUNDS_H
