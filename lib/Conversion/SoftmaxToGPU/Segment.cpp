// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Segment.h"
#include "RowLanes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

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
  chooseOutside();
  if (llvm::any_of(slots, [](const Slot &slot) { return bool(slot.counts); }))
    never = k.buildNever();
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
  // Counts and the ends of addresses fit 32 bits: half the work of an index.
  Type i32 = k.b.getI32Type();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(k.b, k.loc, i32, value);
  };
  auto narrow = [&](Value index) {
    return k.b.createOrFold<arith::IndexCastOp>(k.loc, i32, index);
  };
  auto widen = [&](Value value) {
    return k.b.createOrFold<arith::IndexCastUIOp>(k.loc, k.b.getIndexType(),
                                                  value);
  };
  Value thread = narrow(k.thread), length = narrow(count);
  int64_t along = k.lanesAlongRow();
  Value zero = constant(0), lanes = constant(along), head = zero;
  auto vectorBytes = [&](const Access &access) {
    return along * access.view->elementBytes();
  };
  if (first && along > 1) {
    Value past = k.b.createOrFold<arith::AndIOp>(
        k.loc, k.sub(zero, narrow(addressOf(*first))),
        constant(vectorBytes(*first) - 1));
    head = k.min(k.div(past, constant(first->view->elementBytes())), length);
  }
  for (Access &access : llvm::concat<Access>(inputs, inits)) {
    if (!access.view || &access == first || along == 1)
      continue;
    Value address = k.add(narrow(addressOf(access)),
                          k.mul(head, constant(access.view->elementBytes())));
    access.aligned = k.b.createOrFold<arith::CmpIOp>(
        k.loc, arith::CmpIPredicate::eq,
        k.b.createOrFold<arith::AndIOp>(k.loc, address,
                                        constant(vectorBytes(access) - 1)),
        zero);
  }
  Value numVectors = k.div(k.sub(length, head), lanes);
  Value inVectors = k.mul(numVectors, lanes);
  Value edges = k.sub(length, inVectors);

  // A warp's vectors are consecutive, so that the warps behind the row's end
  // have none.  One address, and what vectors add to it is known.
  int64_t warp = std::min(k.rowThreads, k.warpSize);
  bool warps = k.rowThreads > warp;
  Value number = thread;
  if (warps) {
    Value lane = k.rem(thread, constant(warp));
    Value first = k.mul(k.sub(thread, lane), constant(k.vectors));
    number = k.add(first, lane);
    if (k.groups > 1)
      active = k.b.createOrFold<arith::OrIOp>(
          k.loc, k.lessThan(first, numVectors),
          k.lessThan(k.sub(thread, lane), edges));
    whole =
        k.lessThan(k.add(first, constant(warp * k.vectors - 1)), numVectors);
  }
  Value place = widen(k.mul(number, lanes));
  Value own = k.add(begin, widen(k.add(head, k.mul(number, lanes))));
  bool allSure = true;
  for (int64_t c = 0; c < k.vectors; ++c) {
    Slot slot;
    slot.lanes = k.lanes;
    // Elements before the end of the last thread's vector, head included.
    int64_t before = (k.rowThreads - warp) * k.vectors + (c + 1) * warp;
    bool surely = before * along + along - 1 <= this->least;
    allSure &= surely;
    if (!surely)
      slot.valid = k.lessThan(k.add(number, constant(c * warp)), numVectors);
    slot.place = k.add(place, k.index(c * vectorStep(k)));
    slot.column = k.add(own, k.index(c * vectorStep(k)));
    slot.counts = countsFrom(slot);
    slots.push_back(std::move(slot));
  }
  if (allSure)
    whole = nullptr;
  for (int64_t e = 0; e < 2 * along - 2; e += k.rowThreads) {
    Slot edge;
    edge.lanes = 0;
    Value number = k.add(thread, constant(e));
    edge.valid = k.lessThan(number, edges);
    edge.place = widen(k.add(inVectors, number));
    Value behind = k.select(k.lessThan(number, head), zero, inVectors);
    edge.column = k.add(begin, widen(k.add(number, behind)));
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
  if (k.lanesAreRows)
    return loadRows(k, view, offset);
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

/// `value` in every element of `type`; zeros of integers.
static Value constantOf(GPUBuilder &k, Type type, double value) {
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  if (!element || value == 0)
    return arith::ConstantOp::create(k.b, k.loc, k.b.getZeroAttr(type));
  TypedAttr attr = FloatAttr::get(element, value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, cast<Attribute>(attr));
  return arith::ConstantOp::create(k.b, k.loc, attr);
}

// What is made of a constant in one arm of a branch and of an element in the
// other would be made in the arms: right behind a load, and before the next.
// Elements of the compute type are used as they are.
Value Segment::hide(Value constant) {
  if (getElementTypeOrSelf(constant) == k.computeType)
    return constant;
  return arith::SelectOp::create(k.b, k.loc, never, k.zeros(constant.getType()),
                                 constant);
}

Value Segment::loadWhere(Value condition, Type type, double outside,
                         function_ref<Value()> load) {
  if (!condition)
    return load();
  return scf::IfOp::create(
             k.b, k.loc, condition,
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(k.b, k.loc, load());
             },
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(k.b, k.loc,
                                    hide(constantOf(k, type, outside)));
             })
      .getResult(0);
}

