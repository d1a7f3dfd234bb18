// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "GroupLoop.h"
#include "RowSum.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// Vectors whose loads all come before their arithmetic, and their stores after
/// it.
constexpr int64_t vectorsAtOnce = 4;

/// Values by body.
using Lists = SmallVector<SmallVector<Value>>;

/// One loop and the bodies that share it.
class Groups {
public:
  Groups(KernelBuilder &k, ArrayRef<GroupBody *> bodies)
      : k(k), bodies(bodies), group(k.numeric.getGroup()),
        vectorsPerGroup(group / k.lanes) {}

  Lists start() {
    Lists carried;
    for (GroupBody *body : bodies)
      carried.push_back(body->start());
    return carried;
  }
  /// The end of the whole groups of `range`.
  Value endOfWhole(ElementRange range) {
    Value length = k.sub(range.end, range.begin);
    return k.sub(range.end, k.rem(length, k.index(group)));
  }
  /// Whole groups from `begin` to `end`.
  Lists loop(Value begin, Value end, Lists carried);
  /// The incomplete group from `begin` to `end`, if it has an element.
  Lists last(Value begin, Value end, Lists carried);
  void finish(const Lists &carried) {
    for (auto [body, values] : llvm::zip(bodies, carried))
      body->finish(values);
  }

private:
  void load(Value i, int64_t v, int64_t count);
  Lists node(Value i, int64_t v, int64_t count, Lists &carried);
  /// The same over contributions that are there already.
  Lists node(ArrayRef<Lists> vectors, int64_t v, int64_t count);
  Lists contributions(Value i, const Tail *tail);
  void endGroup(ArrayRef<Lists> roots, Lists &carried);
  int64_t numRoots() {
    return std::max<int64_t>(RowSum::numPartials / k.lanes, 1);
  }
  /// Vectors of an incomplete group, each under a condition.
  SmallVector<Lists> lastByConditions(Value begin, Value rest);
  /// The same by a loop, by way of memory.
  SmallVector<Lists> lastByBuffer(Value begin, Value end);
  SmallVector<Lists> lastStatic(Value begin, int64_t rest);
  Lists neutral() {
    Lists lists;
    for (GroupBody *body : bodies)
      lists.push_back(body->neutral());
    return lists;
  }
  SmallVector<Value> flatten(const Lists &lists) {
    SmallVector<Value> values;
    for (const SmallVector<Value> &list : lists)
      llvm::append_range(values, list);
    return values;
  }
  Lists unflatten(ValueRange values, const Lists &like) {
    Lists lists;
    for (const SmallVector<Value> &list : like) {
      ValueRange part = values.take_front(list.size());
      values = values.drop_front(list.size());
      lists.emplace_back(part.begin(), part.end());
    }
    return lists;
  }

  KernelBuilder &k;
  ArrayRef<GroupBody *> bodies;
  int64_t group, vectorsPerGroup;
};
} // namespace

/// All steps for one vector.
Lists Groups::contributions(Value i, const Tail *tail) {
  for (GroupBody *body : bodies)
    body->load(i, tail);
  Lists lists;
  for (GroupBody *body : bodies)
    lists.push_back(body->compute());
  for (GroupBody *body : bodies)
    body->store();
  return lists;
}

/// Loads the vectors of node `v` of the level of `count` nodes.
void Groups::load(Value i, int64_t v, int64_t count) {
  if (count == vectorsPerGroup) {
    for (GroupBody *body : bodies)
      body->load(k.add(i, k.index(v * k.lanes)), nullptr);
    return;
  }
  load(i, v, 2 * count);
  load(i, v + count, 2 * count);
}

/// Node `v` of the level of `count` nodes of the tree over the group at `i`:
/// what its vectors v, v + count, v + 2 count ... contribute.  A node is built
/// as soon as what it joins is there, so that few values wait in registers.
Lists Groups::node(Value i, int64_t v, int64_t count, Lists &carried) {
  // The largest subtree of up to so many vectors takes its steps at once.
  bool together =
      vectorsPerGroup / count <= vectorsAtOnce &&
      (count == 1 || vectorsPerGroup / (count / 2) > vectorsAtOnce ||
       count == numRoots());
  if (together)
    load(i, v, count);
  Lists result;
  if (count == vectorsPerGroup) {
    for (GroupBody *body : bodies)
      result.push_back(body->compute());
    for (auto [b, body] : llvm::enumerate(bodies))
      body->accumulate(v, result[b], carried[b]);
  } else {
    result = node(i, v, 2 * count, carried);
    Lists high = node(i, v + count, 2 * count, carried);
    for (auto [b, body] : llvm::enumerate(bodies))
      result[b] = body->join(result[b], high[b]);
  }
  if (together)
    for (GroupBody *body : bodies)
      body->store();
  return result;
}

