// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// pipe3: three stages over rows in one loop over columns.  While a row's
// exponentials are formed and summed, the results of an earlier row are written
// and the maximum of a later one is taken, so that arithmetic, loads and stores
// of different rows fill each other's latency.
//
// Rows go in batches of up to a vector's lanes: what is computed once per row
// (references of exponentials, reciprocals, logarithms, the row region) is
// computed for a batch at once, a lane per row.  A batch's maxima are taken two
// batches ahead, so that nobody waits for them; its exponentials wait in
// scratch for the next batch, whose own take their place element by element.
//
//   step t:   results of batch t - 1 | sums of batch t | maxima of batch t + 2

#include "ResultBody.h"
#include "RowBatch.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class Pipe3 {
public:
  Pipe3(KernelBuilder &k, const RowNeeds &needs, AlternativeAttr alternative);
  void emit();

private:
  /// Rows [first, first + count).
  struct Batch {
    Value first, count;
  };
  /// The batch `distance` batches after the one that begins at `first`, as far
  /// as there are rows.
  Batch batchAfter(Value first, int64_t distance);

  ElementRange range() { return {k.index(0), k.columns}; }
  RowPosition rowAt(Value number) {
    RowPosition row = positionOf(k, number);
    loadInvariants(k, row);
    return row;
  }
  std::optional<Stage> stageOf(Value lane) {
    std::optional<Stage> own = stage;
    if (own)
      own->offset = k.mul(lane, rowStride);
    return own;
  }
  void forEachLane(Value from, Value to, function_ref<void(Value)> body) {
    scf::ForOp::create(k.b, k.loc, from, to, k.index(1), ValueRange{},
                       [&](OpBuilder &, Location, Value lane, ValueRange) {
                         body(lane);
                         scf::YieldOp::create(k.b, k.loc);
                       });
  }

  /// The early passes over a batch by themselves, into `reduced`.
  void reduceEarly(Batch batch);
  /// Makes row values of a batch from `reduced`, in copy `copy` of `early`.
  void prepareEarly(Batch batch, Value copy);
  SmallVector<WideValue> reduceBetween(Batch batch, unsigned pass,
                                       ArrayRef<unsigned> active,
                                       ArrayRef<RowValues> rows);
  /// From the sums of a batch to what its results need.
  void finishBatch(Batch batch, Value copy);
  /// The row region row by row, and what it hands on with `rows` into `late`.
  void finishEachRow(Batch batch, ArrayRef<RowValues> rows);
  /// All stages for the row in `lane`; `common` takes its row values for those
  /// of the common case.
  void emitRow(Value first, Value copy, Value lane, bool writes, bool common);
  /// All stages for the rows of a batch.
  void emitRows(Batch batch, Value copy, bool writes);
  /// Results of a row of the batch that begins at `first`, by themselves.
  void writeRow(Value first, Value lane);
  /// The results' row values, in `late`.
  ResultBody makeResults(const RowPosition &row, Value lane, const Stage *own);

  KernelBuilder &k;
  const RowNeeds &needs;
  int64_t lanes;
  unsigned lastPass;
  /// The statistics of the first pass, if it is not the last, and of the last.
  SmallVector<unsigned> earlyActive, lastActive;
  Value batchRows, rowStride;
  std::optional<Stage> stage;
  /// Row values after the early passes, of two batches.
  LaneBuffers early;
  RowList earlyShape;
  /// What the first pass reduced, and the last.
  LaneBuffers reduced, sums;
  SmallVector<WideValue> reducedLike, sumsLike;
  /// Finished row values and, behind them, what the row region hands on.
  LaneBuffers late;
  RowList lateShape;
  size_t numHandedOn = 0;
};
} // namespace

