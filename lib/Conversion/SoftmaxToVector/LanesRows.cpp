// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// lanes_rows: short rows, as many at a time as a vector has lanes.  Their
// logits are transposed in registers, so that a lane computes a row of its own:
// no sideways reductions, and everything that is done once per row is done for
// all of them at once.  What results take of their statistics is transposed
// back.
//
// Batches are pipelined, since each stage waits for the one before it:
//
//   step t:   finish t - 1 | sums of t | results of t - 1 | maxima of t + 2
//
// Rows that are left over run one by one (three_pass).
//
// A row has up to 64 elements, one group: its sum is the group's tree over
// columns, with the same bits as the tree over lanes of other strategies.

#include "ResultBody.h"
#include "RowBatch.h"
#include "RowProgram.h"
#include "Strategies.h"
#include "Transpose.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// Columns that share a piece of code where their number is not known.
constexpr int64_t mostColumnsPerCase = 4;

/// How many lengths share code: not so many that one would fill less vectors
/// than another.
int64_t getColumnsPerCase(int64_t lanes) {
  return std::min(mostColumnsPerCase, lanes);
}

/// Batches whose values are kept at a time: from two ahead to one behind.
constexpr int64_t numCopies = 3;

/// Vectors of a lane per row, one per column, on the stack.
class ColumnBuffer {
public:
  ColumnBuffer(KernelBuilder &k, StringRef name, int64_t columns)
      : k(k), columns(columns),
        buffer(k.stackBuffer((name + Twine(columns)).str(), k.computeType,
                             numCopies * columns * k.lanes)) {}
  /// `copy` is an index below numCopies.
  void store(Value vector, int64_t column, Value copy) {
    vector::StoreOp::create(k.b, k.loc, vector, buffer, at(column, copy));
  }
  Value load(int64_t column, Value copy) {
    return vector::LoadOp::create(k.b, k.loc,
                                  k.vectorOf(k.computeType, k.lanes), buffer,
                                  at(column, copy));
  }

private:
  Value at(int64_t column, Value copy) {
    return k.add(k.mul(copy, k.index(columns * k.lanes)),
                 k.index(column * k.lanes));
  }
  KernelBuilder &k;
  int64_t columns;
  Value buffer;
};

/// The code for rows of `numColumns` columns, or up to getColumnsPerCase - 1
/// less.
class LanesRows {
public:
  LanesRows(KernelBuilder &k, const RowNeeds &needs, int64_t numColumns);
  /// All batches of rows from rowBegin to `end`.
  void emit(Value end);

private:
  /// Whether the row surely has a column `j`: null; else a condition (i1).
  Value hasColumn(int64_t j) {
    bool surely = getConstantIntValue(k.columns) ||
                  j < numColumns - getColumnsPerCase(k.lanes) + 1;
    return surely ? Value() : k.lessThan(k.index(j), k.columns);
  }
  /// `value` in columns that there are, else what adds nothing.
  Value orNothing(Value value, int64_t j, bool isMax);
  /// The tail of block `block`, if it has one.
  std::optional<Tail> tailOf(int64_t block);
  /// Row `lane` of the batch that begins at `first`.
  RowPosition rowAt(Value first, int64_t lane) {
    RowPosition row = positionOf(k, k.add(first, k.index(lane)));
    loadInvariants(k, row);
    return row;
  }

  void emitEarly(Value first, Value copy);
  void emitSums(Value copy);
  SmallVector<Value> finish(Value first, Value copy,
                            SmallVector<RowValues> &rows);
  void emitResults(Value first, Value copy, ArrayRef<RowValues> rows,
                   ValueRange handedOn);

  WideValue reduceMax(ArrayRef<Value> columns);
  WideValue reduceSum(ArrayRef<LiftedValue> columns);
  /// `pass` of statistic `s` on logits in `columns`; keeps what is lifted.
  WideValue reduce(unsigned pass, unsigned s, ArrayRef<Value> columns,
                   const RowValues &row, SmallVectorImpl<LiftedValue> &lifted);
  SmallVector<Value> loadLogits(unsigned s, Value copy);
  /// Columns as rows again: result [lane][block].
  SmallVector<SmallVector<Value>> toRows(ArrayRef<Value> columns);
  /// A statistic's result argument of every row and block.
  SmallVector<SmallVector<Value>> buildArgument(unsigned s, unsigned index,
                                                Value copy,
                                                ArrayRef<RowValues> rows);

