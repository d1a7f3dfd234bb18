// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Guards.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::softmax;

void Guard::require(KernelBuilder &k, Value condition) {
  if (known && !*known)
    return;
  if (std::optional<int64_t> constant = getConstantIntValue(condition)) {
    if (*constant == 0) {
      known = false;
      value = nullptr;
    }
    return;
  }
  value = known
              ? condition
              : arith::AndIOp::create(k.b, k.loc, value, condition).getResult();
  known = std::nullopt;
}

static Value equal(KernelBuilder &k, Value x, Value y) {
  return k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::eq, x, y);
}

void mlir::softmax::requireRowLayout(KernelBuilder &k, Guard &guard) {
  auto visit = [&](const OperandView &view) {
    if (!view.alongRow)
      return;
    for (int64_t dim : k.reduced)
      if (!view.strides[dim])
        return guard.never();
    guard.require(k, equal(k, view.strides[k.reduced.back()], k.index(1)));
    for (size_t i = 0; i + 1 < k.reduced.size(); ++i) {
      int64_t dim = k.reduced[i], next = k.reduced[i + 1];
      if (view.identityLayout && next == dim + 1)
        continue;
      guard.require(k, equal(k, view.strides[dim],
                             k.mul(view.strides[next], k.sizes[next])));
    }
  };
  for (const OperandView &view : k.inputs)
    visit(view);
  for (const OperandView &view : k.inits)
    visit(view);
}

/// The last iteration dimension is parallel and contiguous wherever it is
/// named.
static void requireInnerLayout(KernelBuilder &k, Guard &guard) {
  int64_t inner = k.op.getIterationRank() - 1;
  if (k.op.isReduced(inner))
    return guard.never();
  auto visit = [&](const OperandView &view) {
    if (view.strides[inner])
      guard.require(k, equal(k, view.strides[inner], k.index(1)));
  };
  for (const OperandView &view : k.inputs)
    visit(view);
  for (const OperandView &view : k.inits)
    visit(view);
}

Guard mlir::softmax::buildGuard(KernelBuilder &k, AlternativeAttr alternative) {
  Guard guard;
  if (alternative.getLayout() == Layout::Row)
    requireRowLayout(k, guard);
  if (alternative.getLayout() == Layout::Inner)
    requireInnerLayout(k, guard);
  if (int64_t least = alternative.getMinColumns())
    guard.require(
        k, k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::sge,
                                           k.columns, k.index(least)));
  if (int64_t most = alternative.getMaxColumns())
    guard.require(k, k.b.createOrFold<arith::CmpIOp>(k.loc,
                                                     arith::CmpIPredicate::sle,
                                                     k.columns, k.index(most)));
  if (int64_t least = alternative.getMinRows())
    guard.require(k, k.b.createOrFold<arith::CmpIOp>(
                         k.loc, arith::CmpIPredicate::sge,
                         k.sub(k.rowEnd, k.rowBegin), k.index(least)));
  if (int64_t least = alternative.getMinBytes()) {
    int64_t perElement = 0;
    for (const OperandView &view : llvm::concat<OperandView>(k.inputs, k.inits))
      if (view.alongRow)
        perElement += view.elementBytes();
    Value bytes = k.mul(k.mul(k.columns, k.rowCount), k.index(perElement));
    guard.require(k, k.b.createOrFold<arith::CmpIOp>(k.loc,
                                                     arith::CmpIPredicate::sge,
                                                     bytes, k.index(least)));
  }
  // They touch a row's first elements without asking for its length.
  if (alternative.getStrategy() == Strategy::Registers ||
      alternative.getStrategy() == Strategy::LanesRows)
    guard.require(k, k.lessThan(k.index(0), k.columns));
  // Memrefs of i1 hold bytes, which are put together lane by lane.
  for (const OperandView &view : llvm::concat<OperandView>(k.inputs, k.inits))
    if (alternative.getScalable() && view.elementType.isInteger(1))
      guard.never();
  return guard;
}