Pipe3::Pipe3(KernelBuilder &k, const RowNeeds &needs,
             AlternativeAttr alternative)
    : k(k), needs(needs), lanes(alternative.getRows()),
      lastPass(needs.numPasses - 1), early(k, "early", lanes, 2),
      reduced(k, "reduced", lanes, 1), sums(k, "sums", lanes, 1),
      late(k, "late", lanes, 1) {
  if (lastPass > 0)
    earlyActive = getActive(k, needs, 0);
  lastActive = getActive(k, needs, lastPass);
  // As many rows as fill a block's worth of scratch, each beginning on a cache
  // line.
  int64_t group = k.numeric.getGroup(), block = k.numeric.getBlock();
  rowStride = k.mul(k.div(k.add(k.columns, k.index(group - 1)), k.index(group)),
                    k.index(group));
  Value fitting = k.div(k.index(block), k.max(k.columns, k.index(1)));
  batchRows = k.max(k.min(fitting, k.index(lanes)), k.index(1));
  if (alternative.getStaging() == Staging::Scratch) {
    OpBuilder::InsertionGuard guard(k.b);
    k.toPrologue();
    stage = allocateStage(k, needs, k.index(block + lanes * group));
  }
}

Pipe3::Batch Pipe3::batchAfter(Value first, int64_t distance) {
  Value begin = k.add(first, k.mul(batchRows, k.index(distance)));
  Value left = k.max(k.sub(k.rowEnd, begin), k.index(0));
  return {begin, k.min(left, batchRows)};
}

//===----------------------------------------------------------------------===//
// Once per row
//===----------------------------------------------------------------------===//

void Pipe3::reduceEarly(Batch batch) {
  forEachLane(k.index(0), batch.count, [&](Value lane) {
    RowPosition row = rowAt(k.add(batch.first, lane));
    RowPassAccess access(k, needs, row, earlyActive, nullptr);
    PassBody body(k, 0, earlyActive,
                  SmallVector<RowValues>(k.statistics.size()), access);
    emitGroups(k, {&body}, range());
    reduced.storeLane(flattenWide(body.results), k.index(0), lane);
  });
}

/// A pass that rarely runs, row by row.
SmallVector<WideValue> Pipe3::reduceBetween(Batch batch, unsigned pass,
                                            ArrayRef<unsigned> active,
                                            ArrayRef<RowValues> rows) {
  RowList shape;
  LaneBuffers values(k, "between", lanes, 1), results(k, "betweens", lanes, 1);
  values.store(shape.flatten(rows), k.index(0));
  SmallVector<WideValue> like = getReducedLike(k, pass, active);
  results.declare(flattenWide(like));
  forEachLane(k.index(0), batch.count, [&](Value lane) {
    RowPosition row = rowAt(k.add(batch.first, lane));
    RowPassAccess access(k, needs, row, active, nullptr);
    PassBody body(k, pass, active,
                  shape.unflatten(values.loadLane(k.index(0), lane)), access);
    emitGroups(k, {&body}, range());
    results.storeLane(flattenWide(body.results), k.index(0), lane);
  });
  return unflattenWide(results.load(k.index(0)), like);
}

void Pipe3::prepareEarly(Batch batch, Value copy) {
  SmallVector<RowValues> rows(k.statistics.size());
  prepareRows(k, 0, earlyActive,
              unflattenWide(reduced.load(k.index(0)), reducedLike), rows);
  for (unsigned pass = 1; pass < lastPass; ++pass)
    emitPass(
        k, needs, pass, rows,
        [&](unsigned p, ArrayRef<unsigned> active, ArrayRef<RowValues> values) {
          return reduceBetween(batch, p, active, values);
        });
  early.store(earlyShape.flatten(rows), copy);
}

void Pipe3::finishBatch(Batch batch, Value copy) {
  SmallVector<RowValues> rows(k.statistics.size());
  if (!earlyActive.empty())
    rows = earlyShape.unflatten(early.load(copy));
  prepareRows(k, lastPass, lastActive,
              unflattenWide(sums.load(k.index(0)), sumsLike), rows);
  finishRows(k, rows);
  if (needs.selects)
    return finishEachRow(batch, rows);
  BatchScope scope(k, batch.first, batch.count, lanes);
  SmallVector<Value> handedOn = emitRowRegion(k, scope, rows);
  if (!k.op.hasResult())
    return;
  SmallVector<Value> values = lateShape.flatten(rows);
  numHandedOn = handedOn.size();
  llvm::append_range(values, handedOn);
  late.store(values, k.index(0));
}

