// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// One pass of the statistics over elements whose logits can be had as vectors.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PASSBODY_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PASSBODY_H

#include "../Common/RowStages.h"
#include "GroupLoop.h"
#include "RowSum.h"
#include <deque>

namespace mlir::softmax {

/// Where the logits of a pass come from and its lifted values go to.
class PassAccess {
public:
  virtual ~PassAccess() = default;
  /// Reads what `logits` needs for the `lanes` elements from `i` on.
  virtual SmallVector<Value> load(Value i, const Tail *tail) = 0;
  /// One logit per statistic, from what was read.
  virtual SmallVector<Value> logits(ArrayRef<Value> loaded, Value i,
                                    const Tail *tail) = 0;
  /// Stores the lifted values of the active statistics.
  virtual void store(Value i, const Tail *tail, ArrayRef<LiftedValue> values) {}
};

/// Reduces `pass` for the statistics numbered `active`.
class PassBody : public GroupBody {
public:
  PassBody(KernelBuilder &k, unsigned pass, ArrayRef<unsigned> active,
           ArrayRef<RowValues> rows, PassAccess &access);

  SmallVector<Value> start() override;
  void load(Value i, const Tail *tail) override;
  SmallVector<Value> compute() override;
  void store() override;
  SmallVector<Value> neutral() override;
  void accumulate(int64_t v, ArrayRef<Value> values,
                  MutableArrayRef<Value> carried) override;
  SmallVector<Value> join(ArrayRef<Value> low, ArrayRef<Value> high) override;
  void endGroup(ArrayRef<SmallVector<Value>> roots,
                MutableArrayRef<Value> carried) override;
  void finish(ArrayRef<Value> carried) override;

  /// Per active statistic, after the loop.
  SmallVector<WideValue> results;

private:
  bool isMax(unsigned a) {
    return k.statistics[active[a]].getCombiner(pass) == Combiner::Max;
  }
  /// Whether contributions to a sum are f64 with a low part beside them.
  bool hasLows(unsigned a);
  /// Values per vector, and values carried, of active statistic `a`.
  unsigned numValues(unsigned a) { return hasLows(a) ? 2 : 1; }
  unsigned numCarried(unsigned a) { return isMax(a) ? numMaxima : sum.parts(); }

  KernelBuilder &k;
  RowSum sum;
  unsigned pass;
  SmallVector<unsigned> active;
  SmallVector<RowValues> rows;
  PassAccess &access;
  /// A maximum takes few cycles: several in flight hide them.
  int64_t numMaxima;
  /// Vectors between the steps.
  struct Waiting {
    Value i;
    std::optional<Tail> tail;
    SmallVector<Value> loaded;
    SmallVector<LiftedValue> lifted;
  };
  std::deque<Waiting> loaded;
  SmallVector<Waiting> computed;
};

/// Values of the types that `PassBody::results` will have.
SmallVector<WideValue> getReducedLike(KernelBuilder &k, unsigned pass,
                                      ArrayRef<unsigned> active);
/// The largest lane of a vector that holds no NaN.
Value reduceMax(KernelBuilder &k, Value vector);
/// Lane-wise maximum of `value` and `acc`; NaN in `value` is passed over.
Value combineMax(KernelBuilder &k, Value value, Value acc);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PASSBODY_H
