// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Panel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

SmallVector<Value> Panel::coordinates(Value i) {
  SmallVector<Value> at(outer);
  at[innerDim] = inner;
  if (i)
    for (auto [dim, value] : llvm::zip(k.reduced, k.delinearize(i, k.reduced)))
      at[dim] = value;
  return at;
}

Value Panel::load(const OperandView &view, ArrayRef<Value> at) {
  if (view.scalar)
    return view.scalar;
  Value offset = k.offset(view, at);
  if (view.strides[innerDim])
    return k.load(view, offset, tail);
  return k.loadScalar(view, offset);
}

Value Panel::coordinate(int64_t dim, ArrayRef<Value> at) {
  if (dim != innerDim)
    return at[dim];
  VectorType type = k.vectorOf(k.b.getIndexType(), k.lanes);
  Value step = vector::StepOp::create(k.b, k.loc, type);
  return arith::AddIOp::create(k.b, k.loc, step, k.broadcast(at[dim], k.lanes));
}

SmallVector<Value> Panel::logits(Value i) {
  SmallVector<Value> at = coordinates(i);
  SmallVector<Value> elements = llvm::map_to_vector(
      k.inputs, [&](const OperandView &view) { return load(view, at); });
  return llvm::map_to_vector(
      k.inlineRegion(k.op.getLogit(), elements, k.lanes,
                     [&](int64_t dim) { return coordinate(dim, at); }),
      [&](Value logit) { return k.broadcast(logit, k.lanes); });
}

SmallVector<Value> Panel::results(const RowNeeds &needs, Value i,
                                  ArrayRef<Value> logits,
                                  const LiftedValue &lifted,
                                  ArrayRef<RowValues> rows,
                                  ValueRange handedOn) {
  SmallVector<Value> at = coordinates(i);
  SmallVector<Value> elements;
  for (auto [j, view] : llvm::enumerate(k.inputs)) {
    bool used = !k.op.getResult().getArgument(j).use_empty();
    elements.push_back(used ? load(view, at) : k.zero(view.elementType));
  }
  return buildResults(k, needs, elements, logits, lifted, rows, handedOn,
                      k.lanes,
                      [&](int64_t dim) { return coordinate(dim, at); });
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

SmallVector<Value> PanelReduction::start() {
  SmallVector<Value> carried;
  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a))
      carried.push_back(k.negativeInfinity(k.vectorOf(k.computeType, k.lanes)));
    else
      llvm::append_range(carried, sum.identity(k.lanes));
  }
  return carried;
}

SmallVector<Value> PanelReduction::add(ArrayRef<SmallVector<LiftedValue>> group,
                                       ValueRange carried) {
  auto addf = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(k.b, k.loc, x, y);
  };
  SmallVector<Value> next;
  unsigned position = 0;
  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a)) {
      Value acc = carried[position++];
      for (const SmallVector<LiftedValue> &values : group)
        acc = combineMax(k, values[a].value, acc);
      next.push_back(acc);
      continue;
    }
    // The tree over four elements; in f64 where they have low parts.
    bool pairs = group[0][a].low != nullptr;
    auto tree = [&](function_ref<Value(const LiftedValue &)> part) {
      auto at = [&](size_t e) { return part(group[e][a]); };
      return group.size() == panelGroup
                 ? addf(addf(at(0), at(2)), addf(at(1), at(3)))
                 : at(0);
    };
    Value total = tree([&](const LiftedValue &value) {
      return pairs ? sum.widen(value.value) : value.value;
    });
    if (pairs)
      total = addf(total, sum.widen(tree([](const LiftedValue &value) {
        return value.low;
      })));
    WideParts parts(carried.begin() + position,
                    carried.begin() + position + sum.parts());
    position += sum.parts();
    llvm::append_range(next, sum.addNarrow(parts, total));
  }
  return next;
}

SmallVector<WideValue> PanelReduction::finish(ValueRange carried) {
  SmallVector<WideValue> results;
  for (unsigned a = 0; a < active.size(); ++a) {
    unsigned count = isMax(a) ? 1 : sum.parts();
    results.push_back({carried[0], count > 1 ? carried[1] : Value()});
    carried = carried.drop_front(count);
  }
  return results;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

void mlir::softmax::forEachOuter(
    KernelBuilder &k,
    function_ref<void(ArrayRef<Value> outer, Value begin, Value end)> body) {
  int64_t innerDim = k.op.getIterationRank() - 1;
  SmallVector<int64_t> outerDims(k.parallel);
  outerDims.pop_back();
  Value width = k.sizes[innerDim];
  // Rows are numbered outer * width + inner; an empty range may have width 0.
  Value safeWidth = k.max(width, k.index(1));
  Value firstOuter = k.div(k.rowBegin, safeWidth);
  Value endOuter =
      k.div(k.add(k.rowEnd, k.sub(safeWidth, k.index(1))), safeWidth);
  scf::ForOp::create(k.b, k.loc, firstOuter, endOuter, k.index(1), ValueRange{},
                     [&](OpBuilder &, Location, Value o, ValueRange) {
                       SmallVector<Value> outer(k.op.getIterationRank());
                       for (auto [dim, value] :
                            llvm::zip(outerDims, k.delinearize(o, outerDims)))
                         outer[dim] = value;
                       Value start = k.mul(o, width);
                       body(outer, k.max(k.sub(k.rowBegin, start), k.index(0)),
                            k.min(k.sub(k.rowEnd, start), width));
                       scf::YieldOp::create(k.b, k.loc);
                     });
}
