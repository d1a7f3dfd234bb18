// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Segment.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

Segment::Segment(GPUBuilder &k, const RowPosition &row, Value begin,
                 Value count, int64_t least)
    : k(k), row(row), begin(begin), count(count), least(least) {
  if (k.rowValid) {
    this->count = k.select(k.rowValid, count, k.index(0));
    this->least = 0;
  }
  unsigned numResults = k.op.getNumElementwiseInits();
  for (auto [view, offset] : llvm::zip(k.inputs, row.inputOffsets))
    inputs.push_back(makeAccess(view, offset));
  for (auto [view, offset] : llvm::zip_first(
           ArrayRef(k.inits).take_front(numResults), row.initOffsets))
    inits.push_back(makeAccess(view, offset));
  place();
}

Segment::Access Segment::makeAccess(const OperandView &view, Value rowOffset) {
  Access access;
  if (!view.alongRow)
    return access;
  access.view = &view;
  access.offset = k.contiguous ? k.add(rowOffset, begin) : rowOffset;
  return access;
}

Value Segment::addressOf(const Access &access) {
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      k.b, k.loc, access.view->flat);
  return k.add(base,
               k.mul(access.offset, k.index(access.view->elementBytes())));
}

Value Segment::countsFrom(const Slot &slot) {
  if (!k.rowEnd)
    return slot.valid;
  Value counts = k.lessThan(slot.column, k.rowEnd);
  return slot.valid ? k.both(slot.valid, counts) : counts;
}

void Segment::place() {
  // The operand whose vectors decide: of those with the largest elements the
  // first, so that no access of another is wider.
  Access *first = nullptr;
  for (Access &access : llvm::concat<Access>(inputs, inits))
    if (access.view &&
        (!first || access.view->elementBytes() > first->view->elementBytes()))
      first = &access;
  Value head = k.index(0);
  auto vectorBytes = [&](const Access &access) {
    return k.lanes * access.view->elementBytes();
  };
  if (first && k.lanes > 1) {
    Value past = k.b.createOrFold<arith::AndIOp>(
        k.loc, k.sub(k.index(0), addressOf(*first)),
        k.index(vectorBytes(*first) - 1));
    head = k.min(k.div(past, k.index(first->view->elementBytes())), count);
  }
  for (Access &access : llvm::concat<Access>(inputs, inits)) {
    if (!access.view || &access == first || k.lanes == 1)
      continue;
    Value address = k.add(addressOf(access),
                          k.mul(head, k.index(access.view->elementBytes())));
    access.aligned = k.b.createOrFold<arith::CmpIOp>(
        k.loc, arith::CmpIPredicate::eq,
        k.b.createOrFold<arith::AndIOp>(k.loc, address,
                                        k.index(vectorBytes(access) - 1)),
        k.index(0));
  }
  Value body = k.sub(count, head);
  numVectors = k.div(body, k.index(k.lanes));
  Value edges = k.sub(count, k.mul(numVectors, k.index(k.lanes)));

  for (int64_t c = 0; c < k.vectors; ++c) {
    Slot slot;
    slot.lanes = k.lanes;
    Value number = k.add(k.thread, k.index(c * k.rowThreads));
    // Elements before the end of the last thread's vector, head included.
    bool surely = (c + 1) * k.rowThreads * k.lanes + k.lanes - 1 <= this->least;
    if (!surely)
      slot.valid = k.lessThan(number, numVectors);
    slot.place = k.mul(number, k.index(k.lanes));
    slot.column = k.add(k.add(begin, head), slot.place);
    slot.counts = countsFrom(slot);
    slots.push_back(std::move(slot));
  }
  Value behind = k.mul(numVectors, k.index(k.lanes));
  for (int64_t e = 0; e < 2 * k.lanes - 2; e += k.rowThreads) {
    Slot edge;
    edge.lanes = 0;
    Value number = k.add(k.thread, k.index(e));
    edge.valid = k.lessThan(number, edges);
    edge.place = k.add(behind, number);
    edge.column = k.add(k.add(begin, number),
                        k.select(k.lessThan(number, head), k.index(0), behind));
    edge.counts = countsFrom(edge);
    slots.push_back(std::move(edge));
  }
}

//===----------------------------------------------------------------------===//
// Access
//===----------------------------------------------------------------------===//

Value Segment::placeIn(const Access &access, const Slot &slot) {
  if (k.contiguous)
    return k.add(access.offset, k.sub(slot.column, begin));
  Value offset = access.offset;
  for (auto [dim, coordinate] :
       llvm::zip(k.reduced, k.delinearize(slot.column, k.reduced)))
    offset = k.add(offset, k.mul(access.view->strides[dim], coordinate));
  return offset;
}

Value Segment::loadVector(const Access &access, const Slot &slot,
                          bool aligned) {
  const OperandView &view = *access.view;
  Value offset = placeIn(access, slot);
  auto type = VectorType::get(k.lanes, view.elementType);
  if (aligned)
    return vector::LoadOp::create(k.b, k.loc, type, view.flat,
                                  ValueRange{offset}, /*nontemporal=*/false,
                                  llvm::Align(k.lanes * view.elementBytes()));
  SmallVector<Value> scalars;
  for (int64_t i = 0; i < k.lanes; ++i)
    scalars.push_back(k.loadScalar(view, k.add(offset, k.index(i))));
  return vector::FromElementsOp::create(k.b, k.loc, type, scalars);
}

