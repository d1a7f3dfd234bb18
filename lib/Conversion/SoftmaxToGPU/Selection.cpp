// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Selection.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "softmax/Dialect/IR/RowNeeds.h"

using namespace mlir;
using namespace mlir::softmax;

RowSelections::RowSelections(GPUBuilder &k)
    : k(k), selected(k.statistics.size()) {
  k.selectionLanes = 0;
  if (!k.op.hasRow())
    return;
  for (auto [s, statistic] : llvm::enumerate(k.statistics)) {
    int64_t count = statistic.getSelectionSize();
    bool used =
        llvm::any_of(getStatisticArguments(k.op, s, /*row=*/true),
                     [](Value argument) { return !argument.use_empty(); });
    if (count == 0 || !used)
      continue;
    SelectionForm form(k, s, count);
    if (form.spread > 1)
      k.selectionLanes = form.own;
    lists.push_back(k.rowThreads == 1 ? makeThreadList(form)
                                      : makeSharedList(form));
  }
}

/// All rounds over a row that `segment` holds.
static SmallVector<Ranked> takeFirst(SelectionForm &form,
                                     const Segment &segment) {
  GPUBuilder &k = form.k;
  Value begin = k.index(0);
  SelectionRounds rounds(form, segment, begin);
  SmallVector<Value> init = rounds.start();
  size_t size = init.size();
  for (int64_t i = 0; i < form.own; ++i)
    llvm::append_range(
        init, ValueRange{form.absent(), form.math.integer(form.i32, -1)});
  auto integer = [&](int64_t value) {
    return form.math.integer(form.i32, value);
  };
  auto loop = scf::ForOp::create(
      k.b, k.loc, integer(0), integer(form.count), integer(1), init,
      [&](OpBuilder &, Location, Value round, ValueRange args) {
        ValueRange state = args.take_front(size);
        ValueRange mine = args.drop_front(size);
        Ranked taken = rounds.findFirst(round, state);
        SmallVector<Value> next = rounds.drop(taken, state);
        for (int64_t i = 0; i < form.own; ++i) {
          Ranked kept = form.choose(form.isSame(round, form.numberOf(i)), taken,
                                    {mine[2 * i], mine[2 * i + 1]});
          llvm::append_range(next, ValueRange{kept.key, kept.column});
        }
        scf::YieldOp::create(k.b, k.loc, next);
      });
  ValueRange mine = loop.getResults().drop_front(size);
  SmallVector<Ranked> elements;
  for (int64_t i = 0; i < form.own; ++i)
    elements.push_back(form.inRow({mine[2 * i], mine[2 * i + 1]}, begin));
  return elements;
}

void RowSelections::take(const Segment &segment) {
  for (auto &list : lists) {
    SelectionForm &form = list->form;
    // The threads of a warp have no shared memory of their own.
    bool rounds =
        k.rowThreads > 1 && (k.rowThreads <= k.warpSize || takesRounds(form));
    SmallVector<Ranked> elements =
        rounds ? takeFirst(form, segment)
               : list->end(list->merge(segment, k.index(0), list->begin()));
    selected[form.s] = form.finish(elements);
  }
}

SmallVector<Value> RowSelections::begin() {
  SmallVector<Value> carried;
  for (auto &list : lists) {
    SmallVector<Value> own = list->begin();
    sizes.push_back(own.size());
    llvm::append_range(carried, own);
  }
  return carried;
}

SmallVector<Value> RowSelections::merge(const Segment &segment, Value begin,
                                        ValueRange carried) {
  SmallVector<Value> next;
  for (auto [list, size] : llvm::zip_equal(lists, sizes)) {
    llvm::append_range(next,
                       list->merge(segment, begin, carried.take_front(size)));
    carried = carried.drop_front(size);
  }
  return next;
}

void RowSelections::end(ValueRange carried) {
  for (auto [list, size] : llvm::zip_equal(lists, sizes)) {
    selected[list->form.s] =
        list->form.finish(list->end(carried.take_front(size)));
    carried = carried.drop_front(size);
  }
}