  KernelBuilder &k;
  const RowNeeds &needs;
  int64_t numColumns, numBlocks;
  unsigned lastPass;
  SmallVector<unsigned> lastActive;
  /// Logits per statistic, the staged exponentials and their low parts.
  SmallVector<ColumnBuffer> logits;
  std::optional<ColumnBuffer> staged, stagedLow;
  /// Row values after the early passes, and sums.
  LaneBuffers early, sums;
  RowList earlyShape;
  SmallVector<WideValue> sumsLike;
};
} // namespace

LanesRows::LanesRows(KernelBuilder &k, const RowNeeds &needs,
                     int64_t numColumns)
    : k(k), needs(needs), numColumns(numColumns),
      numBlocks(llvm::divideCeil(numColumns, k.lanes)),
      lastPass(std::max(needs.numPasses, 1u) - 1),
      early(k, "early", k.lanes, numCopies),
      sums(k, "sums", k.lanes, numCopies) {
  lastActive = getActive(k, needs, lastPass);
  for (unsigned s = 0; s < k.statistics.size(); ++s)
    logits.emplace_back(k, "logits" + std::to_string(s) + "_", numColumns);
  if (needs.staged) {
    staged.emplace(k, "staged_", numColumns);
    if (k.statistic().liftsPairs())
      stagedLow.emplace(k, "low_", numColumns);
  }
  sumsLike = getReducedLike(k, lastPass, lastActive);
  sums.declare(flattenWide(sumsLike));
}

Value LanesRows::orNothing(Value value, int64_t j, bool isMax) {
  Value condition = hasColumn(j);
  if (!condition)
    return value;
  return arith::SelectOp::create(k.b, k.loc, condition, value,
                                 isMax ? k.negativeInfinity(value.getType())
                                       : k.noSum(value.getType()));
}

