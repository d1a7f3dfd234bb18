// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowSum.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

static Value addf(KernelBuilder &k, Value x, Value y) {
  return arith::AddFOp::create(k.b, k.loc, x, y);
}
static Value subf(KernelBuilder &k, Value x, Value y) {
  return arith::SubFOp::create(k.b, k.loc, x, y);
}

Value RowSum::widen(Value value) {
  Type f64 = k.b.getF64Type();
  if (getElementTypeOrSelf(value.getType()) == f64)
    return value;
  Type type = f64;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(f64);
  return arith::ExtFOp::create(k.b, k.loc, type, value);
}

WideParts RowSum::identity(int64_t count) {
  Type type = k.b.getF64Type();
  if (count != 0)
    type = k.vectorOf(type, count);
  return WideParts(parts(), k.noSum(type));
}

/// TwoSum: high + low is exactly x + y.
static std::pair<Value, Value> twoSum(KernelBuilder &k, Value x, Value y) {
  Value sum = addf(k, x, y);
  Value yRounded = subf(k, sum, x);
  Value xRounded = subf(k, sum, yRounded);
  Value error = addf(k, subf(k, x, xRounded), subf(k, y, yRounded));
  return {sum, error};
}

WideParts RowSum::addNarrow(const WideParts &total, Value value) {
  value = widen(value);
  if (!pairs)
    return {addf(k, total[0], value)};
  auto [high, error] = twoSum(k, total[0], value);
  return {high, addf(k, total[1], error)};
}

WideParts RowSum::addWide(const WideParts &total, const WideParts &value) {
  if (!pairs)
    return {addf(k, total[0], value[0])};
  auto [high, error] = twoSum(k, total[0], value[0]);
  return {high, addf(k, addf(k, total[1], value[1]), error)};
}

Value RowSum::foldGroup(ArrayRef<Value> vectors) {
  auto type = cast<VectorType>(vectors[0].getType());
  int64_t lanes = type.getNumElements();
  if (vectors.size() > 1) {
    // Narrow vectors: several make the eight values.
    Value result = k.noSum(k.vectorOf(type.getElementType(), numPartials));
    for (auto [i, value] : llvm::enumerate(vectors))
      result = vector::InsertStridedSliceOp::create(
          k.b, k.loc, value, result,
          ArrayRef<int64_t>{static_cast<int64_t>(i) * lanes},
          ArrayRef<int64_t>{1});
    return result;
  }
  Value value = vectors[0];
  while (lanes > numPartials) {
    lanes /= 2;
    auto slice = [&](int64_t offset) -> Value {
      return vector::ExtractStridedSliceOp::create(
          k.b, k.loc, value, ArrayRef<int64_t>{offset},
          ArrayRef<int64_t>{lanes}, ArrayRef<int64_t>{1});
    };
    value = addf(k, slice(0), slice(lanes));
  }
  return value;
}

WideParts RowSum::foldLanes(const WideParts &lanes) {
  WideParts parts = lanes;
  int64_t count = cast<VectorType>(parts[0].getType()).getNumElements();
  while (count > 1) {
    count /= 2;
    WideParts low, high;
    for (Value part : parts) {
      auto slice = [&](int64_t offset) -> Value {
        return vector::ExtractStridedSliceOp::create(
            k.b, k.loc, part, ArrayRef<int64_t>{offset},
            ArrayRef<int64_t>{count}, ArrayRef<int64_t>{1});
      };
      low.push_back(slice(0));
      high.push_back(slice(count));
    }
    parts = addWide(low, high);
  }
  for (Value &part : parts)
    part = vector::ExtractOp::create(k.b, k.loc, part, ArrayRef<int64_t>{0});
  return parts;
}
