// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowBatch.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// Vectors of i1 are stored bit by bit, scalars byte by byte: in memory they
/// are bytes.
static Value toMemory(KernelBuilder &k, Value value) {
  if (!getElementTypeOrSelf(value.getType()).isInteger(1))
    return value;
  Type type = k.b.getI8Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(type);
  return arith::ExtUIOp::create(k.b, k.loc, type, value);
}

static Value fromMemory(KernelBuilder &k, Value value, bool isBoolean) {
  if (!isBoolean)
    return value;
  return arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ne, value,
                               k.zero(value.getType()));
}

void LaneBuffers::declare(ValueRange values) {
  if (!buffers.empty())
    return;
  for (auto [i, value] : llvm::enumerate(values)) {
    Type element = getElementTypeOrSelf(value.getType());
    booleans.push_back(element.isInteger(1));
    if (booleans.back())
      element = k.b.getI8Type();
    std::string key = name + std::to_string(i);
    llvm::raw_string_ostream(key) << element;
    buffers.push_back(k.stackBuffer(key, element, lanes * copies));
  }
}

Value LaneBuffers::at(Value copy, Value lane) {
  Value start = k.mul(copy, k.index(lanes));
  return lane ? k.add(start, lane) : start;
}

void LaneBuffers::store(ValueRange values, Value copy) {
  declare(values);
  for (auto [value, buffer] : llvm::zip(values, buffers))
    vector::StoreOp::create(k.b, k.loc, toMemory(k, k.broadcast(value, lanes)),
                            buffer, ValueRange{at(copy)});
}

void LaneBuffers::storeLane(ValueRange values, Value copy, Value lane) {
  declare(values);
  for (auto [value, buffer] : llvm::zip(values, buffers))
    memref::StoreOp::create(k.b, k.loc, toMemory(k, value), buffer,
                            ValueRange{at(copy, lane)});
}

SmallVector<Value> LaneBuffers::load(Value copy) {
  SmallVector<Value> values;
  for (auto [buffer, isBoolean] : llvm::zip_equal(buffers, booleans)) {
    Type element = cast<MemRefType>(buffer.getType()).getElementType();
    Value loaded = vector::LoadOp::create(
        k.b, k.loc, k.vectorOf(element, lanes), buffer, ValueRange{at(copy)});
    values.push_back(fromMemory(k, loaded, isBoolean));
  }
  return values;
}

SmallVector<Value> LaneBuffers::loadLane(Value copy, Value lane) {
  SmallVector<Value> values;
  for (auto [buffer, isBoolean] : llvm::zip_equal(buffers, booleans)) {
    Value loaded =
        memref::LoadOp::create(k.b, k.loc, buffer, ValueRange{at(copy, lane)});
    values.push_back(fromMemory(k, loaded, isBoolean));
  }
  return values;
}

void LaneBuffers::zero() {
  for (Value buffer : buffers) {
    Type element = cast<MemRefType>(buffer.getType()).getElementType();
    VectorType type = k.vectorOf(element, lanes);
    for (int64_t copy = 0; copy < copies; ++copy)
      vector::StoreOp::create(k.b, k.loc, k.zero(type), buffer,
                              ValueRange{k.index(copy * lanes)});
  }
}

//===----------------------------------------------------------------------===//
// Row values as lists
//===----------------------------------------------------------------------===//

SmallVector<Value> RowList::flatten(ArrayRef<RowValues> rows) {
  SmallVector<Value> values;
  shape.clear();
  for (const RowValues &row : rows) {
    shape.emplace_back();
    for (Value slot : row.slots) {
      shape.back().push_back(static_cast<bool>(slot));
      if (slot)
        values.push_back(slot);
    }
  }
  return values;
}

SmallVector<RowValues> RowList::unflatten(ValueRange values) const {
  SmallVector<RowValues> rows;
  for (const SmallVector<bool> &slots : shape) {
    RowValues &row = rows.emplace_back();
    for (bool present : slots) {
      row.slots.push_back(present ? values.front() : Value());
      if (present)
        values = values.drop_front();
    }
  }
  return rows;
}

//===----------------------------------------------------------------------===//
// The row region
//===----------------------------------------------------------------------===//

Value BatchScope::gather(Type element,
                         function_ref<Value(const RowPosition &)> scalar) {
  VectorType type = k.vectorOf(element, lanes);
  Value result = k.zero(type);
  Value last = k.sub(k.max(count, k.index(1)), k.index(1));
  for (int64_t lane = 0; lane < lanes; ++lane) {
    RowPosition row = positionOf(k, k.add(first, k.min(k.index(lane), last)));
    result = vector::InsertOp::create(k.b, k.loc, scalar(row), result, lane);
  }
  return result;
}

Value BatchScope::rowInput(unsigned i) {
  const OperandView &view = k.inputs[i];
  if (view.scalar)
    return view.scalar;
  if (llvm::none_of(view.strides,
                    [](Value stride) { return stride != nullptr; }))
    return k.loadScalar(view, k.index(0));
  return gather(view.elementType, [&](const RowPosition &row) {
    return k.loadScalar(view, row.inputOffsets[i]);
  });
}

Value BatchScope::rowCoordinate(int64_t dim) {
  return gather(k.b.getIndexType(),
                [&](const RowPosition &row) { return row.coordinates[dim]; });
}

void BatchScope::storeRow(unsigned i, Value value) {
  Value vector = k.broadcast(value, lanes);
  // By way of a buffer: rows are addressed one by one.
  LaneBuffers buffer(k, "row_result", lanes, 1);
  buffer.store({vector}, k.index(0));
  scf::ForOp::create(k.b, k.loc, k.index(0), count, k.index(1), ValueRange{},
                     [&](OpBuilder &, Location, Value lane, ValueRange) {
                       RowPosition row = positionOf(k, k.add(first, lane));
                       k.storeScalar(buffer.loadLane(k.index(0), lane)[0],
                                     k.inits[i], row.initOffsets[i]);
                       scf::YieldOp::create(k.b, k.loc);
                     });
}
