// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowProgram.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::emitRowProgram(KernelBuilder &k, const RowNeeds &needs,
                                   RowRunner &runner) {
  GenericOp op = k.op;
  SmallVector<RowValues> rows(k.statistics.size());
  for (unsigned pass = 0; pass < needs.numPasses; ++pass) {
    SmallVector<unsigned> active;
    Value condition;
    for (unsigned s = 0; s < k.statistics.size(); ++s) {
      if (pass >= needs.passes[s].size() || !needs.passes[s][pass])
        continue;
      active.push_back(s);
    }
    if (active.empty())
      continue;
    StatisticBuilder builder = k.statistic();
    bool conditional = llvm::all_of(active, [&](unsigned s) {
      Value one = k.statistics[s].buildPassCondition(builder, pass, rows[s]);
      if (!one)
        return false;
      if (isa<VectorType>(one.getType()))
        one = vector::ReductionOp::create(k.b, k.loc, vector::CombiningKind::OR,
                                          one);
      condition =
          condition
              ? arith::OrIOp::create(k.b, k.loc, condition, one).getResult()
              : one;
      return true;
    });

    SmallVector<WideValue> reduced;
    if (!conditional) {
      reduced = runner.reduce(pass, active, rows);
    } else {
      // A pass that is rarely needed: its reduction is -0.0 where it is
      // skipped.
      auto flatten = [](ArrayRef<WideValue> wide) {
        SmallVector<Value> values;
        for (const WideValue &value : wide) {
          values.push_back(value.hi);
          if (value.lo)
            values.push_back(value.lo);
        }
        return values;
      };
      auto ifOp = scf::IfOp::create(
          k.b, k.loc, condition,
          [&](OpBuilder &, Location) {
            reduced = runner.reduce(pass, active, rows);
            scf::YieldOp::create(k.b, k.loc, flatten(reduced));
          },
          [&](OpBuilder &, Location) {
            SmallVector<Value> nothing;
            for (Value value : flatten(reduced))
              nothing.push_back(k.noSum(value.getType()));
            scf::YieldOp::create(k.b, k.loc, nothing);
          });
      unsigned next = 0;
      for (WideValue &value : reduced) {
        value.hi = ifOp.getResult(next++);
        if (value.lo)
          value.lo = ifOp.getResult(next++);
      }
    }
    for (auto [s, value] : llvm::zip(active, reduced))
      k.statistics[s].buildPrepare(builder, pass, value, rows[s]);
  }

  SmallVector<Value> handedOn;
  unsigned elementwise = op.getNumElementwiseInits();
  if (op.hasRow()) {
    SmallVector<Value> args;
    for (unsigned i = 0; i < op.getInputs().size(); ++i)
      if (op.isRowInvariant(op.getInputMap(i)))
        args.push_back(runner.rowInput(i));
    StatisticBuilder builder = k.statistic();
    for (auto [s, statistic] : llvm::enumerate(k.statistics)) {
      ValueRange regionArgs = getStatisticArguments(op, s, /*row=*/true);
      for (auto [i, arg] : llvm::enumerate(regionArgs))
        args.push_back(arg.use_empty()
                           ? Value(k.noSum(arg.getType()))
                           : statistic.buildRowArgument(builder, i, rows[s]));
    }
    handedOn =
        k.inlineRegion(op.getRow(), args, runner.rowLanes(),
                       [&](int64_t dim) { return runner.rowCoordinate(dim); });
    unsigned perRow = op.getInits().size() - elementwise;
    for (unsigned i = 0; i < perRow; ++i)
      runner.storeRow(elementwise + i, handedOn[i]);
    handedOn.erase(handedOn.begin(), handedOn.begin() + perRow);
  }
  if (op.hasResult())
    runner.writeResults(rows, handedOn);
}

SmallVector<Value>
mlir::softmax::buildResults(KernelBuilder &k, const RowNeeds &needs,
                            ValueRange elements, ArrayRef<Value> logits,
                            Value lifted, ArrayRef<RowValues> rows,
                            ValueRange handedOn, int64_t laneCount,
                            KernelBuilder::Coordinate coordinate) {
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
      Value stagedValue = needs.staged == s ? lifted : Value();
      args.push_back(statistic.buildResultArgument(builder, i, logits[s],
                                                   stagedValue, rows[s]));
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