/// What `yes` yields where `condition` holds, else what `no` does; without a
/// condition `no`.
SmallVector<Value>
Segment::selectBetween(Value condition, function_ref<SmallVector<Value>()> yes,
                       function_ref<SmallVector<Value>()> no) {
  if (!condition)
    return no();
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, condition,
      [&](OpBuilder &, Location) { scf::YieldOp::create(k.b, k.loc, yes()); },
      [&](OpBuilder &, Location) { scf::YieldOp::create(k.b, k.loc, no()); });
  return llvm::to_vector(ValueRange(ifOp.getResults()));
}

SmallVector<Value> Segment::loadVectors(const Access &access, double outside) {
  Type type = VectorType::get(k.lanes, access.view->elementType);
  if (k.lanesAreRows)
    type = typeOfRows(k, *access.view);
  auto load = [&](bool aligned) {
    // Those that are surely there come first: in both arms of a branch they
    // would be moved behind it.
    SmallVector<Value> values(slots.size());
    SmallVector<size_t> others;
    for (auto [s, slot] : llvm::enumerate(slots)) {
      if (!slot.lanes)
        continue;
      if (slot.counts)
        others.push_back(s);
      else
        values[s] = loadVector(access, slot, aligned);
    }
    SmallVector<Value> rest = selectBetween(
        k.rowEnd ? Value() : whole,
        [&]() {
          return llvm::map_to_vector(others, [&](size_t s) {
            return loadVector(access, slots[s], aligned);
          });
        },
        [&]() {
          return llvm::map_to_vector(others, [&](size_t s) {
            return loadWhere(slots[s].counts, type, outside, [&]() {
              return loadVector(access, slots[s], aligned);
            });
          });
        });
    for (auto [s, value] : llvm::zip(others, rest))
      values[s] = value;
    llvm::erase(values, Value());
    return values;
  };
  if (!access.aligned)
    return load(true);
  return selectBetween(
      access.aligned, [&]() { return load(true); },
      [&]() { return load(false); });
}

Value Segment::loadEdge(const Access &access, const Slot &slot,
                        double outside) {
  return loadWhere(slot.counts, access.view->elementType, outside, [&]() {
    return k.loadScalar(*access.view, placeIn(access, slot));
  });
}

/// The input that `logit` is, widened or not, if it is one along the row that
/// can hold `outside`.
static std::optional<unsigned> getInputOf(GPUBuilder &k, Value logit,
                                          double outside) {
  while (auto extend = logit.getDefiningOp<arith::ExtFOp>())
    logit = extend.getIn();
  auto argument = dyn_cast<BlockArgument>(logit);
  if (!argument || !k.inputs[argument.getArgNumber()].alongRow)
    return std::nullopt;
  // Of f8 not all types have infinities.
  auto type = dyn_cast<FloatType>(argument.getType());
  if (!type || (outside != 0 && type.getWidth() < 16))
    return std::nullopt;
  return argument.getArgNumber();
}

