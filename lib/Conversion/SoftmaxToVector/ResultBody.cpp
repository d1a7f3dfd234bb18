// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "ResultBody.h"
#include "RowProgram.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Staging
//===----------------------------------------------------------------------===//

LiftedValue Stage::load(KernelBuilder &k, Value i, const Tail *tail) const {
  // Scratch may be read and written past a row's end.
  if (padded)
    tail = nullptr;
  LiftedValue value;
  value.value = k.load(view, k.add(offset, i), tail);
  if (low)
    value.low = k.load(*low, k.add(offset, i), tail);
  return value;
}

void Stage::store(KernelBuilder &k, const LiftedValue &value, Value i,
                  const Tail *tail) const {
  if (padded)
    tail = nullptr;
  k.store(value.value, view, k.add(offset, i), tail);
  if (low)
    k.store(value.low, *low, k.add(offset, i), tail);
}

std::optional<Stage> mlir::softmax::allocateStage(KernelBuilder &k,
                                                  const RowNeeds &needs,
                                                  Value elements) {
  if (!needs.staged)
    return std::nullopt;
  Stage stage;
  stage.view = k.scratch(k.computeType, elements);
  stage.offset = k.index(0);
  stage.padded = true;
  if (k.statistic().liftsPairs())
    stage.low = k.scratch(k.computeType, elements);
  return stage;
}

bool mlir::softmax::isStagedPass(KernelBuilder &k, const RowNeeds &needs,
                                 unsigned pass, ArrayRef<unsigned> active) {
  return needs.staged && llvm::is_contained(active, *needs.staged) &&
         pass == k.statistics[*needs.staged].getLiftedPass();
}

void RowPassAccess::store(Value i, const Tail *tail,
                          ArrayRef<LiftedValue> values) {
  if (!stage)
    return;
  const unsigned *position = llvm::find(active, *needs.staged);
  stage->store(k, values[position - active.begin()], i, tail);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void ResultBody::load(Value i, const Tail *tail) {
  Waiting vector;
  vector.i = i;
  if (tail)
    vector.tail = *tail;
  if (needsLogits() || needs.resultUsesElements)
    vector.elements = loadElements(k, row, i, tail);
  else
    for (auto [view, invariant] : llvm::zip(k.inputs, row.invariants))
      vector.elements.push_back(
          invariant ? invariant
                    : k.broadcast(k.zero(view.elementType), k.lanes));
  if (stage)
    vector.staged = stage->load(k, i, tail);
  loaded.push_back(std::move(vector));
}

SmallVector<Value> ResultBody::compute() {
  Waiting vector = std::move(loaded.front());
  loaded.pop_front();
  SmallVector<Value> logits(k.statistics.size());
  if (needsLogits())
    logits = buildLogits(k, row, vector.elements, vector.i);
  else if (masked)
    logits.assign(k.statistics.size(),
                  k.broadcast(k.negativeInfinity(k.computeType), k.lanes));
  vector.results = buildResults(
      k, needs, vector.elements, logits, vector.staged, rows, handedOn, k.lanes,
      [&](int64_t dim) { return elementCoordinate(k, row, dim, vector.i); });
  computed.push_back(std::move(vector));
  return {};
}

void ResultBody::store() {
  for (const Waiting &vector : computed)
    for (auto [o, result] : llvm::enumerate(vector.results))
      k.store(result, k.inits[o], k.add(row.initOffsets[o], vector.i),
              vector.tail ? &*vector.tail : nullptr, nontemporal);
  computed.clear();
}

void mlir::softmax::writeMaskedResults(KernelBuilder &k, const RowNeeds &needs,
                                       const RowPosition &row,
                                       ArrayRef<RowValues> rows,
                                       ValueRange handedOn, ElementRange range,
                                       bool nontemporal) {
  constexpr int64_t vectorsAtOnce = 4;
  ResultBody body(k, needs, row, rows, handedOn, /*stage=*/nullptr,
                  nontemporal);
  body.assumeMasked();
  Value head;
  if (nontemporal)
    head = k.min(
        k.misalignment(k.inits[0], k.add(row.initOffsets[0], range.begin)),
        k.sub(range.end, range.begin));
  forEachVector(
      k, range, vectorsAtOnce,
      [&](Value i, const Tail *tail) { body.write(i, tail); }, head);
}

Value mlir::softmax::buildCommonCase(KernelBuilder &k, unsigned pass,
                                     ArrayRef<unsigned> active,
                                     MutableArrayRef<RowValues> rows) {
  StatisticBuilder builder = k.statistic();
  Value isCommon;
  for (unsigned s : active) {
    // Past the last pass: of the results.
    unsigned own =
        pass == RowNeeds::results ? k.statistics[s].getNumPasses() : pass;
    RowValues common;
    Value condition =
        k.statistics[s].buildCommonCase(builder, own, rows[s], common);
    if (!condition)
      continue;
    rows[s] = common;
    isCommon =
        isCommon
            ? arith::AndIOp::create(k.b, k.loc, isCommon, condition).getResult()
            : condition;
  }
  return isCommon;
}

SmallVector<Value> mlir::softmax::emitWithCommonCase(
    KernelBuilder &k, unsigned pass, ArrayRef<unsigned> active,
    ArrayRef<RowValues> rows,
    function_ref<SmallVector<Value>(ArrayRef<RowValues>)> emit) {
  SmallVector<RowValues> common(rows);
  Value isCommon = buildCommonCase(k, pass, active, common);
  if (!isCommon)
    return emit(rows);
  SmallVector<Value> values;
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, isCommon,
      [&](OpBuilder &, Location) {
        values = emit(common);
        scf::YieldOp::create(k.b, k.loc, values);
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(k.b, k.loc, emit(rows));
      });
  return llvm::to_vector_of<Value>(ifOp.getResults());
}