Lists Groups::node(ArrayRef<Lists> vectors, int64_t v, int64_t count) {
  if (count == vectorsPerGroup)
    return vectors[v];
  Lists low = node(vectors, v, 2 * count);
  Lists high = node(vectors, v + count, 2 * count);
  for (auto [b, body] : llvm::enumerate(bodies))
    low[b] = body->join(low[b], high[b]);
  return low;
}

void Groups::endGroup(ArrayRef<Lists> roots, Lists &carried) {
  for (auto [b, body] : llvm::enumerate(bodies)) {
    SmallVector<SmallVector<Value>> own;
    for (const Lists &root : roots)
      own.push_back(root[b]);
    body->endGroup(own, carried[b]);
  }
}

Lists Groups::loop(Value begin, Value end, Lists carried) {
  auto forOp = scf::ForOp::create(
      k.b, k.loc, begin, end, k.index(group), flatten(carried),
      [&](OpBuilder &, Location, Value i, ValueRange args) {
        Lists values = unflatten(args, carried);
        for (GroupBody *body : bodies)
          body->beginGroup(i);
        SmallVector<Lists> roots;
        for (int64_t root = 0; root < numRoots(); ++root)
          roots.push_back(node(i, root, numRoots(), values));
        endGroup(roots, values);
        scf::YieldOp::create(k.b, k.loc, flatten(values));
      });
  return unflatten(forOp.getResults(), carried);
}

SmallVector<Lists> Groups::lastStatic(Value begin, int64_t rest) {
  SmallVector<Lists> vectors;
  for (int64_t v = 0; v < vectorsPerGroup; ++v) {
    int64_t count = rest - v * k.lanes;
    if (count <= 0) {
      vectors.push_back(neutral());
      continue;
    }
    Value i = k.add(begin, k.index(v * k.lanes));
    if (count >= k.lanes) {
      vectors.push_back(contributions(i, nullptr));
      continue;
    }
    Tail tail = k.tail(k.index(count));
    vectors.push_back(contributions(i, &tail));
  }
  return vectors;
}

SmallVector<Lists> Groups::lastByConditions(Value begin, Value rest) {
  SmallVector<Lists> vectors;
  for (int64_t v = 0; v < vectorsPerGroup; ++v) {
    Value offset = k.index(v * k.lanes);
    Lists like;
    auto ifOp = scf::IfOp::create(
        k.b, k.loc, k.lessThan(offset, rest),
        [&](OpBuilder &, Location) {
          Tail tail = k.tail(k.min(k.sub(rest, offset), k.index(k.lanes)));
          like = contributions(k.add(begin, offset), &tail);
          scf::YieldOp::create(k.b, k.loc, flatten(like));
        },
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(k.b, k.loc, flatten(neutral()));
        });
    vectors.push_back(unflatten(ifOp.getResults(), like));
  }
  return vectors;
}

SmallVector<Lists> Groups::lastByBuffer(Value begin, Value end) {
  // Contributions wait in buffers that hold the neutral ones elsewhere, so that
  // the tree is the same as that of a whole group.
  Lists like = neutral();
  SmallVector<Value> nothing = flatten(like), buffers;
  for (auto [j, value] : llvm::enumerate(nothing)) {
    Type element = cast<VectorType>(value.getType()).getElementType();
    std::string key = "group" + std::to_string(j);
    llvm::raw_string_ostream(key) << element;
    buffers.push_back(k.stackBuffer(key, element, group));
    for (int64_t v = 0; v < vectorsPerGroup; ++v)
      vector::StoreOp::create(k.b, k.loc, value, buffers.back(),
                              ValueRange{k.index(v * k.lanes)});
  }
  auto put = [&](Value i, const Tail *tail) {
    SmallVector<Value> values = flatten(contributions(i, tail));
    for (auto [value, buffer] : llvm::zip(values, buffers))
      vector::StoreOp::create(k.b, k.loc, value, buffer,
                              ValueRange{k.sub(i, begin)});
  };
  forEachVector(k, {begin, end}, 1, put);
  SmallVector<Lists> vectors;
  for (int64_t v = 0; v < vectorsPerGroup; ++v) {
    SmallVector<Value> values;
    for (auto [value, buffer] : llvm::zip(nothing, buffers))
      values.push_back(
          vector::LoadOp::create(k.b, k.loc, cast<VectorType>(value.getType()),
                                 buffer, ValueRange{k.index(v * k.lanes)}));
    vectors.push_back(unflatten(values, like));
  }
  return vectors;
}