void Segment::chooseOutside() {
  outsideInputs.assign(inputs.size(), 0);
  if (!k.op.hasLogit())
    return;
  SmallVector<bool> chosen(inputs.size());
  Operation *yield = k.op.getLogit().front().getTerminator();
  StatisticBuilder builder = k.statistic();
  for (auto [s, statistic] : llvm::enumerate(k.statistics)) {
    if (statistic.getSelectionSize() != 0) {
      // It asks slots whether they are valid.
      outsideLogits.push_back(0);
      selectsLogits.push_back(false);
      continue;
    }
    bool exponentials =
        statistic.getLiftExponent(builder, statistic.getLiftedPass())
            .has_value();
    double outside =
        exponentials ? -std::numeric_limits<double>::infinity() : 0;
    outsideLogits.push_back(outside);
    std::optional<unsigned> input =
        getInputOf(k, yield->getOperand(s), outside);
    bool fits = input && (!chosen[*input] || outsideInputs[*input] == outside);
    selectsLogits.push_back(!fits);
    if (!fits)
      continue;
    chosen[*input] = true;
    outsideInputs[*input] = outside;
  }
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
    SmallVector<Value> vectors = loadVectors(access, outsideInputs[i]);
    for (auto [s, slot] : llvm::enumerate(slots))
      slot.elements[i] =
          slot.lanes ? vectors[s] : loadEdge(access, slot, outsideInputs[i]);
  }
}

void Segment::computeLogits() {
  if (!k.op.hasLogit())
    return;
  for (Slot &slot : slots) {
    slot.logits =
        k.inlineRegion(k.op.getLogit(), slot.elements, slot.lanes,
                       [&](int64_t dim) { return coordinate(slot, dim); });
    for (auto [s, logit] : llvm::enumerate(slot.logits)) {
      if (slot.lanes)
        logit = k.broadcast(logit, slot.lanes);
      if (slot.valid && selectsLogits[s])
        logit = arith::SelectOp::create(
            k.b, k.loc, slot.valid, logit,
            constantOf(k, logit.getType(), outsideLogits[s]));
    }
  }
}

void Segment::storeVector(const Access &access, const Slot &slot, Value value,
                          bool aligned) {
  const OperandView &view = *access.view;
  Value offset = placeIn(access, slot);
  if (k.lanesAreRows)
    return storeRows(k, value, view, offset);
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
  auto all = [&](bool aligned, bool whole) {
    for (size_t s = 0; s < slots.size(); ++s)
      if (slots[s].lanes)
        emitIf(k, whole ? Value() : slots[s].valid,
               [&]() { storeVector(access, slots[s], values[s], aligned); });
    return SmallVector<Value>();
  };
  auto vectors = [&](bool aligned) {
    return selectBetween(
        whole, [&]() { return all(aligned, true); },
        [&]() { return all(aligned, false); });
  };
  if (!access.aligned)
    vectors(true);
  else
    selectBetween(
        access.aligned, [&]() { return vectors(true); },
        [&]() { return vectors(false); });
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
    return k.lanesAreRows ? coordinateOfRows(k, row, dim)
                          : row.coordinates[dim];
  Value position = slot.column;
  if (slot.lanes && !k.lanesAreRows) {
    auto type = VectorType::get(slot.lanes, k.b.getIndexType());
    SmallVector<int64_t> steps = llvm::to_vector(llvm::seq(slot.lanes));
    Value step = arith::ConstantOp::create(k.b, k.loc, type,
                                           k.b.getIndexVectorAttr(steps));
    position = arith::AddIOp::create(k.b, k.loc, step,
                                     k.broadcast(slot.column, slot.lanes));
  }
  return coordinateInRow(k, dim, position);
}
