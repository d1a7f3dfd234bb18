// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Parts.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::softmax;

ElementRange Parts::rangeAt(Value i) {
  return {i, k.min(k.add(i, k.index(k.numeric.getBlock())), k.columns)};
}

static bool isProbed(KernelBuilder &k, const RowNeeds &needs, unsigned s) {
  for (auto [pass, runs] : llvm::enumerate(needs.passes[s]))
    if (runs && k.statistics[s].isRowArgumentPass(pass))
      return true;
  return false;
}

SmallVector<Value> Parts::buildEmpty() {
  SmallVector<Value> values;
  StatisticBuilder builder = k.statistic();
  for (unsigned s = 0; s < k.statistics.size(); ++s)
    if (isActive(s))
      llvm::append_range(values, k.statistics[s].buildEmptyPartial(
                                     builder, isProbed(k, needs, s)));
  return values;
}

SmallVector<Value> Parts::flatten(ArrayRef<RowValues> rows) {
  SmallVector<Value> values;
  for (unsigned s = 0; s < k.statistics.size(); ++s)
    if (isActive(s))
      llvm::append_range(values, k.statistics[s].getPartial(rows[s]));
  return values;
}

SmallVector<RowValues> Parts::unflatten(ValueRange values) {
  SmallVector<RowValues> rows(k.statistics.size());
  StatisticBuilder builder = k.statistic();
  for (unsigned s = 0; s < k.statistics.size(); ++s) {
    if (!isActive(s))
      continue;
    size_t count = k.statistics[s]
                       .buildEmptyPartial(builder, isProbed(k, needs, s))
                       .size();
    rows[s] =
        k.statistics[s].buildFromPartial(builder, values.take_front(count));
    values = values.drop_front(count);
  }
  return rows;
}

SmallVector<RowValues> Parts::merge(ArrayRef<RowValues> total,
                                    ArrayRef<RowValues> block) {
  SmallVector<RowValues> merged(k.statistics.size());
  StatisticBuilder builder = k.statistic();
  for (unsigned s = 0; s < k.statistics.size(); ++s)
    if (isActive(s))
      merged[s] = k.statistics[s].buildMerge(builder, total[s], block[s]);
  return merged;
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
