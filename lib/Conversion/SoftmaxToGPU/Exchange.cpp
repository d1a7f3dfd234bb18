// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Exchange.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Math/MathBuilder.h"

using namespace mlir;
using namespace mlir::softmax;

/// Threads whose integers fit i32 together.
static constexpr int64_t narrowThreads = 32;

SmallVector<Value> Exchange::reduceWarp(ValueRange values, int64_t threads,
                                        int64_t groups, Combine combine) {
  SmallVector<Value> results(values);
  for (int64_t distance = threads / 2; distance >= groups; distance /= 2)
    for (auto [i, value] : llvm::enumerate(results))
      value = combine(i, value, k.shuffle(value, distance));
  return results;
}

SmallVector<Value> Exchange::reduceWarps(ValueRange values, Combine combine) {
  int64_t warps = k.rowThreads / k.warpSize;
  if (warps <= 1)
    return values;
  Value warp = k.div(k.thread, k.index(k.warpSize));
  Value first = k.isZero(k.rem(k.thread, k.index(k.warpSize)));
  SmallVector<Value> buffers;
  for (Value value : values)
    buffers.push_back(k.shared(value.getType(), warps * k.groups));
  Value own = k.groups > 1 ? k.mul(k.group, k.index(warps)) : k.index(0);
  scf::IfOp::create(k.b, k.loc, first, [&](OpBuilder &, Location) {
    for (auto [value, buffer] : llvm::zip(values, buffers))
      memref::StoreOp::create(k.b, k.loc, value, buffer, k.add(own, warp));
    scf::YieldOp::create(k.b, k.loc);
  });
  k.barrier();
  SmallVector<Value> results;
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    Value result;
    for (int64_t w = 0; w < warps; ++w) {
      Value part =
          memref::LoadOp::create(k.b, k.loc, buffer, k.add(own, k.index(w)));
      result = result ? combine(i, result, part) : part;
    }
    results.push_back(result);
  }
  return results;
}

SmallVector<Value> Exchange::reduceMax(ArrayRef<Maximum> maxima) {
  auto combine = [&](unsigned i, Value x, Value y) {
    return maxima[i].keepsNaN ? k.maxKeepingNaN(x, y) : k.maxNum(x, y);
  };
  SmallVector<Value> values;
  for (const Maximum &maximum : maxima)
    values.push_back(maximum.value);
  return reduceWarps(reduceWarp(values, threadsOfWarp(), /*groups=*/1, combine),
                     combine);
}

static Value addIntegers(GPUBuilder &k, Value x, Value y) {
  return arith::AddIOp::create(k.b, k.loc, x, y);
}

/// i64, or a vector of as many as `integer` has.
static Type wideType(GPUBuilder &k, Value integer) {
  return MathBuilder::withElement(integer.getType(), k.b.getI64Type());
}

SmallVector<Value> Exchange::addNarrow(ValueRange values) {
  SmallVector<Value> results(values);
  if (!k.capabilities.redux || k.rowThreads < k.warpSize ||
      k.computeType.isF64())
    return reduceWarp(values, std::min(threadsOfWarp(), narrowThreads),
                      /*groups=*/1, [&](unsigned, Value x, Value y) {
                        return addIntegers(k, x, y);
                      });
  for (Value &sum : results)
    sum = gpu::SubgroupReduceOp::create(
        k.b, k.loc, sum, gpu::AllReduceOperation::ADD, /*uniform=*/true);
  return results;
}

SmallVector<Value> Exchange::addWide(ValueRange values) {
  auto add = [&](unsigned, Value x, Value y) { return addIntegers(k, x, y); };
  int64_t threads = threadsOfWarp();
  return reduceWarps(
      reduceWarp(values, threads, std::min(threads, narrowThreads), add), add);
}

SmallVector<Value> Exchange::reduceSum(ValueRange values) {
  SmallVector<Value> results = addNarrow(values);
  for (Value &sum : results)
    if (Type wide = wideType(k, sum); sum.getType() != wide)
      sum = arith::ExtSIOp::create(k.b, k.loc, wide, sum);
  return addWide(results);
}

SmallVector<Value> Exchange::reducePairs(ArrayRef<Pair> pairs) {
  SmallVector<Value> values;
  for (const Pair &pair : pairs)
    llvm::append_range(values, ValueRange{pair.high, pair.low});
  values = addNarrow(values);
  // Among more threads as i64: what of `low` is a multiple of the other unit
  // joins it there.
  MathBuilder math(k.b, k.loc);
  SmallVector<Value> totals;
  for (auto [i, pair] : llvm::enumerate(pairs)) {
    Type i64 = wideType(k, values[2 * i]);
    Value high = arith::ExtSIOp::create(k.b, k.loc, i64, values[2 * i]);
    Value low = arith::ExtSIOp::create(k.b, k.loc, i64, values[2 * i + 1]);
    totals.push_back(addIntegers(k, math.shiftLeft(high, pair.ratioBits), low));
  }
  return addWide(totals);
}
