// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// registers: a short row stays in vector registers from its one read to its
// one write.  With a dynamic length there is one loop nest per number of
// vectors, so that every access is unrolled.

#include "RowSum.h"
#include "RowSweep.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class RegistersRunner : public SingleRowRunner {
public:
  /// `tail` is that of the last of `count` vectors, or null if it is whole.
  RegistersRunner(KernelBuilder &k, const RowNeeds &needs,
                  const RowPosition &row, int64_t count, const Tail *tail)
      : SingleRowRunner(k, needs, row), tail(tail) {
    for (int64_t v = 0; v < count; ++v) {
      const Tail *vectorTail = v + 1 == count ? tail : nullptr;
      Value i = k.index(v * k.lanes);
      elements.push_back(loadElements(i, vectorTail));
      logits.push_back(k.statistics.empty() ? SmallVector<Value>()
                                            : buildLogits(elements.back(), i));
    }
    lifted.resize(count);
  }

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows) override {
    SmallVector<WideValue> results;
    for (unsigned s : active)
      results.push_back(reduceOne(pass, s, rows[s]));
    return results;
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn) override {
    for (size_t v = 0; v < elements.size(); ++v) {
      Value i = k.index(v * k.lanes);
      const Tail *vectorTail = v + 1 == elements.size() ? tail : nullptr;
      SmallVector<Value> wide = llvm::map_to_vector(
          logits[v], [&](Value logit) { return k.broadcast(logit, k.lanes); });
      SmallVector<Value> results = buildResults(
          k, needs, elements[v], wide, lifted[v], rows, handedOn, k.lanes,
          [&](int64_t dim) { return elementCoordinate(dim, i); });
      for (auto [o, result] : llvm::enumerate(results))
        k.store(result, k.inits[o], k.add(row.initOffsets[o], i), vectorTail);
    }
  }

private:
  WideValue reduceOne(unsigned pass, unsigned s, const RowValues &rowValues) {
    StatisticBuilder builder = k.statistic();
    bool isMax = k.statistics[s].getCombiner(pass) == Combiner::Max;
    SmallVector<Value> values;
    for (size_t v = 0; v < elements.size(); ++v) {
      Value logit = k.broadcast(logits[v][s], k.lanes);
      Value value = k.statistics[s].buildLift(builder, pass, logit, rowValues);
      if (needs.staged == s && pass == k.statistics[s].getLiftedPass())
        lifted[v] = value;
      if (tail && v + 1 == elements.size()) {
        Value nothing = isMax ? k.negativeInfinity(value.getType())
                              : k.noSum(value.getType());
        value = arith::SelectOp::create(k.b, k.loc, tail->mask, value, nothing);
      }
      // A NaN must not enter as the accumulator.
      if (isMax)
        value = combineMax(k, value, k.negativeInfinity(value.getType()));
      values.push_back(value);
    }
    if (isMax) {
      while (values.size() > 1) {
        size_t half = (values.size() + 1) / 2;
        for (size_t i = 0; i + half < values.size(); ++i)
          values[i] = combineMax(k, values[i + half], values[i]);
        values.resize(half);
      }
      return {reduceMax(k, values[0]), Value()};
    }
    // Whole groups first, then the incomplete one by itself, as sweepRow does.
    RowSum sum(k);
    int64_t perGroup = k.numeric.getGroup() / k.lanes;
    WideParts total = sum.identity(0);
    WideParts lanes = sum.identity(RowSum::numPartials);
    size_t first = 0;
    bool anyWhole = false;
    for (; first + perGroup < values.size() ||
           (first + perGroup == values.size() && !tail);
         first += perGroup) {
      ArrayRef<Value> group = ArrayRef<Value>(values).slice(first, perGroup);
      lanes = sum.addNarrow(lanes, sum.foldGroup(group));
      anyWhole = true;
    }
    if (anyWhole)
      total = sum.addWide(total, sum.foldLanes(lanes));
    if (first < values.size()) {
      SmallVector<Value> group(values.begin() + first, values.end());
      group.resize(perGroup);
      WideParts last = sum.addNarrow(sum.identity(RowSum::numPartials),
                                     sum.foldGroup(group));
      total = sum.addWide(total, sum.foldLanes(last));
    }
    return sum.finish(total);
  }

  const Tail *tail;
  SmallVector<SmallVector<Value>> elements, logits;
  SmallVector<Value> lifted;
};
} // namespace

/// All rows, of `count` vectors each.
static void emitRows(KernelBuilder &k, const RowNeeds &needs, int64_t count) {
  std::optional<int64_t> columns = getConstantIntValue(k.columns);
  std::optional<Tail> tail;
  if (!columns || *columns != count * k.lanes)
    tail = k.tail(k.sub(k.columns, k.index((count - 1) * k.lanes)));
  forEachRow(k, [&](const RowPosition &row) {
    RegistersRunner runner(k, needs, row, count, tail ? &*tail : nullptr);
    emitRowProgram(k, needs, runner);
  });
}

void mlir::softmax::emitRegisters(KernelBuilder &k, const RowNeeds &needs,
                                  AlternativeAttr alternative) {
  int64_t most = llvm::divideCeil(alternative.getMaxColumns(), k.lanes);
  if (std::optional<int64_t> columns = getConstantIntValue(k.columns)) {
    emitRows(k, needs, llvm::divideCeil(*columns, k.lanes));
    return;
  }
  Value vectors =
      k.div(k.add(k.columns, k.index(k.lanes - 1)), k.index(k.lanes));
  SmallVector<int64_t> cases;
  for (int64_t count = 1; count < most; ++count)
    cases.push_back(count);
  auto switchOp = scf::IndexSwitchOp::create(
      k.b, k.loc, TypeRange{}, vectors, cases, static_cast<int>(cases.size()));
  for (auto [region, count] :
       llvm::zip(switchOp->getRegions().drop_front(), cases)) {
    OpBuilder::InsertionGuard guard(k.b);
    k.b.createBlock(&region);
    emitRows(k, needs, count);
    scf::YieldOp::create(k.b, k.loc);
  }
  OpBuilder::InsertionGuard guard(k.b);
  k.b.createBlock(&switchOp.getDefaultRegion());
  emitRows(k, needs, most);
  scf::YieldOp::create(k.b, k.loc);
}
