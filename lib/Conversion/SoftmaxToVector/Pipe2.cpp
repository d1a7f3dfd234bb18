// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// pipe2: two stages over rows in one loop over columns, for rows that come from
// memory.  While a row's exponentials are formed and summed, and what comes
// after it is asked for, the results of the row before are written, past the
// caches where the schedule says so.  The maximum has a loop of its own, over
// data that is in cache by then.  One scratch row: exponentials take the place
// of those whose results have just been written.
//
//   step t, block by block:   maximum of row t
//                             results of row t - 1 | sum of row t
//
// Long rows go block by block, each with statistics of its own (Parts.h). Where
// rows have ends of their own (RowExtent), the two stages share what both have.

#include "../Common/RowEnd.h"
#include "Parts.h"
#include "RowProgram.h"
#include "Strategies.h"
#include "Streaming.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// A row whose results are written, and what they take of it.
struct FinishedRow {
  RowPosition row;
  SmallVector<RowValues> values;
  SmallVector<Value> handedOn;
  /// Where its elements end that count.
  Value end;
};

class Pipe2 {
public:
  Pipe2(KernelBuilder &k, const RowNeeds &needs, AlternativeAttr alternative);
  void emit();

private:
  RowPosition rowAt(Value number) {
    RowPosition row = positionOf(k, number);
    loadInvariants(k, row);
    return row;
  }
  const Stage *stagePointer() { return stage ? &*stage : nullptr; }
  ResultBody makeResults(const FinishedRow &before,
                         ArrayRef<RowValues> values) {
    return ResultBody(k, needs, before.row, values, before.handedOn,
                      stagePointer(), nontemporal);
  }

  /// One step for `range` of the row: returns its statistics there, prepared.
  SmallVector<RowValues> emitBlock(const RowPosition &row,
                                   const FinishedRow &before,
                                   ElementRange range);
  /// Results of the row before and the sum of this one.
  void emitStages(const RowPosition &row, const FinishedRow &before,
                  ArrayRef<RowValues> beforeValues, ElementRange range,
                  PassBody &sum);
  Value endOf(const RowPosition &row) {
    return needs.extent ? buildRowEnd(k, *needs.extent, row) : k.columns;
  }
  /// `range` as far as `end`.
  ElementRange upTo(ElementRange range, Value end) {
    if (!needs.extent)
      return range;
    return {range.begin, k.min(k.max(end, range.begin), range.end)};
  }
  /// The elements of `range` that are summed.
  ElementRange sumRange(ElementRange range) {
    range = upTo(range, rowEnd);
    return {range.begin, arith::SelectOp::create(k.b, k.loc, isLast,
                                                 range.begin, range.end)};
  }

  KernelBuilder &k;
  const RowNeeds &needs;
  int64_t prefetchDistance;
  bool nontemporal;
  unsigned lastPass;
  SmallVector<unsigned> lastActive;
  std::optional<Stage> stage;
  Parts parts;
  /// Whether the step is the first, which has no row before it, or the last,
  /// which has nothing else.
  Value isFirst, isLast;
  /// Where the elements of the step's row end that count.
  Value rowEnd;
};

/// Results of a group at once, before the group's sums: shifted against those
/// by what aligns them, they read what the sums' exponentials overwrite.
class ShiftedResults : public GroupBody {
public:
  ShiftedResults(KernelBuilder &k, ResultBody &results, Value head)
      : k(k), results(results), head(head) {}
  void beginGroup(Value i) override {
    int64_t count = k.numeric.getGroup() / k.lanes;
    for (int64_t v = 0; v < count; ++v)
      results.load(k.add(k.add(i, head), k.index(v * k.lanes)), nullptr);
    for (int64_t v = 0; v < count; ++v)
      results.compute();
    results.store();
  }
  void load(Value, const Tail *) override {}
  SmallVector<Value> compute() override { return {}; }

private:
  KernelBuilder &k;
  ResultBody &results;
  Value head;
};
} // namespace

Pipe2::Pipe2(KernelBuilder &k, const RowNeeds &needs,
             AlternativeAttr alternative)
    : k(k), needs(needs), prefetchDistance(alternative.getPrefetch()),
      nontemporal(canStorePastCaches(k, alternative)),
      lastPass(needs.numPasses - 1), parts(k, needs) {
  lastActive = getActive(k, needs, lastPass);
  if (alternative.getStaging() == Staging::Scratch)
    stage =
        allocateStage(k, needs, k.atMostColumns(alternative.getMaxColumns()));
}