Lists Groups::last(Value begin, Value end, Lists carried) {
  Value rest = k.sub(end, begin);
  std::optional<int64_t> known = getConstantIntValue(rest);
  if (known && *known == 0)
    return carried;
  auto body = [&]() {
    for (GroupBody *one : bodies)
      one->beginGroup(begin);
    // Where masked accesses cost no more than others every vector gets code of
    // its own; else one for the whole vectors and one for the last.
    SmallVector<Lists> vectors =
        known ? lastStatic(begin, *known)
        : k.tailMode == TailMode::Masked && vectorsPerGroup <= 4
            ? lastByConditions(begin, rest)
            : lastByBuffer(begin, end);
    Lists values = carried;
    for (auto [v, lists] : llvm::enumerate(vectors))
      for (auto [b, one] : llvm::enumerate(bodies))
        one->accumulate(v, lists[b], values[b]);
    SmallVector<Lists> roots;
    for (int64_t root = 0; root < numRoots(); ++root)
      roots.push_back(node(vectors, root, numRoots()));
    endGroup(roots, values);
    return values;
  };
  if (known)
    return body();
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, k.lessThan(begin, end),
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, flatten(body()));
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, flatten(carried));
      });
  return unflatten(ifOp.getResults(), carried);
}

void mlir::softmax::emitGroups(KernelBuilder &k, ArrayRef<GroupBody *> bodies,
                               ElementRange range) {
  Groups groups(k, bodies);
  Value whole = groups.endOfWhole(range);
  Lists carried = groups.loop(range.begin, whole, groups.start());
  groups.finish(groups.last(whole, range.end, carried));
}

Value mlir::softmax::emitWholeGroups(
    KernelBuilder &k, ArrayRef<GroupBody *> bodies, ElementRange range,
    SmallVectorImpl<SmallVector<Value>> &carried) {
  Groups groups(k, bodies);
  Value whole = groups.endOfWhole(range);
  carried = groups.loop(range.begin, whole, groups.start());
  return whole;
}

void mlir::softmax::emitRest(KernelBuilder &k, GroupBody &body,
                             ElementRange rest, ArrayRef<Value> carried) {
  GroupBody *one[] = {&body};
  Groups groups(k, one);
  Value whole = groups.endOfWhole(rest);
  Lists lists = {SmallVector<Value>(carried)};
  lists = groups.loop(rest.begin, whole, lists);
  groups.finish(groups.last(whole, rest.end, lists));
}

void mlir::softmax::forEachVector(KernelBuilder &k, ElementRange range,
                                  int64_t unroll,
                                  function_ref<void(Value, const Tail *)> body,
                                  Value head) {
  Value start = range.begin;
  if (head) {
    start = k.min(k.add(range.begin, head), range.end);
    scf::IfOp::create(k.b, k.loc, k.lessThan(range.begin, start),
                      [&](OpBuilder &, Location) {
                        Tail tail = k.tail(k.sub(start, range.begin));
                        body(range.begin, &tail);
                        scf::YieldOp::create(k.b, k.loc);
                      });
  }
  Value length = k.sub(range.end, start);
  auto loop = [&](Value begin, int64_t count) {
    int64_t step = count * k.lanes;
    Value end = k.sub(range.end, k.rem(length, k.index(step)));
    scf::ForOp::create(k.b, k.loc, begin, end, k.index(step), ValueRange{},
                       [&](OpBuilder &, Location, Value i, ValueRange) {
                         for (int64_t v = 0; v < count; ++v)
                           body(k.add(i, k.index(v * k.lanes)), nullptr);
                         scf::YieldOp::create(k.b, k.loc);
                       });
    return end;
  };
  Value done = loop(start, unroll);
  if (unroll > 1)
    done = loop(done, 1);
  scf::IfOp::create(k.b, k.loc, k.lessThan(done, range.end),
                    [&](OpBuilder &, Location) {
                      Tail tail = k.tail(k.sub(range.end, done));
                      body(done, &tail);
                      scf::YieldOp::create(k.b, k.loc);
                    });
}
