// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax.generic: its regions run element by element, its statistics come from
// RowStatistics.
#include "Evaluator.h"
#include "RowStatistics.h"
#include "ScalarProgram.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {
/// A yielded value that the specification has a bound of its own for.
struct Promise {
  enum Kind { None, Probability, LogProbability, LogSumExp } kind = None;
  /// The max_sumexp that it comes from.
  unsigned statistic = 0;
};
} // namespace

/// `value` without the casts between floats around it.
static Value stripCasts(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::TruncFOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Whether a value yielded by the result region is %p or %logp of a statistic.
static Promise classifyResult(Value yielded,
                              ArrayRef<StatisticAttrInterface> statistics,
                              unsigned firstArgument) {
  auto argument = dyn_cast<BlockArgument>(stripCasts(yielded));
  if (!argument || !getFloatKind(yielded.getType()))
    return {};
  unsigned next = firstArgument;
  for (auto [i, statistic] : llvm::enumerate(statistics)) {
    if (isa<MaxSumExpAttr>(statistic)) {
      if (argument.getArgNumber() == next)
        return {Promise::Probability, static_cast<unsigned>(i)};
      if (argument.getArgNumber() == next + 1)
        return {Promise::LogProbability, static_cast<unsigned>(i)};
    }
    next += statistic.getNumResultArguments();
  }
  return {};
}

/// Whether a value yielded by the row region is max + log(sum) of a statistic.
static Promise classifyRow(Value yielded,
                           ArrayRef<StatisticAttrInterface> statistics,
                           unsigned firstArgument) {
  auto add = stripCasts(yielded).getDefiningOp<arith::AddFOp>();
  if (!add)
    return {};
  for (bool swap : {false, true}) {
    auto max = dyn_cast<BlockArgument>(swap ? add.getRhs() : add.getLhs());
    auto log =
        (swap ? add.getLhs() : add.getRhs()).getDefiningOp<math::LogOp>();
    auto sum =
        log ? dyn_cast<BlockArgument>(log.getOperand()) : BlockArgument();
    if (!max || !sum)
      continue;
    unsigned next = firstArgument;
    for (auto [i, statistic] : llvm::enumerate(statistics)) {
      if (isa<MaxSumExpAttr>(statistic) && max.getArgNumber() == next &&
          sum.getArgNumber() == next + 1)
        return {Promise::LogSumExp, static_cast<unsigned>(i)};
      next += statistic.getNumRowArguments();
    }
  }
  return {};
}

namespace {
/// The statistics of one row, in the order of the op's list.
struct RowState {
  SmallVector<std::optional<MaxSumExpRow>> maxSumExp;
  SmallVector<Scalar> sums;
  /// A row of logits per statistic.
  SmallVector<std::vector<Scalar>> logits;
};
} // namespace

static void fillLanes(MutableArrayRef<Scalar> lanes, ArrayRef<Scalar> values) {
  llvm::copy(values, lanes.begin());
}

LogicalResult Evaluator::evaluateGeneric(GenericOp op) {
  if (op->getNumResults() != op.getInits().size())
    return op.emitError("the reference evaluates operations on tensors only");
  if (!op.getRows().empty())
    return op.emitError(
        "the reference evaluates all rows; remove the operands of rows(...)");

  // Sizes of the iteration space; every operand must agree.
  int64_t rank = op.getIterationRank();
  Sizes sizes(rank, ShapedType::kDynamic);
  SmallVector<Value> operands(op.getInputs());
  llvm::append_range(operands, op.getInits());
  SmallVector<AffineMap> maps = op.getMapList();
  for (auto [i, operand] : llvm::enumerate(operands)) {
    ArrayRef<int64_t> shape = get(operand).shape;
    for (auto [d, expr] : llvm::enumerate(maps[i].getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      int64_t expected = 1;
      if (dim) {
        int64_t &known = sizes[dim.getPosition()];
        known = ShapedType::isDynamic(known) ? shape[d] : known;
        expected = known;
      }
      if (shape[d] != expected)
        return op.emitOpError("operand #")
               << i << " has size " << shape[d] << " in dimension " << d
               << " where " << expected << " is needed (C-SHAPE-1)";
    }
  }
  SmallVector<ReferenceTensor> results;
  for (Value init : op.getInits())
    results.push_back(get(init));
  auto finish = [&]() {
    for (auto [result, tensor] : llvm::zip_equal(op.getResults(), results))
      set(result, std::move(tensor));
    return success();
  };
  if (mode == Mode::Shapes)
    return finish();

  // The regions.
  unsigned numInputs = op.getInputs().size();
  SmallVector<StatisticAttrInterface> statistics = op.getStatisticList();
  FloatKind kind = *getFloatKind(op.getComputeType());
  auto capture = [](Value) -> const ReferenceTensor * { return nullptr; };
  SmallVector<const ReferenceTensor *> inputs;
  SmallVector<OffsetMap> offsets;
  SmallVector<bool> exactInputs, exactRowArgs;
  SmallVector<unsigned> rowInputs;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    SmallVector<int64_t> shape = get(operand).shape;
    AffineMap map = maps[i];
    // The elements of a vector result lie one after the other.
    if (shape.size() > map.getNumResults())
      map = AffineMap::get(
          rank, 0,
          llvm::to_vector(llvm::concat<const AffineExpr>(
              map.getResults(),
              ArrayRef<AffineExpr>(getAffineConstantExpr(0, op.getContext())))),
          op.getContext());
    offsets.emplace_back(map, shape);
    if (i >= numInputs)
      continue;
    inputs.push_back(&get(operand));
    exactInputs.push_back(inputs.back()->exact);
    if (op.isRowInvariant(maps[i])) {
      rowInputs.push_back(i);
      exactRowArgs.push_back(inputs.back()->exact);
    }
  }
  std::optional<ScalarProgram> logitProgram, rowProgram, resultProgram;
  auto prepare = [&](std::optional<ScalarProgram> &program, Region &region,
                     ArrayRef<bool> exact) -> LogicalResult {
    FailureOr<ScalarProgram> prepared =
        ScalarProgram::prepare(region.front(), exact, capture);
    if (succeeded(prepared))
      program = std::move(*prepared);
    return prepared;
  };
  if (op.hasLogit() &&
      failed(prepare(logitProgram, op.getLogit(), exactInputs)))
    return failure();
  SmallVector<bool> exactResultArgs = exactInputs;
  for (auto [i, statistic] : llvm::enumerate(statistics)) {
    if (!isa<MaxSumExpAttr, SumAttr, TopKAttr>(statistic))
      return op.emitError("the reference does not know the statistic ")
             << statistic;
    // The maximum and the largest values are logits; sums are exact.
    bool exactLogit = logitProgram->isYieldExact(i);
    exactRowArgs.push_back(isa<SumAttr>(statistic) || exactLogit);
    if (isa<MaxSumExpAttr>(statistic))
      exactRowArgs.push_back(true);
    if (isa<TopKAttr>(statistic))
      exactRowArgs.push_back(false);
    exactResultArgs.append(statistic.getNumResultArguments(), true);
  }
  unsigned elementwise = op.getNumElementwiseInits();
  unsigned perRow = op.getInits().size() - elementwise;
  SmallVector<Promise> rowPromises, resultPromises;
  if (op.hasRow()) {
    if (failed(prepare(rowProgram, op.getRow(), exactRowArgs)))
      return failure();
    Operation *yield = op.getRow().front().getTerminator();
    for (unsigned i = 0; i < perRow; ++i)
      rowPromises.push_back(
          classifyRow(yield->getOperand(i), statistics, rowInputs.size()));
    for (unsigned i = perRow; i < yield->getNumOperands(); ++i)
      exactResultArgs.push_back(rowProgram->isYieldExact(i));
  }
  if (op.hasResult()) {
    if (failed(prepare(resultProgram, op.getResult(), exactResultArgs)))
      return failure();
    for (Value value : op.getResult().front().getTerminator()->getOperands())
      resultPromises.push_back(classifyResult(value, statistics, numInputs));
  }
  for (unsigned i = 0; i < results.size(); ++i)
    results[i].exact = i < elementwise
                           ? resultProgram->isYieldExact(i)
                           : rowProgram->isYieldExact(i - elementwise);

  // The rows.
  Sizes index(rank, 0), parallelDims = op.getParallelDims(), parallelSizes,
                        reducedSizes;
  for (int64_t dim : parallelDims)
    parallelSizes.push_back(sizes[dim]);
  for (int64_t dim : op.getDimensions())
    reducedSizes.push_back(sizes[dim]);
  auto forEachElement = [&](auto body) {
    size_t position = 0;
    forEachIndex(reducedSizes, [&](ArrayRef<int64_t> reduced) {
      for (auto [dim, coordinate] :
           llvm::zip_equal(op.getDimensions(), reduced))
        index[dim] = coordinate;
      body(position++);
    });
  };
  auto loadInputs = [&](ScalarProgram &program) {
    for (unsigned i = 0; i < numInputs; ++i)
      program.argument(i)[0] = inputs[i]->elements[offsets[i](index)];
  };

  forEachIndex(parallelSizes, [&](ArrayRef<int64_t> parallel) {
    for (auto [dim, position] : llvm::zip_equal(parallelDims, parallel))
      index[dim] = position;
    // Coordinates along the row mean nothing in the row region.
    for (int64_t dim : op.getDimensions())
      index[dim] = 0;
    RowState state;
    state.logits.resize(statistics.size());
    state.maxSumExp.resize(statistics.size());
    state.sums.resize(statistics.size());
    if (logitProgram)
      forEachElement([&](size_t) {
        loadInputs(*logitProgram);
        logitProgram->run(index);
        for (unsigned i = 0; i < statistics.size(); ++i)
          state.logits[i].push_back(logitProgram->yielded(i)[0]);
      });

    unsigned rowArgument = rowInputs.size();
    auto setRowArgument = [&](ArrayRef<Scalar> values) {
      if (rowProgram)
        fillLanes(rowProgram->argument(rowArgument++), values);
    };
    for (auto [i, statistic] : llvm::enumerate(statistics)) {
      if (auto maxSumExp = dyn_cast<MaxSumExpAttr>(statistic)) {
        state.maxSumExp[i].emplace(state.logits[i], maxSumExp.getMaskedRow(),
                                   kind, accuracy);
        setRowArgument(state.maxSumExp[i]->getMax());
        setRowArgument(state.maxSumExp[i]->getSum());
      } else if (isa<SumAttr>(statistic)) {
        state.sums[i] = computeSum(state.logits[i], kind);
        setRowArgument(state.sums[i]);
      } else {
        auto [best, where] =
            computeTopK(state.logits[i], cast<TopKAttr>(statistic).getK());
        setRowArgument(best);
        setRowArgument(where);
      }
    }
    if (rowProgram) {
      for (auto [argument, input] : llvm::enumerate(rowInputs))
        rowProgram->argument(argument)[0] =
            inputs[input]->elements[offsets[input](index)];
      rowProgram->run(index);
      for (unsigned i = 0; i < perRow; ++i) {
        MutableArrayRef<Scalar> value = rowProgram->yielded(i);
        ReferenceTensor &result = results[elementwise + i];
        Scalar *target =
            &result.elements[offsets[numInputs + elementwise + i](index)];
        llvm::copy(value, target);
        if (rowPromises[i].kind == Promise::LogSumExp)
          target->error =
              state.maxSumExp[rowPromises[i].statistic]->getLogSumExpBound(
                  *getFloatKind(result.elementType), target->real);
      }
    }
    if (!resultProgram)
      return;

    unsigned handedOn = numInputs;
    for (StatisticAttrInterface statistic : statistics)
      handedOn += statistic.getNumResultArguments();
    if (rowProgram)
      for (unsigned i = handedOn, end = exactResultArgs.size(); i < end; ++i)
        fillLanes(resultProgram->argument(i),
                  rowProgram->yielded(perRow + i - handedOn));
    forEachElement([&](size_t position) {
      loadInputs(*resultProgram);
      unsigned argument = numInputs;
      for (unsigned i = 0; i < statistics.size(); ++i) {
        if (const std::optional<MaxSumExpRow> &row = state.maxSumExp[i]) {
          const Scalar &logit = state.logits[i][position];
          resultProgram->argument(argument++)[0] = row->getProbability(logit);
          resultProgram->argument(argument++)[0] =
              row->getLogProbability(logit);
        } else if (isa<SumAttr>(statistics[i])) {
          resultProgram->argument(argument++)[0] = state.sums[i];
        }
      }
      resultProgram->run(index);
      for (unsigned i = 0; i < elementwise; ++i) {
        Scalar value = resultProgram->yielded(i)[0];
        const Promise &promise = resultPromises[i];
        if (promise.kind != Promise::None) {
          const MaxSumExpRow &row = *state.maxSumExp[promise.statistic];
          const Scalar &logit = state.logits[promise.statistic][position];
          FloatKind stored = *getFloatKind(results[i].elementType);
          value.error =
              promise.kind == Promise::Probability
                  ? row.getProbabilityBound(logit, stored, value.real)
                  : row.getLogProbabilityBound(logit, stored, value.real);
        }
        results[i].elements[offsets[numInputs + i](index)] = value;
      }
    });
  });
  return finish();
}