void Pipe2::emitStages(const RowPosition &row, const FinishedRow &before,
                       ArrayRef<RowValues> beforeValues, ElementRange range,
                       PassBody &sum) {
  SmallVector<GroupBody *> bodies;
  std::optional<PrefetchBody> prefetch;
  if (prefetchDistance) {
    // The block after this one, or the row after.
    Value block = k.min(k.columns, k.index(k.numeric.getBlock()));
    prefetch.emplace(k, row, k.mul(block, k.index(prefetchDistance)));
    bodies.push_back(&*prefetch);
  }
  if (!k.op.hasResult()) {
    bodies.push_back(&sum);
    emitGroups(k, bodies, sumRange(range));
    return;
  }
  // Results go `head` elements ahead of the sums.
  ElementRange written = upTo(range, before.end);
  Value head = k.index(0);
  if (nontemporal)
    head = k.min(headOf(k, before.row), k.sub(written.end, written.begin));
  Value nothing = arith::OrIOp::create(k.b, k.loc, isFirst, isLast);
  Value length = k.sub(k.sub(written.end, range.begin), head);
  if (needs.extent)
    length = k.min(length, k.sub(upTo(range, rowEnd).end, range.begin));
  length = arith::SelectOp::create(k.b, k.loc, nothing, k.index(0), length);
  ElementRange shared{range.begin, k.add(range.begin, length)};
  Value hasBefore = arith::XOrIOp::create(
      k.b, k.loc, isFirst,
      arith::ConstantIntOp::create(k.b, k.loc, /*value=*/1, /*width=*/1));

  ResultBody results = makeResults(before, beforeValues);
  ShiftedResults shifted(k, results, head);
  if (nontemporal) {
    Value peels = arith::AndIOp::create(k.b, k.loc, hasBefore,
                                        k.lessThan(k.index(0), head));
    scf::IfOp::create(k.b, k.loc, peels, [&](OpBuilder &, Location) {
      Tail tail = k.tail(head);
      makeResults(before, beforeValues).write(range.begin, &tail);
      scf::YieldOp::create(k.b, k.loc);
    });
    bodies.push_back(&shifted);
  } else {
    bodies.push_back(&results);
  }
  bodies.push_back(&sum);
  SmallVector<SmallVector<Value>> carried;
  Value done = emitWholeGroups(k, bodies, shared, carried);

  // What is left of the results, then of the sums.
  scf::IfOp::create(k.b, k.loc, hasBefore, [&](OpBuilder &, Location) {
    ResultBody rest = makeResults(before, beforeValues);
    forEachVector(k, {k.add(done, head), written.end}, 4,
                  [&](Value i, const Tail *tail) { rest.write(i, tail); });
    if (needs.extent)
      writeMaskedResults(k, needs, before.row, beforeValues, before.handedOn,
                         {written.end, range.end}, nontemporal);
    scf::YieldOp::create(k.b, k.loc);
  });
  emitRest(k, sum, {done, sumRange(range).end}, carried.back());
}

SmallVector<RowValues> Pipe2::emitBlock(const RowPosition &row,
                                        const FinishedRow &before,
                                        ElementRange range) {
  SmallVector<RowValues> rows(k.statistics.size());
  for (unsigned pass = 0; pass < lastPass; ++pass)
    emitPass(
        k, needs, pass, rows,
        [&](unsigned p, ArrayRef<unsigned> active, ArrayRef<RowValues> values) {
          RowPassAccess access(k, needs, row, active, nullptr);
          PassBody body(k, p, active, values, access);
          emitGroups(k, {&body}, sumRange(range));
          return body.results;
        });
  SmallVector<RowValues> beforeValues = before.values;
  if (k.op.hasResult() && !k.singleBlock)
    beforeValues = parts.view(range.begin, before.values);
  RowPassAccess access(k, needs, row, lastActive, stagePointer());
  PassBody sum(k, lastPass, lastActive, rows, access);
  emitStages(row, before, beforeValues, range, sum);
  prepareRows(k, lastPass, lastActive, sum.results, rows);
  if (k.op.hasResult() && !k.singleBlock)
    parts.store(range.begin, rows);
  return rows;
}

void Pipe2::emit() {
  auto equal = [&](Value x, Value y) -> Value {
    return k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::eq, x,
                                           y);
  };
  Value one = k.index(1);
  if (k.op.hasResult() && !k.singleBlock)
    parts.allocate();
  // One step more than there are rows: it only writes.
  scf::ForOp::create(
      k.b, k.loc, k.rowBegin, k.add(k.rowEnd, one), one, parts.buildEmpty(),
      [&](OpBuilder &, Location, Value number, ValueRange args) {
        isFirst = equal(number, k.rowBegin);
        isLast = equal(number, k.rowEnd);
        RowPosition row = rowAt(k.min(number, k.sub(k.rowEnd, one)));
        rowEnd = endOf(row);
        // Before the first row there is none: its own per-row results are
        // written with those of no elements, and again in the next step.
        FinishedRow before;
        before.row = rowAt(k.max(k.sub(number, one), k.rowBegin));
        before.values = parts.unflatten(args);
        before.end = endOf(before.row);
        finishRows(k, before.values);
        SingleRowScope scope(k, before.row);
        before.handedOn = emitRowRegion(k, scope, before.values);

        ValueRange totals;
        if (k.singleBlock) {
          SmallVector<RowValues> rows =
              emitBlock(row, before, {k.index(0), k.columns});
          scf::YieldOp::create(k.b, k.loc, parts.flatten(rows));
          return;
        }
        auto blocks = scf::ForOp::create(
            k.b, k.loc, k.index(0), k.columns, k.index(k.numeric.getBlock()),
            parts.buildEmpty(),
            [&](OpBuilder &, Location, Value i, ValueRange total) {
              SmallVector<RowValues> block =
                  emitBlock(row, before, parts.rangeAt(i));
              scf::YieldOp::create(
                  k.b, k.loc,
                  parts.flatten(parts.merge(parts.unflatten(total), block)));
            });
        scf::YieldOp::create(k.b, k.loc, blocks.getResults());
      });
  if (nontemporal)
    emitFence(k);
}

void mlir::softmax::emitPipe2(KernelBuilder &k, const RowNeeds &needs,
                              AlternativeAttr alternative) {
  k.visitCountingOnly(needs.extent);
  Pipe2(k, needs, alternative).emit();
}
