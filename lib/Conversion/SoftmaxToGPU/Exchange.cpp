// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Exchange.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

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
  Value first = k.b.createOrFold<arith::CmpIOp>(
      k.loc, arith::CmpIPredicate::eq, k.rem(k.thread, k.index(k.warpSize)),
      k.index(0));
  SmallVector<Value> buffers;
  for (Value value : values)
    buffers.push_back(k.shared(value.getType(), warps));
  scf::IfOp::create(k.b, k.loc, first, [&](OpBuilder &, Location) {
    for (auto [value, buffer] : llvm::zip(values, buffers))
      memref::StoreOp::create(k.b, k.loc, value, buffer, warp);
    scf::YieldOp::create(k.b, k.loc);
  });
  k.barrier();
  SmallVector<Value> results;
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    Value result;
    for (int64_t w = 0; w < warps; ++w) {
      Value part = memref::LoadOp::create(k.b, k.loc, buffer, k.index(w));
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

SmallVector<Value> Exchange::reduceSum(ValueRange values) {
  auto combine = [&](unsigned, Value x, Value y) -> Value {
    return arith::AddIOp::create(k.b, k.loc, x, y);
  };
  SmallVector<Value> results(values);
  int64_t threads = threadsOfWarp();
  int64_t narrow = std::min(threads, narrowThreads);
  if (k.capabilities.redux && k.rowThreads >= k.warpSize &&
      !k.computeType.isF64())
    for (Value &sum : results)
      sum = gpu::SubgroupReduceOp::create(k.b, k.loc, sum,
                                          gpu::AllReduceOperation::ADD,
                                          /*uniform=*/true);
  else
    results = reduceWarp(values, narrow, /*groups=*/1, combine);
  for (Value &sum : results)
    if (!sum.getType().isInteger(64))
      sum = arith::ExtSIOp::create(k.b, k.loc, k.b.getI64Type(), sum);
  return reduceWarps(reduceWarp(results, threads, narrow, combine), combine);
}
