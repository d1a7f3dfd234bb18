// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowLanes.h"
#include "../Common/RowEnd.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

static int64_t innerDimOf(GPUBuilder &k) { return k.op.getIterationRank() - 1; }

/// Whether elements of adjacent rows lie side by side, by what types tell.
/// Those of other operands are accessed one by one.
static bool hasVectors(GPUBuilder &k, const OperandView &view) {
  return view.staticStrides[innerDimOf(k)] == 1;
}

Value mlir::softmax::buildRowsFit(GPUBuilder &k, int64_t lanes) {
  int64_t inner = innerDimOf(k);
  if (k.parallel.empty() || k.parallel.back() != inner)
    return k.i1(false);
  auto remainder = [&](Value x, int64_t by) {
    return k.b.createOrFold<arith::AndIOp>(k.loc, x, k.index(by - 1));
  };
  Value rest = remainder(k.sizes[inner], lanes);
  if (std::optional<int64_t> known = getConstantIntValue(rest);
      known && *known != 0)
    return k.i1(false);
  auto join = [&](Value more) {
    rest = k.b.createOrFold<arith::OrIOp>(k.loc, rest, more);
  };
  for (const OperandView &view : llvm::concat<OperandView>(k.inputs, k.inits)) {
    if (view.scalar || !hasVectors(k, view))
      continue;
    for (auto [dim, stride] : llvm::enumerate(view.strides))
      if (stride && int64_t(dim) != inner)
        join(remainder(stride, lanes));
    Value address =
        memref::ExtractAlignedPointerAsIndexOp::create(k.b, k.loc, view.flat);
    if (view.origin)
      address =
          k.add(address, k.mul(view.origin, k.index(view.elementBytes())));
    join(remainder(address, lanes * view.elementBytes()));
  }
  return k.isZero(rest);
}

Type mlir::softmax::typeOfRows(GPUBuilder &k, const OperandView &view) {
  if (view.scalar || !view.strides[innerDimOf(k)])
    return view.elementType;
  return VectorType::get(k.lanes, view.elementType);
}

Value mlir::softmax::loadRows(GPUBuilder &k, const OperandView &view,
                              Value offset) {
  auto type = dyn_cast<VectorType>(typeOfRows(k, view));
  if (!type)
    return k.loadScalar(view, offset);
  if (hasVectors(k, view))
    return vector::LoadOp::create(k.b, k.loc, type, view.flat,
                                  ValueRange{offset}, /*nontemporal=*/false,
                                  llvm::Align(k.lanes * view.elementBytes()));
  SmallVector<Value> scalars;
  for (int64_t i = 0; i < k.lanes; ++i)
    scalars.push_back(k.loadScalar(
        view, k.add(offset, k.mul(view.strides[innerDimOf(k)], k.index(i)))));
  return vector::FromElementsOp::create(k.b, k.loc, type, scalars);
}

void mlir::softmax::storeRows(GPUBuilder &k, Value value,
                              const OperandView &view, Value offset) {
  if (hasVectors(k, view)) {
    vector::StoreOp::create(k.b, k.loc, value, view.flat, ValueRange{offset},
                            /*nontemporal=*/false,
                            llvm::Align(k.lanes * view.elementBytes()));
    return;
  }
  for (int64_t i = 0; i < k.lanes; ++i)
    k.storeScalar(
        vector::ExtractOp::create(k.b, k.loc, value, i), view,
        k.add(offset, k.mul(view.strides[innerDimOf(k)], k.index(i))));
}

Value mlir::softmax::coordinateOfRows(GPUBuilder &k, const RowPosition &first,
                                      int64_t dim) {
  Value coordinate = first.coordinates[dim];
  if (dim != innerDimOf(k))
    return coordinate;
  auto type = VectorType::get(k.lanes, k.b.getIndexType());
  SmallVector<int64_t> steps = llvm::to_vector(llvm::seq(k.lanes));
  Value step = arith::ConstantOp::create(k.b, k.loc, type,
                                         k.b.getIndexVectorAttr(steps));
  return arith::AddIOp::create(k.b, k.loc, step,
                               k.broadcast(coordinate, k.lanes));
}

Value mlir::softmax::buildLastRowEnd(GPUBuilder &k, const RowExtent &extent,
                                     const RowPosition &first) {
  Value last;
  for (int64_t i = 0; i < k.lanes; ++i) {
    RowPosition row = first;
    Value &inner = row.coordinates[innerDimOf(k)];
    inner = k.add(inner, k.index(i));
    for (Value &value : row.invariants)
      if (value && isa<VectorType>(value.getType()))
        value = vector::ExtractOp::create(k.b, k.loc, value, i);
    Value end = buildRowEnd(k, extent, row);
    last = last ? k.max(last, end) : end;
  }
  return last;
}
