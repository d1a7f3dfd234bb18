// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Parts.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::softmax;

ElementRange Parts::rangeAt(Value i, Value end) {
  return {
      i, k.min(k.add(i, k.index(k.numeric.getBlock())), end ? end : k.columns)};
}

Value Parts::indexOf(Value i) {
  return k.div(i, k.index(k.numeric.getBlock()));
}

Value Parts::numBlocks() {
  int64_t block = k.numeric.getBlock();
  return k.div(k.add(k.columns, k.index(block - 1)), k.index(block));
}

void Parts::allocate() {
  if (!buffers.empty())
    return;
  OpBuilder::InsertionGuard guard(k.b);
  k.toPrologue();
  Value count = numBlocks();
  for (Value value : buildEmpty())
    buffers.push_back(k.scratch(value.getType(), count));
}

int64_t Parts::bytesPerBlock() {
  return static_cast<int64_t>(buildEmpty().size() * sizeof(double));
}

void Parts::allocateIn(Value memory) {
  Value count = numBlocks(), bytes = k.mul(count, k.index(sizeof(double)));
  Value offset = k.index(0);
  for (Value value : buildEmpty()) {
    OperandView view;
    view.elementType = value.getType();
    view.alongRow = true;
    auto type = MemRefType::get({ShapedType::kDynamic}, value.getType());
    view.flat = memref::ViewOp::create(k.b, k.loc, type, memory, offset,
                                       ValueRange{count});
    buffers.push_back(view);
    offset = k.add(offset, bytes);
  }
}

void Parts::store(Value i, ArrayRef<RowValues> block) {
  allocate();
  for (auto [value, buffer] : llvm::zip(flatten(block), buffers))
    k.storeScalar(value, buffer, indexOf(i));
}

SmallVector<RowValues> Parts::load(Value i) {
  SmallVector<Value> values;
  for (const OperandView &buffer : buffers)
    values.push_back(k.loadScalar(buffer, indexOf(i)));
  return unflatten(values);
}

SmallVector<RowValues> Parts::view(Value i, ArrayRef<RowValues> rows) {
  if (buffers.empty())
    return SmallVector<RowValues>(rows);
  SmallVector<RowValues> block = load(i);
  SmallVector<RowValues> views(rows);
  StatisticBuilder builder = k.statistic();
  for (unsigned s = 0; s < k.statistics.size(); ++s)
    if (isActive(s))
      views[s] = k.statistics[s].buildPartView(builder, rows[s], block[s]);
  return views;
}
