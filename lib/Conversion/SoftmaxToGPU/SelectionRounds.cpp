// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SelectionRounds.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

/// Beyond the places of all elements of a thread's vectors.
static constexpr int64_t edgePlaces = int64_t(1) << 20;
/// Elements that are looked through one after the other; several such chains
/// run side by side.
static constexpr size_t chainLength = 8;

SelectionRounds::SelectionRounds(SelectionForm &form, const Segment &segment,
                                 Value begin)
    : form(form), k(form.k), segment(segment), begin(begin) {
  MathBuilder &math = form.math;
  SmallVector<Value> edges;
  for (const Segment::Slot &slot : segment.slots) {
    if (slot.lanes) {
      if (!firstColumn)
        firstColumn = inSegment(slot.column);
      for (int64_t i = 0; i < slot.lanes; ++i)
        places.push_back(
            math.integer(form.i32, static_cast<int64_t>(places.size())));
      continue;
    }
    // The edges of a thread are in the order of their columns, and none of them
    // lies between its vectors.
    Value column = inSegment(slot.column);
    auto number = static_cast<int64_t>(edges.size());
    edges.push_back(k.select(
        math.compareInt(arith::CmpIPredicate::slt, column, firstColumn),
        math.integer(form.i32, number - edgePlaces),
        math.integer(form.i32, number + edgePlaces)));
    edgeColumns.push_back(column);
  }
  numVectorElements = places.size();
  llvm::append_range(places, edges);
}

Value SelectionRounds::inSegment(Value column) {
  return k.sub(form.narrow(column), form.narrow(begin));
}

Value SelectionRounds::columnOf(Value place) {
  MathBuilder &math = form.math;
  auto integer = [&](int64_t value) { return math.integer(form.i32, value); };
  Value vector = k.div(place, integer(k.lanes));
  Value lane = k.rem(place, integer(k.lanes));
  Value column = k.add(
      firstColumn, k.add(k.mul(vector, integer(Segment::vectorStep(k))), lane));
  for (auto [i, edge] : llvm::enumerate(edgeColumns))
    column = k.select(form.isSame(place, places[numVectorElements + i]), edge,
                      column);
  return column;
}

/// `combine` over `values` pair by pair: a tree.
static Value foldPairs(SmallVector<Value> values,
                       function_ref<Value(Value, Value)> combine) {
  while (values.size() > 1) {
    SmallVector<Value> half;
    for (size_t i = 0; i < values.size(); i += 2)
      half.push_back(i + 1 < values.size() ? combine(values[i], values[i + 1])
                                           : values[i]);
    values = half;
  }
  return values.front();
}

SmallVector<Value> SelectionRounds::withFirst(SmallVector<Value> elements) {
  Value key = foldPairs(elements, [&](Value x, Value y) -> Value {
    return arith::MaxSIOp::create(k.b, k.loc, x, y);
  });
  // Of equal ones the first.  Places of vectors ascend: backwards, the last one
  // found is the lowest.
  Value none = form.math.integer(form.i32, llvm::maxIntN(32));
  auto placeIf = [&](size_t i, Value otherwise) {
    return k.select(form.isSame(elements[i], key), places[i], otherwise);
  };
  SmallVector<Value> found;
  for (size_t begin = 0; begin < numVectorElements; begin += chainLength) {
    Value place = none;
    for (size_t i = std::min(begin + chainLength, numVectorElements);
         i-- > begin;)
      place = placeIf(i, place);
    found.push_back(place);
  }
  for (size_t i = numVectorElements; i < elements.size(); ++i)
    found.push_back(placeIf(i, none));
  Value place = foldPairs(found, [&](Value x, Value y) -> Value {
    return arith::MinSIOp::create(k.b, k.loc, x, y);
  });
  SmallVector<Value> state = std::move(elements);
  llvm::append_range(state, ValueRange{key, place, columnOf(place)});
  return state;
}

SmallVector<Value> SelectionRounds::start() {
  SmallVector<Value> elements, edges;
  for (const Segment::Slot &slot : segment.slots) {
    Value key = form.keyOf(slot.logits[form.s]);
    if (slot.valid) {
      Value nothing = form.absent();
      if (slot.lanes)
        nothing = k.broadcast(nothing, slot.lanes);
      key = arith::SelectOp::create(k.b, k.loc, slot.valid, key, nothing);
    }
    if (!slot.lanes)
      edges.push_back(key);
    for (int64_t i = 0; i < slot.lanes; ++i)
      elements.push_back(vector::ExtractOp::create(k.b, k.loc, key, i));
  }
  llvm::append_range(elements, edges);
  return withFirst(elements);
}

