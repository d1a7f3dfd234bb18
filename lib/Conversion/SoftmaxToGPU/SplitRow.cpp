// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "BlockExchange.h"
#include "Schedules.h"
#include "SegmentRunner.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// The statistics of the slices of all rows, in global memory: by row,
/// statistic's value and slice, all as f64.
struct Workspace {
  /// memref<maxElements x f64>, a bare pointer for kernels.
  Value memory;
  /// Values of a slice; slices of a row.
  int64_t count;
  Value slices;

  Value place(GPUBuilder &k, Value row, int64_t value, Value slice) const {
    Value line = k.add(k.mul(row, k.index(count)), k.index(value));
    return k.add(k.mul(line, slices), slice);
  }
};
} // namespace

/// Slice `number` of a grid of slices: its row, and which of its slices it is.
static std::pair<Value, Value> splitNumber(GPUBuilder &k,
                                           const Workspace &workspace) {
  return {k.div(k.block, workspace.slices), k.rem(k.block, workspace.slices)};
}

static Value widen(GPUBuilder &k, Value value) {
  Type f64 = k.b.getF64Type();
  return value.getType() == f64
             ? value
             : arith::ExtFOp::create(k.b, k.loc, f64, value).getResult();
}

/// What `widen` has widened; exact.
static Value narrow(GPUBuilder &k, Value value, Type type) {
  return value.getType() == type
             ? value
             : arith::TruncFOp::create(k.b, k.loc, type, value).getResult();
}

/// The first kernel: the statistics of a slice.
static void emitStatistics(GPUBuilder &k, const RowNeeds &needs,
                           const Workspace &workspace) {
  Value number, slice;
  std::tie(number, slice) = splitNumber(k, workspace);
  RowPosition row = beginRow(k, needs, number);
  Segment segment = blockOfRow(k, row, slice);
  segment.load();
  SegmentRunner runner(k, needs, segment);
  SmallVector<Value> values = Partials(k, needs).flatten(runner.runPasses());
  Value first = k.isZero(k.thread);
  scf::IfOp::create(k.b, k.loc, first, [&](OpBuilder &, Location) {
    for (auto [i, value] : llvm::enumerate(values))
      memref::StoreOp::create(
          k.b, k.loc, widen(k, value), workspace.memory,
          workspace.place(k, number, static_cast<int64_t>(i), slice));
    scf::YieldOp::create(k.b, k.loc);
  });
}

/// The statistics of a slice of row `number`, flat.
static SmallVector<Value> loadValues(GPUBuilder &k, const RowNeeds &needs,
                                     const Workspace &workspace, Value number,
                                     Value slice) {
  SmallVector<Value> values;
  for (Value like : Partials(k, needs).buildEmpty()) {
    auto i = static_cast<int64_t>(values.size());
    Value wide = memref::LoadOp::create(k.b, k.loc, workspace.memory,
                                        workspace.place(k, number, i, slice));
    values.push_back(narrow(k, wide, like.getType()));
  }
  return values;
}

/// The second kernel: the row's statistics from those of its slices, per-row
/// results, and the element-wise results of a slice.
static void emitResults(GPUBuilder &k, const RowNeeds &needs,
                        const Workspace &workspace) {
  Value number = k.block, slice = k.index(0);
  if (k.op.hasResult())
    std::tie(number, slice) = splitNumber(k, workspace);
  RowPosition row = beginRow(k, needs, number);
  std::optional<Segment> segment;
  if (k.op.hasResult()) {
    segment.emplace(blockOfRow(k, row, slice));
    segment->load();
  }
  SmallVector<RowValues> rows(k.statistics.size());
  if (needs.numPasses != 0)
    rows = mergeParts(k, needs, workspace.slices, /*most=*/std::nullopt,
                      [&](Value part) {
                        return loadValues(k, needs, workspace, number, part);
                      });
  finishRows(k, rows);
  k.rowWriter = k.isZero(slice);
  GPURowScope scope(k, row);
  SmallVector<Value> handedOn = emitRowRegion(k, scope, rows);
  k.rowWriter = nullptr;
  if (!segment)
    return;
  RowValues part;
  if (SegmentRunner::needsPart(k, needs))
    part = stagedOf(needs, Partials(k, needs).unflatten(
                               loadValues(k, needs, workspace, number, slice)));
  SegmentRunner(k, needs, *segment).writeResultsOfPart(rows, part, handedOn);
}

void mlir::softmax::emitSplitRow(GPUBuilder &k, const RowNeeds &needs,
                                 GPUAlternativeAttr alternative,
                                 StringRef name) {
  int64_t block = k.numeric.getBlock();
  k.rowThreads = alternative.getThreads();
  LaunchForm form;
  form.threads = alternative.getThreads();
  form.columnsPerBlock = block;
  form.registers = registersOfBlocks(k);
  Workspace workspace;
  workspace.slices =
      k.div(k.add(k.columns, k.index(block - 1)), k.index(block));
  OpBuilder::InsertPoint host = k.b.saveInsertionPoint();
  gpu::AllocOp memory;
  if (needs.numPasses != 0) {
    workspace.count =
        static_cast<int64_t>(Partials(k, needs).buildEmpty().size());
    k.workspaceBytes = workspace.count * 8;
    Type f64 = k.b.getF64Type();
    Value size =
        k.mul(k.mul(k.rowCount, workspace.slices), k.index(workspace.count));
    auto dynamic = MemRefType::get({ShapedType::kDynamic}, f64);
    memory = gpu::AllocOp::create(k.b, k.loc, dynamic, /*asyncToken=*/Type(),
                                  /*asyncDependencies=*/ValueRange(), size,
                                  /*symbolOperands=*/ValueRange());
    // Of a static size, so that kernels take a bare pointer.
    auto flat = MemRefType::get({GenericBuilder::maxElements}, f64);
    workspace.memory = memref::ReinterpretCastOp::create(
        k.b, k.loc, flat, memory.getMemref(), /*offset=*/int64_t(0),
        ArrayRef<int64_t>{GenericBuilder::maxElements}, ArrayRef<int64_t>{1});
    host = k.b.saveInsertionPoint();
    k.beginKernel((name + "_statistics").str(), form);
    k.thread = k.threadInBlock;
    emitStatistics(k, needs, workspace);
    k.b.restoreInsertionPoint(host);
  }
  if (!k.op.hasResult())
    form.columnsPerBlock = 0;
  k.beginKernel((name + "_results").str(), form);
  k.thread = k.threadInBlock;
  emitResults(k, needs, workspace);
  if (memory) {
    OpBuilder::InsertionGuard guard(k.b);
    k.b.setInsertionPointAfter(k.launch);
    gpu::DeallocOp::create(k.b, k.loc, /*asyncToken=*/Type(),
                           /*asyncDependencies=*/ValueRange(),
                           memory.getMemref());
  }
}
