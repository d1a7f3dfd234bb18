// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "PassBody.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Math/MathBuilder.h"

using namespace mlir;
using namespace mlir::softmax;

Value mlir::softmax::reduceMax(KernelBuilder &k, Value vector) {
  return vector::ReductionOp::create(k.b, k.loc, vector::CombiningKind::MAXNUMF,
                                     vector, arith::FastMathFlags::nnan);
}

Value mlir::softmax::combineMax(KernelBuilder &k, Value value, Value acc) {
  MathBuilder math(k.b, k.loc, k.numeric.getFma());
  return math.maxIgnoringNaN(value, acc);
}

SmallVector<WideValue>
mlir::softmax::getReducedLike(KernelBuilder &k, unsigned pass,
                              ArrayRef<unsigned> active) {
  SmallVector<WideValue> like;
  for (unsigned s : active) {
    if (k.statistics[s].getCombiner(pass) == Combiner::Max) {
      like.push_back({k.zero(k.computeType), Value()});
      continue;
    }
    Value wide = k.zero(k.b.getF64Type());
    like.push_back({wide, k.computeType.isF64() ? wide : Value()});
  }
  return like;
}

PassBody::PassBody(KernelBuilder &k, unsigned pass, ArrayRef<unsigned> active,
                   ArrayRef<RowValues> rows, PassAccess &access)
    : k(k), sum(k), pass(pass), active(active), rows(rows), access(access),
      numMaxima(std::min<int64_t>(k.numeric.getGroup() / k.lanes, 4)) {}

bool PassBody::hasLows(unsigned a) {
  return !isMax(a) && k.statistic().liftsPairs() &&
         pass == k.statistics[active[a]].getLiftedPass() &&
         k.statistics[active[a]].getNumPasses() > 1;
}

SmallVector<Value> PassBody::start() {
  SmallVector<Value> carried;
  VectorType type = k.vectorOf(k.computeType, k.lanes);
  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a))
      carried.append(numMaxima, k.negativeInfinity(type));
    else
      llvm::append_range(carried, sum.identity(RowSum::numPartials));
  }
  return carried;
}

SmallVector<Value> PassBody::neutral() {
  SmallVector<Value> values;
  VectorType type = k.vectorOf(k.computeType, k.lanes);
  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a)) {
      values.push_back(k.negativeInfinity(type));
      continue;
    }
    if (hasLows(a))
      values.push_back(k.noSum(type.clone(k.b.getF64Type())));
    values.push_back(k.noSum(type));
  }
  return values;
}

void PassBody::load(Value i, const Tail *tail) {
  Waiting vector;
  vector.i = i;
  if (tail)
    vector.tail = *tail;
  vector.loaded = access.load(i, tail);
  loaded.push_back(std::move(vector));
}

void PassBody::store() {
  for (const Waiting &vector : computed)
    access.store(vector.i, vector.tail ? &*vector.tail : nullptr,
                 vector.lifted);
  computed.clear();
}

SmallVector<Value> PassBody::compute() {
  Waiting vector = std::move(loaded.front());
  loaded.pop_front();
  const Tail *tail = vector.tail ? &*vector.tail : nullptr;
  SmallVector<Value> logits = access.logits(vector.loaded, vector.i, tail);
  SmallVector<LiftedValue> lifted;
  StatisticBuilder builder = k.statistic();
  for (unsigned s : active)
    lifted.push_back(k.statistics[s].buildLift(
        builder, pass, k.broadcast(logits[s], k.lanes), rows[s]));
  auto masked = [&](Value value, bool isMaximum) -> Value {
    if (!tail)
      return value;
    Value nothing = isMaximum ? k.negativeInfinity(value.getType())
                              : k.noSum(value.getType());
    return arith::SelectOp::create(k.b, k.loc, tail->mask, value, nothing);
  };
  SmallVector<Value> values;
  for (unsigned a = 0; a < active.size(); ++a) {
    Value value = masked(lifted[a].value, isMax(a));
    if (!hasLows(a)) {
      values.push_back(value);
      continue;
    }
    values.push_back(sum.widen(value));
    values.push_back(masked(lifted[a].low, /*isMaximum=*/false));
  }
  vector.lifted = std::move(lifted);
  computed.push_back(std::move(vector));
  return values;
}

void PassBody::accumulate(int64_t v, ArrayRef<Value> values,
                          MutableArrayRef<Value> carried) {
  unsigned value = 0, first = 0;
  for (unsigned a = 0; a < active.size(); ++a) {
    if (isMax(a)) {
      Value &acc = carried[first + v % numMaxima];
      acc = combineMax(k, values[value], acc);
    }
    value += numValues(a);
    first += numCarried(a);
  }
}

SmallVector<Value> PassBody::join(ArrayRef<Value> low, ArrayRef<Value> high) {
  SmallVector<Value> joined(low);
  unsigned value = 0;
  for (unsigned a = 0; a < active.size(); ++a) {
    for (unsigned j = 0; j < numValues(a); ++j, ++value)
      if (!isMax(a))
        joined[value] =
            arith::AddFOp::create(k.b, k.loc, low[value], high[value]);
  }
  return joined;
}

void PassBody::endGroup(ArrayRef<SmallVector<Value>> roots,
                        MutableArrayRef<Value> carried) {
  unsigned value = 0, first = 0;
  for (unsigned a = 0; a < active.size(); ++a) {
    if (!isMax(a)) {
      auto fold = [&](unsigned j) {
        SmallVector<Value> vectors;
        for (const SmallVector<Value> &root : roots)
          vectors.push_back(root[value + j]);
        return sum.foldGroup(vectors);
      };
      Value partials = fold(0);
      if (hasLows(a))
        partials =
            arith::AddFOp::create(k.b, k.loc, partials, sum.widen(fold(1)));
      MutableArrayRef<Value> own = carried.slice(first, sum.parts());
      WideParts parts =
          sum.addNarrow(WideParts(own.begin(), own.end()), partials);
      llvm::copy(parts, own.begin());
    }
    value += numValues(a);
    first += numCarried(a);
  }
}

void PassBody::finish(ArrayRef<Value> carried) {
  results.clear();
  for (unsigned a = 0; a < active.size(); ++a) {
    ArrayRef<Value> own = carried.take_front(numCarried(a));
    carried = carried.drop_front(own.size());
    if (!isMax(a)) {
      results.push_back(
          sum.finish(sum.foldLanes(WideParts(own.begin(), own.end()))));
      continue;
    }
    SmallVector<Value> maxima(own);
    while (maxima.size() > 1) {
      size_t half = maxima.size() / 2;
      for (size_t j = 0; j < half; ++j)
        maxima[j] = combineMax(k, maxima[j + half], maxima[j]);
      maxima.resize(half);
    }
    results.push_back({reduceMax(k, maxima[0]), Value()});
  }
}
