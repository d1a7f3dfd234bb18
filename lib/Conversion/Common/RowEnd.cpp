// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowEnd.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::softmax;

/// `value` of the logit region for `row`, with the operations that it needs.
static Value materialize(GenericBuilder &k, const RowPosition &row,
                         IRMapping &mapping, Value value) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Value result;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    result = row.invariants[argument.getArgNumber()];
  } else if (auto index = value.getDefiningOp<IndexOp>()) {
    result = row.coordinates[index.getDim()];
  } else {
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      materialize(k, row, mapping, operand);
    k.b.clone(*op, mapping);
    return mapping.lookup(value);
  }
  mapping.map(value, result);
  return result;
}

Value mlir::softmax::buildRowEnd(GenericBuilder &k, const RowExtent &extent,
                                 const RowPosition &row) {
  IRMapping mapping;
  Value bound = materialize(k, row, mapping, extent.bound);
  Type index = k.b.getIndexType();
  bool is32 = bound.getType().isInteger(32);
  if (!bound.getType().isIndex())
    bound =
        extent.isUnsigned
            ? arith::IndexCastUIOp::create(k.b, k.loc, index, bound).getResult()
            : arith::IndexCastOp::create(k.b, k.loc, index, bound).getResult();
  // Between 0 and the length before anything is added: nothing overflows.
  if (extent.isUnsigned)
    bound = arith::MinUIOp::create(k.b, k.loc, bound, k.columns);
  else
    bound = k.min(bound, k.columns);
  if (extent.inclusive)
    bound = k.min(k.add(bound, k.index(1)), k.columns);
  bound = k.max(bound, k.index(0));
  if (!is32)
    return bound;
  // Columns beyond 2^31 - 1 wrap where they are compared as i32.
  Value wraps = k.lessThan(k.index(int64_t(1) << 31), k.columns);
  return arith::SelectOp::create(k.b, k.loc, wraps, k.columns, bound);
}
