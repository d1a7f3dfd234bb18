// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowStages.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::softmax;

SmallVector<Value> mlir::softmax::flattenWide(ArrayRef<WideValue> values) {
  SmallVector<Value> flat;
  for (const WideValue &value : values) {
    flat.push_back(value.hi);
    if (value.lo)
      flat.push_back(value.lo);
  }
  return flat;
}

SmallVector<WideValue> mlir::softmax::unflattenWide(ValueRange values,
                                                    ArrayRef<WideValue> like) {
  SmallVector<WideValue> wide;
  for (const WideValue &value : like) {
    wide.push_back({values[0], value.lo ? values[1] : Value()});
    values = values.drop_front(value.lo ? 2 : 1);
  }
  return wide;
}

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

SmallVector<unsigned> mlir::softmax::getActive(GenericBuilder &k,
                                               const RowNeeds &needs,
                                               unsigned pass) {
  SmallVector<unsigned> active;
  for (unsigned s = 0; s < k.statistics.size(); ++s)
    if (pass < needs.passes[s].size() && needs.passes[s][pass])
      active.push_back(s);
  return active;
}

SmallVector<unsigned> mlir::softmax::getAllStatistics(GenericBuilder &k) {
  return llvm::to_vector(llvm::seq<unsigned>(0, k.statistics.size()));
}

void mlir::softmax::prepareRows(GenericBuilder &k, unsigned pass,
                                ArrayRef<unsigned> active,
                                ArrayRef<WideValue> reduced,
                                MutableArrayRef<RowValues> rows) {
  StatisticBuilder builder = k.statistic();
  for (auto [s, value] : llvm::zip(active, reduced))
    k.statistics[s].buildPrepare(builder, pass, value, rows[s]);
}

/// Whether all of `active` have a condition under which `pass` runs: their
/// disjunction, an i1; else null.
static Value buildCondition(GenericBuilder &k, unsigned pass,
                            ArrayRef<unsigned> active,
                            ArrayRef<RowValues> rows) {
  StatisticBuilder builder = k.statistic();
  Value condition;
  for (unsigned s : active) {
    Value one = k.statistics[s].buildPassCondition(builder, pass, rows[s]);
    if (!one)
      return nullptr;
    if (isa<VectorType>(one.getType()))
      one = vector::ReductionOp::create(k.b, k.loc, vector::CombiningKind::OR,
                                        one);
    condition =
        condition ? arith::OrIOp::create(k.b, k.loc, condition, one).getResult()
                  : one;
  }
  return condition;
}

void mlir::softmax::emitPass(GenericBuilder &k, const RowNeeds &needs,
                             unsigned pass, MutableArrayRef<RowValues> rows,
                             Reducer reduce) {
  SmallVector<unsigned> active = getActive(k, needs, pass);
  if (active.empty())
    return;
  Value condition = buildCondition(k, pass, active, rows);
  if (!condition) {
    prepareRows(k, pass, active, reduce(pass, active, rows), rows);
    return;
  }
  if (matchPattern(condition, m_Zero())) {
    Value nothing = k.noSum(k.b.getF64Type());
    WideValue none = {nothing, k.computeType.isF64() ? nothing : Value()};
    if (k.statistic().sumsPairs)
      none.hi = none.lo = k.noSum(k.computeType);
    SmallVector<WideValue> reduced(active.size(), none);
    prepareRows(k, pass, active, reduced, rows);
    return;
  }
  if (k.makeUniform)
    condition = k.makeUniform(condition);
  // A pass that is rarely needed: its reduction is -0.0 where it is skipped.
  SmallVector<WideValue> reduced;
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, condition,
      [&](OpBuilder &, Location) {
        reduced = reduce(pass, active, rows);
        scf::YieldOp::create(k.b, k.loc, flattenWide(reduced));
      },
      [&](OpBuilder &, Location) {
        SmallVector<Value> nothing;
        for (Value value : flattenWide(reduced))
          nothing.push_back(k.noSum(value.getType()));
        scf::YieldOp::create(k.b, k.loc, nothing);
      });
  reduced = unflattenWide(ifOp.getResults(), reduced);
  prepareRows(k, pass, active, reduced, rows);
}

void mlir::softmax::finishRows(GenericBuilder &k,
                               MutableArrayRef<RowValues> rows) {
  StatisticBuilder builder = k.statistic();
  for (auto [statistic, row] : llvm::zip(k.statistics, rows))
    if (!row.slots.empty())
      statistic.buildFinish(builder, row);
}

SmallVector<Value> mlir::softmax::emitRowRegion(GenericBuilder &k,
                                                RowScope &scope,
                                                ArrayRef<RowValues> rows) {
  GenericOp op = k.op;
  if (!op.hasRow())
    return {};
  SmallVector<Value> args;
  for (unsigned i = 0; i < op.getInputs().size(); ++i)
    if (op.isRowInvariant(op.getInputMap(i)))
      args.push_back(scope.rowInput(i));
  StatisticBuilder builder = k.statistic();
  for (auto [s, statistic] : llvm::enumerate(k.statistics)) {
    ValueRange regionArgs = getStatisticArguments(op, s, /*row=*/true);
    if (int64_t count = statistic.getSelectionSize()) {
      bool used = llvm::any_of(
          regionArgs, [](Value argument) { return !argument.use_empty(); });
      for (auto [i, arg] : llvm::enumerate(regionArgs))
        if (!used)
          args.push_back(k.zero(arg.getType()));
      if (used)
        llvm::append_range(args, scope.select(s, count));
      continue;
    }
    for (auto [i, arg] : llvm::enumerate(regionArgs))
      args.push_back(arg.use_empty()
                         ? Value(k.noSum(arg.getType()))
                         : statistic.buildRowArgument(builder, i, rows[s]));
  }
  SmallVector<Value> handedOn =
      k.inlineRegion(op.getRow(), args, scope.rowLanes(),
                     [&](int64_t dim) { return scope.rowCoordinate(dim); });
  unsigned elementwise = op.getNumElementwiseInits();
  unsigned perRow = op.getInits().size() - elementwise;
  for (unsigned i = 0; i < perRow; ++i)
    scope.storeRow(elementwise + i, handedOn[i]);
  handedOn.erase(handedOn.begin(), handedOn.begin() + perRow);
  return handedOn;
}

SmallVector<Value>
mlir::softmax::buildResults(GenericBuilder &k, const RowNeeds &needs,
                            ValueRange elements, ArrayRef<Value> logits,
                            const LiftedValue &lifted, ArrayRef<RowValues> rows,
                            ValueRange handedOn, int64_t laneCount,
                            GenericBuilder::Coordinate coordinate) {
  GenericOp op = k.op;
  SmallVector<Value> args(elements);
  StatisticBuilder builder = k.statistic();
  for (auto [s, statistic] : llvm::enumerate(k.statistics)) {
    ValueRange regionArgs = getStatisticArguments(op, s, /*row=*/false);
    for (auto [i, arg] : llvm::enumerate(regionArgs)) {
      if (arg.use_empty()) {
        args.push_back(k.noSum(arg.getType()));
        continue;
      }
      LiftedValue staged = needs.staged == s ? lifted : LiftedValue();
      args.push_back(statistic.buildResultArgument(builder, i, logits[s],
                                                   staged, rows[s]));
    }
  }
  llvm::append_range(args, handedOn);
  SmallVector<Value> results =
      k.inlineRegion(op.getResult(), args, laneCount, coordinate);
  if (laneCount != 0)
    for (Value &result : results)
      result = k.broadcast(result, laneCount);
  return results;
}