Value Segment::loadWhere(Value condition, Type type,
                         function_ref<Value()> load) {
  if (!condition)
    return load();
  return scf::IfOp::create(
             k.b, k.loc, condition,
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(k.b, k.loc, load());
             },
             [&](OpBuilder &, Location) {
               Value zero =
                   arith::ConstantOp::create(k.b, k.loc, k.b.getZeroAttr(type));
               scf::YieldOp::create(k.b, k.loc, zero);
             })
      .getResult(0);
}

SmallVector<Value> Segment::loadVectors(const Access &access) {
  auto type = VectorType::get(k.lanes, access.view->elementType);
  auto all = [&](bool aligned) {
    SmallVector<Value> values;
    for (const Slot &slot : slots)
      if (slot.lanes)
        values.push_back(loadWhere(slot.counts, type, [&]() {
          return loadVector(access, slot, aligned);
        }));
    return values;
  };
  if (!access.aligned)
    return all(true);
  return scf::IfOp::create(
             k.b, k.loc, access.aligned,
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(k.b, k.loc, all(true));
             },
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(k.b, k.loc, all(false));
             })
      .getResults();
}

Value Segment::loadEdge(const Access &access, const Slot &slot) {
  return loadWhere(slot.counts, access.view->elementType, [&]() {
    return k.loadScalar(*access.view, placeIn(access, slot));
  });
}

void Segment::load() {
  read();
  computeLogits();
}

void Segment::takeInvariants() {
  for (Slot &slot : slots)
    slot.elements.assign(row.invariants.begin(), row.invariants.end());
}

void Segment::read() {
  takeInvariants();
  // All of an input's vectors are asked for before any of its values is used.
  for (auto [i, access] : llvm::enumerate(inputs)) {
    if (!access.view)
      continue;
    SmallVector<Value> vectors = loadVectors(access);
    for (auto [s, slot] : llvm::enumerate(slots))
      slot.elements[i] = slot.lanes ? vectors[s] : loadEdge(access, slot);
  }
}

void Segment::computeLogits() {
  if (!k.op.hasLogit())
    return;
  for (Slot &slot : slots) {
    slot.logits =
        k.inlineRegion(k.op.getLogit(), slot.elements, slot.lanes,
                       [&](int64_t dim) { return coordinate(slot, dim); });
    if (slot.lanes)
      for (Value &logit : slot.logits)
        logit = k.broadcast(logit, slot.lanes);
  }
}

void Segment::storeVector(const Access &access, const Slot &slot, Value value,
                          bool aligned) {
  const OperandView &view = *access.view;
  Value offset = placeIn(access, slot);
  if (aligned) {
    vector::StoreOp::create(k.b, k.loc, value, view.flat, ValueRange{offset},
                            /*nontemporal=*/false,
                            llvm::Align(k.lanes * view.elementBytes()));
    return;
  }
  for (int64_t i = 0; i < k.lanes; ++i)
    k.storeScalar(vector::ExtractOp::create(k.b, k.loc, value, i), view,
                  k.add(offset, k.index(i)));
}

/// `body` where `condition` holds, which is null for always.
static void emitIf(GPUBuilder &k, Value condition, function_ref<void()> body) {
  if (!condition)
    return body();
  scf::IfOp::create(k.b, k.loc, condition, [&](OpBuilder &, Location) {
    body();
    scf::YieldOp::create(k.b, k.loc);
  });
}

void Segment::storeInit(const Access &access, ArrayRef<Value> values) {
  auto vectors = [&](bool aligned) {
    for (size_t s = 0; s < slots.size(); ++s)
      if (slots[s].lanes)
        emitIf(k, slots[s].valid,
               [&]() { storeVector(access, slots[s], values[s], aligned); });
  };
  if (!access.aligned) {
    vectors(true);
  } else {
    scf::IfOp::create(
        k.b, k.loc, access.aligned,
        [&](OpBuilder &, Location) {
          vectors(true);
          scf::YieldOp::create(k.b, k.loc);
        },
        [&](OpBuilder &, Location) {
          vectors(false);
          scf::YieldOp::create(k.b, k.loc);
        });
  }
  for (size_t s = 0; s < slots.size(); ++s)
    if (!slots[s].lanes)
      emitIf(k, slots[s].valid, [&]() {
        k.storeScalar(values[s], *access.view, placeIn(access, slots[s]));
      });
}

void Segment::store(ArrayRef<SmallVector<Value>> results) {
  for (auto [i, access] : llvm::enumerate(inits)) {
    SmallVector<Value> values;
    for (const SmallVector<Value> &result : results)
      values.push_back(result[i]);
    storeInit(access, values);
  }
}

Value Segment::coordinate(const Slot &slot, int64_t dim) {
  if (row.coordinates[dim])
    return row.coordinates[dim];
  Value position = slot.column;
  if (slot.lanes) {
    auto type = VectorType::get(slot.lanes, k.b.getIndexType());
    SmallVector<int64_t> steps = llvm::to_vector(llvm::seq(slot.lanes));
    Value step = arith::ConstantOp::create(k.b, k.loc, type,
                                           k.b.getIndexVectorAttr(steps));
    position = arith::AddIOp::create(k.b, k.loc, step,
                                     k.broadcast(slot.column, slot.lanes));
  }
  return coordinateInRow(k, dim, position);
}
