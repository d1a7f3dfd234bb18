// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Lists of the first elements of a row so far, for rows that come in segments.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTEDLIST_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTEDLIST_H

#include "SelectionRounds.h"

namespace mlir::softmax {

class SelectedList {
public:
  explicit SelectedList(const SelectionForm &form) : form(form), k(form.k) {}
  virtual ~SelectedList() = default;

  /// The empty list: what a loop carries of it.
  virtual SmallVector<Value> begin() = 0;
  /// The list with the elements of a segment that begins at `begin`, behind all
  /// that came before.
  virtual SmallVector<Value> merge(const Segment &segment, Value begin,
                                   ValueRange carried) = 0;
  /// The elements that this thread has (SelectionForm::finish).
  virtual SmallVector<Ranked> end(ValueRange carried) = 0;

  SelectionForm form;

protected:
  GPUBuilder &k;
};

/// Of a row that the threads of a block share: in shared memory.
std::unique_ptr<SelectedList> makeSharedList(const SelectionForm &form);
/// Whether such a list is found one element a round (SelectionRounds).
bool takesRounds(const SelectionForm &form);
/// Of a thread's own row: in its registers, where elements that belong to the
/// first ones are inserted one by one.
std::unique_ptr<SelectedList> makeThreadList(const SelectionForm &form);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SELECTEDLIST_H
