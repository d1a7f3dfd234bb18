// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The maxima of the lanes of a group, for selections (Selection.cpp).

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_LANEMAXIMA_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_LANEMAXIMA_H

#include "PassBody.h"

namespace mlir::softmax {

/// The largest of the elements in each lane, with as many accumulators as a
/// group has vectors.
class LaneMaxima : public GroupBody {
public:
  LaneMaxima(KernelBuilder &k, PassAccess &access, unsigned s)
      : k(k), access(access), s(s) {}

  SmallVector<Value> start() override {
    VectorType type = k.vectorOf(k.computeType, k.lanes);
    return SmallVector<Value>(k.numeric.getGroup() / k.lanes,
                              k.negativeInfinity(type));
  }
  void load(Value i, const Tail *tail) override {
    waiting.push_back({i, access.load(i, tail), {}});
    if (tail)
      waiting.back().tail = *tail;
  }
  SmallVector<Value> compute() override {
    Waiting vector = std::move(waiting.front());
    waiting.pop_front();
    const Tail *tail = vector.tail ? &*vector.tail : nullptr;
    Value logit =
        k.broadcast(access.logits(vector.loaded, vector.i, tail)[s], k.lanes);
    if (tail)
      logit = arith::SelectOp::create(k.b, k.loc, tail->mask, logit,
                                      k.negativeInfinity(logit.getType()));
    return {logit};
  }
  SmallVector<Value> neutral() override {
    return {k.negativeInfinity(k.vectorOf(k.computeType, k.lanes))};
  }
  void accumulate(int64_t v, ArrayRef<Value> values,
                  MutableArrayRef<Value> carried) override {
    carried[v] = combineMax(k, values[0], carried[v]);
  }
  void finish(ArrayRef<Value> carried) override {
    maxima.assign(carried.begin(), carried.end());
  }

  SmallVector<Value> maxima;

private:
  KernelBuilder &k;
  PassAccess &access;
  unsigned s;
  struct Waiting {
    Value i;
    SmallVector<Value> loaded;
    std::optional<Tail> tail;
  };
  std::deque<Waiting> waiting;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_LANEMAXIMA_H