std::optional<Tail> LanesRows::tailOf(int64_t block) {
  if (block + 1 < numBlocks)
    return std::nullopt;
  std::optional<int64_t> known = getConstantIntValue(k.columns);
  if (known && *known == numBlocks * k.lanes)
    return std::nullopt;
  return k.tail(k.sub(k.columns, k.index(block * k.lanes)));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

WideValue LanesRows::reduceMax(ArrayRef<Value> columns) {
  // A NaN must not enter as the accumulator.
  SmallVector<Value> maxima(std::min<size_t>(columns.size(), 4),
                            k.negativeInfinity(columns[0].getType()));
  for (auto [j, column] : llvm::enumerate(columns)) {
    Value &max = maxima[j % maxima.size()];
    max = combineMax(k, orNothing(column, j, /*isMax=*/true), max);
  }
  Value max = maxima[0];
  for (Value other : ArrayRef<Value>(maxima).drop_front())
    max = combineMax(k, other, max);
  return {max, Value()};
}

/// The tree of RowSum, over columns.
WideValue LanesRows::reduceSum(ArrayRef<LiftedValue> columns) {
  RowSum sum(k);
  auto addf = [&](Value x, Value y) -> Value {
    if (!x || !y)
      return x ? x : y;
    return arith::AddFOp::create(k.b, k.loc, x, y);
  };
  // Null where there is no element.
  SmallVector<Value> high(k.numeric.getGroup()), low(high.size());
  for (auto [j, column] : llvm::enumerate(columns)) {
    Value value = orNothing(column.value, j, /*isMax=*/false);
    high[j] = column.low ? sum.widen(value) : value;
    if (column.low)
      low[j] = orNothing(column.low, j, /*isMax=*/false);
  }
  for (int64_t distance = k.numeric.getGroup() / 2;
       distance >= RowSum::numPartials; distance /= 2)
    for (int64_t j = 0; j < distance; ++j) {
      high[j] = addf(high[j], high[j + distance]);
      low[j] = addf(low[j], low[j + distance]);
    }
  SmallVector<WideParts> partials;
  Value nothing = k.noSum(k.vectorOf(k.computeType, k.lanes));
  for (int64_t j = 0; j < RowSum::numPartials; ++j) {
    Value value = high[j] ? high[j] : nothing;
    if (low[j])
      value = addf(value, sum.widen(low[j]));
    partials.push_back(sum.addNarrow(sum.identity(k.lanes), value));
  }
  for (int64_t distance = RowSum::numPartials / 2; distance > 0; distance /= 2)
    for (int64_t j = 0; j < distance; ++j)
      partials[j] = sum.addWide(partials[j], partials[j + distance]);
  return sum.finish(partials[0]);
}

WideValue LanesRows::reduce(unsigned pass, unsigned s, ArrayRef<Value> columns,
                            const RowValues &row,
                            SmallVectorImpl<LiftedValue> &lifted) {
  StatisticBuilder builder = k.statistic();
  for (Value column : columns)
    lifted.push_back(k.statistics[s].buildLift(builder, pass, column, row));
  if (k.statistics[s].getCombiner(pass) == Combiner::Sum)
    return reduceSum(lifted);
  return reduceMax(llvm::map_to_vector(
      lifted, [](const LiftedValue &value) { return value.value; }));
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

SmallVector<Value> LanesRows::loadLogits(unsigned s, Value copy) {
  SmallVector<Value> columns;
  for (int64_t j = 0; j < numColumns; ++j)
    columns.push_back(logits[s].load(j, copy));
  return columns;
}

/// Logits of a batch, as columns, and the passes before the last.
void LanesRows::emitEarly(Value first, Value copy) {
  if (k.statistics.empty())
    return;
  SmallVector<SmallVector<Value>> columns(k.statistics.size());
  for (int64_t block = 0; block < numBlocks; ++block) {
    std::optional<Tail> tail = tailOf(block);
    Value i = k.index(block * k.lanes);
    SmallVector<SmallVector<Value>> byStatistic(k.statistics.size());
    for (int64_t lane = 0; lane < k.lanes; ++lane) {
      RowPosition row = rowAt(first, lane);
      SmallVector<Value> values = buildLogits(
          k, row, loadElements(k, row, i, tail ? &*tail : nullptr), i);
      for (auto [s, value] : llvm::enumerate(values))
        byStatistic[s].push_back(value);
    }
    for (auto [s, vectors] : llvm::enumerate(byStatistic))
      for (Value column : transposeSquare(k, vectors))
        if (static_cast<int64_t>(columns[s].size()) < numColumns)
          columns[s].push_back(column);
  }
  for (auto [s, buffer] : llvm::enumerate(logits))
    for (auto [j, column] : llvm::enumerate(columns[s]))
      buffer.store(column, j, copy);

  SmallVector<RowValues> rows(k.statistics.size());
  for (unsigned pass = 0; pass < lastPass; ++pass)
    emitPass(
        k, needs, pass, rows,
        [&](unsigned p, ArrayRef<unsigned> active, ArrayRef<RowValues> values) {
          SmallVector<WideValue> results;
          for (unsigned s : active) {
            SmallVector<LiftedValue> lifted;
            results.push_back(reduce(p, s, columns[s], values[s], lifted));
          }
          return results;
        });
  early.store(earlyShape.flatten(rows), copy);
}

void LanesRows::emitSums(Value copy) {
  SmallVector<RowValues> rows(k.statistics.size());
  if (lastPass > 0)
    rows = earlyShape.unflatten(early.load(copy));
  SmallVector<WideValue> results;
  for (unsigned s : lastActive) {
    SmallVector<LiftedValue> lifted;
    results.push_back(
        reduce(lastPass, s, loadLogits(s, copy), rows[s], lifted));
    if (needs.staged != s)
      continue;
    for (auto [j, value] : llvm::enumerate(lifted)) {
      staged->store(value.value, j, copy);
      if (value.low)
        stagedLow->store(value.low, j, copy);
    }
  }
  sums.store(flattenWide(results), copy);
}

SmallVector<Value> LanesRows::finish(Value first, Value copy,
                                     SmallVector<RowValues> &rows) {
  rows.assign(k.statistics.size(), RowValues());
  if (lastPass > 0)
    rows = earlyShape.unflatten(early.load(copy));
  prepareRows(k, lastPass, lastActive, unflattenWide(sums.load(copy), sumsLike),
              rows);
  finishRows(k, rows);
  BatchScope scope(k, first, k.index(k.lanes), k.lanes);
  return emitRowRegion(k, scope, rows);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

SmallVector<SmallVector<Value>> LanesRows::toRows(ArrayRef<Value> columns) {
  SmallVector<SmallVector<Value>> result(k.lanes);
  for (int64_t block = 0; block < numBlocks; ++block) {
    SmallVector<Value> square;
    for (int64_t c = 0; c < k.lanes; ++c) {
      int64_t j = block * k.lanes + c;
      // What is not stored may be anything.
      square.push_back(j < numColumns ? columns[j] : columns[numColumns - 1]);
    }
    for (auto [lane, row] : llvm::enumerate(transposeSquare(k, square)))
      result[lane].push_back(row);
  }
  return result;
}

SmallVector<SmallVector<Value>>
LanesRows::buildArgument(unsigned s, unsigned index, Value copy,
                         ArrayRef<RowValues> rows) {
  StatisticAttrInterface statistic = k.statistics[s];
  StatisticBuilder builder = k.statistic();
  if (!statistic.resultArgumentUsesLifted(index) &&
      !statistic.resultArgumentUsesLogit(index)) {
    // The same for all of a row.
    Value lanes =
        statistic.buildResultArgument(builder, index, Value(), {}, rows[s]);
    SmallVector<SmallVector<Value>> result;
    for (int64_t lane = 0; lane < k.lanes; ++lane)
      result.emplace_back(numBlocks,
                          vector::ExtractOp::create(k.b, k.loc, lanes, lane));
    return result;
  }
  bool isStaged =
      needs.staged == s && statistic.resultArgumentUsesLifted(index);
  SmallVector<Value> columns;
  for (int64_t j = 0; j < numColumns; ++j) {
    LiftedValue lifted;
    Value logit;
    if (isStaged) {
      lifted.value = staged->load(j, copy);
      if (stagedLow)
        lifted.low = stagedLow->load(j, copy);
    } else {
      logit = logits[s].load(j, copy);
    }
    columns.push_back(
        statistic.buildResultArgument(builder, index, logit, lifted, rows[s]));
  }
  return toRows(columns);
}

void LanesRows::emitResults(Value first, Value copy, ArrayRef<RowValues> rows,
                            ValueRange handedOn) {
  GenericOp op = k.op;
  // [argument][lane][block]; empty where unused.
  SmallVector<SmallVector<SmallVector<Value>>> arguments;
  SmallVector<Value> unused;
  for (unsigned s = 0; s < k.statistics.size(); ++s)
    for (auto [i, arg] :
         llvm::enumerate(getStatisticArguments(op, s, /*row=*/false))) {
      arguments.emplace_back();
      unused.push_back(k.noSum(arg.getType()));
      if (!arg.use_empty())
        arguments.back() = buildArgument(s, i, copy, rows);
    }
  for (int64_t lane = 0; lane < k.lanes; ++lane) {
    RowPosition row = rowAt(first, lane);
    SmallVector<Value> own;
    for (Value value : handedOn)
      own.push_back(
          isa<VectorType>(value.getType())
              ? vector::ExtractOp::create(k.b, k.loc, value, lane).getResult()
              : value);
    for (int64_t block = 0; block < numBlocks; ++block) {
      std::optional<Tail> tail = tailOf(block);
      const Tail *tailPointer = tail ? &*tail : nullptr;
      Value i = k.index(block * k.lanes);
      SmallVector<Value> args;
      if (needs.resultUsesElements)
        args = loadElements(k, row, i, tailPointer);
      else
        for (auto [view, invariant] : llvm::zip(k.inputs, row.invariants))
          args.push_back(invariant
                             ? invariant
                             : k.broadcast(k.zero(view.elementType), k.lanes));
      for (auto [argument, nothing] : llvm::zip(arguments, unused))
        args.push_back(argument.empty() ? nothing : argument[lane][block]);
      llvm::append_range(args, own);
      SmallVector<Value> results =
          k.inlineRegion(op.getResult(), args, k.lanes, [&](int64_t dim) {
            return elementCoordinate(k, row, dim, i);
          });
      for (auto [o, result] : llvm::enumerate(results))
        k.store(k.broadcast(result, k.lanes), k.inits[o],
                k.add(row.initOffsets[o], i), tailPointer);
    }
  }
}

void LanesRows::emit(Value end) {
  Value lanes = k.index(k.lanes), two = k.index(2);
  // Where there is no batch so far ahead the last is read again.
  auto clamped = [&](Value first) { return k.min(first, k.sub(end, lanes)); };
  auto run = [&]() {
    emitEarly(k.rowBegin, k.index(0));
    emitEarly(clamped(k.add(k.rowBegin, lanes)), k.index(1));
    // One step more than there are batches: it only writes.
    scf::ForOp::create(
        k.b, k.loc, k.rowBegin, k.add(end, lanes), lanes, ValueRange{},
        [&](OpBuilder &, Location, Value first, ValueRange) {
          Value step = k.div(k.sub(first, k.rowBegin), lanes);
          Value copy = k.rem(step, k.index(numCopies));
          // Of the batch before, and of the one after the next.
          Value other = k.rem(k.add(step, two), k.index(numCopies));
          // There is no batch before the first: per-row results of its own are
          // written with what the buffers hold, and again in the next step.
          Value before = k.max(k.sub(first, lanes), k.rowBegin);
          SmallVector<RowValues> rows;
          SmallVector<Value> handedOn = finish(before, other, rows);
          emitSums(copy);
          if (k.op.hasResult())
            scf::IfOp::create(k.b, k.loc, k.lessThan(k.rowBegin, first),
                              [&](OpBuilder &, Location) {
                                emitResults(before, other, rows, handedOn);
                                scf::YieldOp::create(k.b, k.loc);
                              });
          emitEarly(clamped(k.add(first, k.mul(lanes, two))), other);
          scf::YieldOp::create(k.b, k.loc);
        });
  };
  scf::IfOp::create(k.b, k.loc, k.lessThan(k.rowBegin, end),
                    [&](OpBuilder &, Location) {
                      run();
                      scf::YieldOp::create(k.b, k.loc);
                    });
}

void mlir::softmax::emitLanesRows(KernelBuilder &k, const RowNeeds &needs,
                                  AlternativeAttr alternative) {
  Value count = k.sub(k.rowEnd, k.rowBegin);
  Value whole = k.add(k.rowBegin, k.sub(count, k.rem(count, k.index(k.lanes))));
  if (std::optional<int64_t> columns = getConstantIntValue(k.columns)) {
    LanesRows(k, needs, *columns).emit(whole);
  } else {
    // Code for every few columns more.
    int64_t columnsPerCase = getColumnsPerCase(k.lanes);
    int64_t most =
        llvm::divideCeil(alternative.getMaxColumns(), columnsPerCase);
    Value number = k.div(k.add(k.columns, k.index(columnsPerCase - 1)),
                         k.index(columnsPerCase));
    SmallVector<int64_t> cases = llvm::to_vector(llvm::seq<int64_t>(1, most));
    auto switchOp = scf::IndexSwitchOp::create(
        k.b, k.loc, TypeRange{}, number, cases, static_cast<int>(cases.size()));
    auto fill = [&](Region &region, int64_t c) {
      OpBuilder::InsertionGuard guard(k.b);
      k.b.createBlock(&region);
      LanesRows(k, needs, c * columnsPerCase).emit(whole);
      scf::YieldOp::create(k.b, k.loc);
    };
    for (auto [region, c] :
         llvm::zip(switchOp->getRegions().drop_front(), cases))
      fill(region, c);
    fill(switchOp.getDefaultRegion(), most);
  }
  // Rows that do not fill a vector.
  Value begin = k.rowBegin;
  k.rowBegin = whole;
  emitThreePass(k, needs, alternative);
  k.rowBegin = begin;
}
