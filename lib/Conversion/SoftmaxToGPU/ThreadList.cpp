// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SelectedList.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class ThreadList : public SelectedList {
public:
  using SelectedList::SelectedList;
  SmallVector<Value> begin() override;
  SmallVector<Value> merge(const Segment &segment, Value begin,
                           ValueRange carried) override;
  SmallVector<Ranked> end(ValueRange carried) override;

private:
  /// The list with `element` behind those that it is not above.
  SmallVector<Value> insert(Ranked element, ValueRange list);
};
} // namespace

SmallVector<Value> ThreadList::begin() {
  SmallVector<Value> list;
  for (int64_t i = 0; i < form.count; ++i)
    llvm::append_range(
        list, ValueRange{form.absent(), form.math.integer(form.i64, -1)});
  return list;
}

SmallVector<Value> ThreadList::insert(Ranked element, ValueRange list) {
  SmallVector<Value> next;
  Ranked before = element;
  for (int64_t i = 0; i < form.count; ++i) {
    // Those that it is above move on by one.
    Ranked own{list[2 * i], list[2 * i + 1]};
    Ranked moved =
        form.choose(form.isAbove(element.key, before.key), before, element);
    Ranked here = form.choose(form.isAbove(element.key, own.key), moved, own);
    llvm::append_range(next, ValueRange{here.key, here.column});
    before = own;
  }
  return next;
}

SmallVector<Value> ThreadList::merge(const Segment &segment, Value /*begin*/,
                                     ValueRange carried) {
  SmallVector<Value> list(carried);
  // A thread's elements are in the order of their columns: it has no edges
  // where an access is one element.
  for (const Segment::Slot &slot : segment.slots) {
    Value key = form.keyOf(slot.logits[form.s]);
    for (int64_t i = 0; i < slot.lanes; ++i) {
      Value own = vector::ExtractOp::create(k.b, k.loc, key, i);
      if (slot.valid)
        own = k.select(slot.valid, own, form.absent());
      Value column = k.b.createOrFold<arith::IndexCastOp>(
          k.loc, form.i64, k.add(slot.column, k.index(i)));
      auto ifOp = scf::IfOp::create(
          k.b, k.loc, form.isAbove(own, list[2 * form.count - 2]),
          [&](OpBuilder &, Location) {
            scf::YieldOp::create(k.b, k.loc, insert({own, column}, list));
          },
          [&](OpBuilder &, Location) {
            scf::YieldOp::create(k.b, k.loc, list);
          });
      list = llvm::to_vector_of<Value>(ifOp.getResults());
    }
  }
  return list;
}

SmallVector<Ranked> ThreadList::end(ValueRange carried) {
  SmallVector<Ranked> elements;
  for (int64_t i = 0; i < form.count; ++i)
    elements.push_back({carried[2 * i], carried[2 * i + 1]});
  return elements;
}

std::unique_ptr<SelectedList>
mlir::softmax::makeThreadList(const SelectionForm &form) {
  return std::make_unique<ThreadList>(form);
}