void Pipe3::finishEachRow(Batch batch, ArrayRef<RowValues> rows) {
  LaneBuffers finished(k, "finished", lanes, 1);
  finished.store(lateShape.flatten(rows), k.index(0));
  forEachLane(k.index(0), batch.count, [&](Value lane) {
    RowPosition row = rowAt(k.add(batch.first, lane));
    SmallVector<Value> values = finished.loadLane(k.index(0), lane);
    SingleRowScope scope(k, row);
    SmallVector<Value> handedOn =
        emitRowRegion(k, scope, lateShape.unflatten(values));
    numHandedOn = handedOn.size();
    llvm::append_range(values, handedOn);
    if (k.op.hasResult())
      late.storeLane(values, k.index(0), lane);
  });
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

ResultBody Pipe3::makeResults(const RowPosition &row, Value lane,
                              const Stage *own) {
  SmallVector<Value> values = late.loadLane(k.index(0), lane);
  ArrayRef<Value> all = values;
  return ResultBody(k, needs, row,
                    lateShape.unflatten(all.drop_back(numHandedOn)),
                    all.take_back(numHandedOn), own, /*nontemporal=*/false);
}

void Pipe3::emitRow(Value first, Value copy, Value lane, bool writes,
                    bool common) {
  Value number = k.add(first, lane);
  RowPosition row = rowAt(number);
  std::optional<Stage> own = stageOf(lane);
  SmallVector<GroupBody *> bodies;

  RowPosition before;
  std::optional<ResultBody> results;
  if (writes) {
    // There is no batch before the first: its rows' destinations are written
    // with what the stage happens to hold, and once more in the next step.
    Value isFirst = k.b.createOrFold<arith::CmpIOp>(
        k.loc, arith::CmpIPredicate::eq, first, k.rowBegin);
    Value back =
        arith::SelectOp::create(k.b, k.loc, isFirst, k.index(0), batchRows);
    before = rowAt(k.sub(number, back));
    results.emplace(makeResults(before, lane, own ? &*own : nullptr));
    bodies.push_back(&*results);
  }

  RowPosition after;
  std::optional<RowPassAccess> afterAccess;
  std::optional<PassBody> afterBody;
  if (!earlyActive.empty()) {
    // Where there is no such batch the last row's maximum is taken again.
    Value far = k.add(number, k.mul(batchRows, k.index(2)));
    after = rowAt(k.min(far, k.sub(k.rowEnd, k.index(1))));
    afterAccess.emplace(k, needs, after, earlyActive, nullptr);
    afterBody.emplace(k, 0, earlyActive,
                      SmallVector<RowValues>(k.statistics.size()),
                      *afterAccess);
    bodies.push_back(&*afterBody);
  }

  SmallVector<RowValues> rows(k.statistics.size());
  if (!earlyActive.empty())
    rows = earlyShape.unflatten(early.loadLane(copy, lane));
  if (common)
    (void)buildCommonCase(k, lastPass, lastActive, rows);
  RowPassAccess access(k, needs, row, lastActive, own ? &*own : nullptr);
  PassBody sum(k, lastPass, lastActive, rows, access);
  bodies.push_back(&sum);

  emitGroups(k, bodies, range());
  sums.storeLane(flattenWide(sum.results), k.index(0), lane);
  if (afterBody)
    reduced.storeLane(flattenWide(afterBody->results), k.index(0), lane);
}

void Pipe3::emitRows(Batch batch, Value copy, bool writes) {
  auto rows = [&](bool common) {
    forEachLane(k.index(0), batch.count, [&](Value lane) {
      emitRow(batch.first, copy, lane, writes, common);
    });
  };
  // Whether every row of the batch is of the common kind.
  Value condition;
  if (!earlyActive.empty()) {
    SmallVector<RowValues> values = earlyShape.unflatten(early.load(copy));
    condition = buildCommonCase(k, lastPass, lastActive, values);
  }
  if (!condition)
    return rows(/*common=*/false);
  if (isa<VectorType>(condition.getType()))
    condition = vector::ReductionOp::create(
        k.b, k.loc, vector::CombiningKind::AND, condition);
  scf::IfOp::create(
      k.b, k.loc, condition,
      [&](OpBuilder &, Location) {
        rows(/*common=*/true);
        scf::YieldOp::create(k.b, k.loc);
      },
      [&](OpBuilder &, Location) {
        rows(/*common=*/false);
        scf::YieldOp::create(k.b, k.loc);
      });
}

void Pipe3::writeRow(Value first, Value lane) {
  RowPosition row = rowAt(k.add(first, lane));
  std::optional<Stage> own = stageOf(lane);
  ResultBody body = makeResults(row, lane, own ? &*own : nullptr);
  forEachVector(k, range(), 4,
                [&](Value i, const Tail *tail) { body.write(i, tail); });
}

void Pipe3::emit() {
  bool hasResult = k.op.hasResult();
  // Results that read the row again must not overwrite it before their time.
  bool writesAhead = hasResult && !needs.resultUsesElements &&
                     !needs.resultUsesLogits && (!needs.staged || stage);

  Value zero = k.index(0), one = k.index(1), two = k.index(2);
  sumsLike = getReducedLike(k, lastPass, lastActive);
  sums.declare(flattenWide(sumsLike));
  sums.zero();
  if (!earlyActive.empty()) {
    reducedLike = getReducedLike(k, 0, earlyActive);
    reduced.declare(flattenWide(reducedLike));
    reduced.zero();
    Batch batch = batchAfter(k.rowBegin, 0);
    reduceEarly(batch);
    prepareEarly(batch, zero);
    reduceEarly(batchAfter(k.rowBegin, 1));
  }

  // One step more than there are batches: it only writes.
  scf::ForOp::create(
      k.b, k.loc, k.rowBegin, k.add(k.rowEnd, batchRows), batchRows,
      ValueRange{}, [&](OpBuilder &, Location, Value first, ValueRange) {
        Value copy = k.rem(k.div(k.sub(first, k.rowBegin), batchRows), two);
        Value other = k.sub(one, copy);
        Value isFirst = k.b.createOrFold<arith::CmpIOp>(
            k.loc, arith::CmpIPredicate::eq, first, k.rowBegin);
        Batch before = batchAfter(first, -1);
        before.first =
            arith::SelectOp::create(k.b, k.loc, isFirst, first, before.first);
        before.count =
            arith::SelectOp::create(k.b, k.loc, isFirst, zero, before.count);
        finishBatch(before, other);
        if (!earlyActive.empty())
          prepareEarly(batchAfter(first, 1), other);

        Batch batch = batchAfter(first, 0);
        if (hasResult && !writesAhead) {
          scf::IfOp::create(
              k.b, k.loc, isFirst,
              [&](OpBuilder &, Location) {
                emitRows(batch, copy, /*writes=*/false);
                scf::YieldOp::create(k.b, k.loc);
              },
              [&](OpBuilder &, Location) {
                emitRows(batch, copy, /*writes=*/true);
                scf::YieldOp::create(k.b, k.loc);
              });
        } else {
          emitRows(batch, copy, hasResult);
        }
        if (hasResult)
          forEachLane(batch.count, before.count,
                      [&](Value lane) { writeRow(before.first, lane); });
        scf::YieldOp::create(k.b, k.loc);
      });
}

void mlir::softmax::emitPipe3(KernelBuilder &k, const RowNeeds &needs,
                              AlternativeAttr alternative) {
  Pipe3(k, needs, alternative).emit();
}