Ranked SelectionRounds::findFirstOfWarp(Ranked own) {
  if (k.capabilities.redux && k.rowThreads >= k.warpSize &&
      form.keys.getWidth() == 32) {
    auto reduce = [&](Value value, gpu::AllReduceOperation operation) {
      return gpu::SubgroupReduceOp::create(k.b, k.loc, value, operation,
                                           /*uniform=*/true)
          .getResult();
    };
    Value key = reduce(own.key, gpu::AllReduceOperation::MAXSI);
    Value column = k.select(form.isSame(own.key, key), own.column,
                            form.math.integer(form.i32, llvm::maxIntN(32)));
    return {key, reduce(column, gpu::AllReduceOperation::MINSI)};
  }
  for (int64_t distance = std::min(k.rowThreads, k.warpSize) / 2; distance > 0;
       distance /= 2)
    own = form.first(
        own, {k.shuffle(own.key, distance), k.shuffle(own.column, distance)});
  return own;
}

Ranked SelectionRounds::findFirstOfBlock(Value round, const Ranked &own) {
  int64_t warps = k.rowThreads / k.warpSize;
  Value keys = k.shared(form.keys, 2 * warps);
  Value columns = k.shared(form.i32, 2 * warps);
  // Two places in turn: who is a round ahead writes to the other one.
  Value turn =
      form.toIndex(form.math.andInt(round, form.math.integer(form.i32, 1)));
  Value base = k.mul(turn, k.index(warps));
  Value leader = k.isZero(k.rem(k.thread, k.index(k.warpSize)));
  scf::IfOp::create(k.b, k.loc, leader, [&](OpBuilder &, Location) {
    Value at = k.add(base, k.div(k.thread, k.index(k.warpSize)));
    memref::StoreOp::create(k.b, k.loc, own.key, keys, at);
    memref::StoreOp::create(k.b, k.loc, own.column, columns, at);
    scf::YieldOp::create(k.b, k.loc);
  });
  k.barrier();
  SmallVector<Ranked> found;
  for (int64_t w = 0; w < warps; ++w) {
    Value at = k.add(base, k.index(w));
    found.push_back({memref::LoadOp::create(k.b, k.loc, keys, at),
                     memref::LoadOp::create(k.b, k.loc, columns, at)});
  }
  while (found.size() > 1) {
    SmallVector<Ranked> half;
    for (size_t i = 0; i < found.size(); i += 2)
      half.push_back(i + 1 < found.size() ? form.first(found[i], found[i + 1])
                                          : found[i]);
    found = half;
  }
  return found.front();
}

Ranked SelectionRounds::findFirst(Value round, ValueRange state) {
  Ranked own = findFirstOfWarp(getFirst(state));
  return k.rowThreads > k.warpSize ? findFirstOfBlock(round, own) : own;
}

SmallVector<Value> SelectionRounds::without(Value place, ValueRange elements) {
  SmallVector<Value> left;
  for (auto [at, element] : llvm::zip_equal(places, elements))
    left.push_back(k.select(form.isSame(at, place), form.absent(), element));
  return withFirst(left);
}

SmallVector<Value> SelectionRounds::drop(const Ranked &taken,
                                         ValueRange state) {
  ValueRange elements = state.take_front(places.size());
  Value place = state[places.size() + 1];
  Ranked first = getFirst(state);
  Value had = k.both(form.isSame(first.key, taken.key),
                     form.isSame(first.column, taken.column));
  if (k.rowThreads <= k.warpSize) {
    // Others of the warp would wait.
    Value none = form.math.integer(form.i32, llvm::minIntN(32));
    return without(k.select(had, place, none), elements);
  }
  return llvm::to_vector_of<Value>(
      scf::IfOp::create(
          k.b, k.loc, had,
          [&](OpBuilder &, Location) {
            scf::YieldOp::create(k.b, k.loc, dropFirst(state));
          },
          [&](OpBuilder &, Location) {
            scf::YieldOp::create(k.b, k.loc, state);
          })
          .getResults());
}
