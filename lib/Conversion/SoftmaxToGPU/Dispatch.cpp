// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From a GPU schedule's alternatives to kernels: the guards, as far as types do
// not decide them, become a chain of scf.if on the host.

#include "Dispatch.h"
#include "GPUBuilder.h"
#include "Lowerable.h"
#include "Schedules.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/RegionUtils.h"
#include "softmax/Dialect/Transforms/Schedule.h"

using namespace mlir;
using namespace mlir::softmax;

static void emitSchedule(GPUBuilder &k, const RowNeeds &needs,
                         GPUAlternativeAttr alternative, StringRef name) {
  k.lanes = alternative.getLanes();
  k.vectors = alternative.getVectors();
  k.warpSize = alternative.getWarpSize();
  std::optional<int64_t> known = getConstantIntValue(k.columns);
  k.leastColumns = known ? *known : alternative.getMinColumns();
  switch (alternative.getStrategy()) {
  case GPUStrategy::LanesInner:
    return emitLanesInnerOnGPU(k, needs, alternative, name);
  case GPUStrategy::RowsPerWarp:
    return emitRowsPerWarp(k, needs, alternative, name);
  case GPUStrategy::WarpPerRow:
    return emitWarpPerRow(k, needs, alternative, name);
  case GPUStrategy::BlockPerRow:
    return emitBlockPerRow(k, needs, alternative, name);
  case GPUStrategy::ClusterPerRow:
    return emitClusterPerRow(k, needs, alternative, name);
  case GPUStrategy::BlockShared:
    return emitBlockShared(k, needs, alternative, name);
  case GPUStrategy::SplitRow:
    return emitSplitRow(k, needs, alternative, name);
  case GPUStrategy::BlockOnline:
    return emitBlockOnline(k, needs, alternative, name);
  }
}

/// Computes inside the kernel what the host computed from sizes, so that the
/// kernel takes pointers, sizes and scalars, and nothing else.
static void sinkArithmetic(gpu::LaunchOp launch) {
  llvm::SetVector<Value> captured;
  bool changed = true;
  while (changed) {
    changed = false;
    captured.clear();
    getUsedValuesDefinedAbove(launch.getBody(), captured);
    for (Value value : captured) {
      Operation *op = value.getDefiningOp();
      if (!op || op->getNumRegions() != 0 ||
          !isa<arith::ArithDialect>(op->getDialect()))
        continue;
      OpBuilder builder = OpBuilder::atBlockBegin(&launch.getBody().front());
      Operation *copy = builder.clone(*op);
      for (auto [from, to] : llvm::zip(op->getResults(), copy->getResults()))
        replaceAllUsesInRegionWith(from, to, launch.getBody());
      changed = true;
      break;
    }
  }
}

/// The sizes along `dims`, for those who launch a kernel: of each its number,
/// {-1, n}, or where it stands, {argument of the function, dimension}.  Null if
/// one is known to the host's code only.
static ArrayAttr describeSizes(GenericOp op, ArrayRef<int64_t> dims) {
  Builder builder(op.getContext());
  SmallVector<Attribute> sizes;
  for (int64_t dim : dims) {
    int64_t size = op.getStaticSize(dim);
    if (!ShapedType::isDynamic(size)) {
      sizes.push_back(builder.getDenseI64ArrayAttr({-1, size}));
      continue;
    }
    Attribute found;
    for (auto [i, map] : llvm::enumerate(op.getMapList())) {
      auto argument = dyn_cast<BlockArgument>(op.getOperand(i));
      auto position =
          map.getResultPosition(getAffineDimExpr(dim, op.getContext()));
      if (found || !position || !argument ||
          !isa<func::FuncOp>(argument.getOwner()->getParentOp()))
        continue;
      found = builder.getDenseI64ArrayAttr(
          {static_cast<int64_t>(argument.getArgNumber()),
           static_cast<int64_t>(*position)});
    }
    if (!found)
      return nullptr;
    sizes.push_back(found);
  }
  return builder.getArrayAttr(sizes);
}

/// What is not as it mostly is.
static Attribute describeLaunch(const GPUBuilder::Launch &launch,
                                Builder &builder) {
  NamedAttrList attributes;
  attributes.set("name", builder.getStringAttr(launch.name));
  auto set = [&](StringRef name, int64_t value, int64_t usual) {
    if (value != usual)
      attributes.set(name, builder.getI64IntegerAttr(value));
  };
  const LaunchForm &form = launch.form;
  set("threads", form.threads, 0);
  set("rows_per_block", form.rowsPerBlock, 1);
  set("blocks_per_row", form.blocksPerRow, 1);
  set("columns_per_block", form.columnsPerBlock, 0);
  set("cluster", form.cluster, 1);
  set("shared_bytes", form.sharedBytes, 0);
  set("registers", form.registers, 0);
  return attributes.getDictionary(builder.getContext());
}

LogicalResult
mlir::softmax::lowerGenericToGPU(GenericOp op, StringRef prefix,
                                 GPUCapabilities capabilities,
                                 SmallVectorImpl<Attribute> &kernels) {
  auto schedule = op->getAttrOfType<GPUScheduleAttr>(gpuScheduleAttrName);
  if (!schedule)
    return op.emitOpError("has no GPU schedule; run "
                          "softmax-assign-gpu-schedule before "
                          "convert-softmax-to-gpu");
  if (failed(checkLowerableToGPU(op, schedule)))
    return failure();

  OpBuilder builder(op);
  if (schedule.getNumeric().getExp() == ExpForm::Native &&
      capabilities.native == NativeInstructions::None)
    return op.emitOpError(
        "has a GPU schedule with exp = native, an instruction "
        "of NVIDIA's and AMD's chips; run convert-softmax-to-gpu with "
        "native=nvvm or native=rocdl, or use exp = scaled");
  GPUBuilder k(op, builder, schedule.getNumeric(), capabilities);
  RowNeeds needs(op);
  bool complete = false;
  ArrayAttr rows = describeSizes(op, op.getParallelDims());
  ArrayAttr columns = describeSizes(op, op.getDimensions());
  auto emit = [&](GPUAlternativeAttr alternative, StringRef name) {
    k.launches.clear();
    k.workspaceBytes = 0;
    emitSchedule(k, needs, alternative, name);
    NamedAttrList kernel;
    kernel.set("alternative", alternative);
    if (rows)
      kernel.set("rows", rows);
    if (columns)
      kernel.set("columns", columns);
    SmallVector<Attribute> launches;
    for (const GPUBuilder::Launch &launch : k.launches) {
      sinkArithmetic(launch.op);
      launches.push_back(describeLaunch(launch, builder));
    }
    if (k.workspaceBytes) {
      kernel.set("workspace_bytes",
                 builder.getI64IntegerAttr(k.workspaceBytes));
      kernel.set("workspace_columns",
                 builder.getI64IntegerAttr(k.numeric.getBlock()));
    }
    kernel.set("launches", builder.getArrayAttr(launches));
    kernels.push_back(kernel.getDictionary(op.getContext()));
  };
  for (GPUAlternativeAttr alternative : schedule.getAlternatives()) {
    Value guard;
    bool never = false;
    auto require = [&](Value condition) {
      if (std::optional<int64_t> constant = getConstantIntValue(condition))
        never |= *constant == 0;
      else
        guard = guard ? k.both(guard, condition) : condition;
    };
    if (int64_t least = alternative.getMinColumns())
      require(k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::sge,
                                              k.columns, k.index(least)));
    if (int64_t most = alternative.getMaxColumns())
      require(k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::sle,
                                              k.columns, k.index(most)));
    if (int64_t most = alternative.getMaxRows())
      require(k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::sle,
                                              k.rowCount, k.index(most)));
    if (never)
      continue;
    std::string name =
        (prefix + "_" + stringifyGPUStrategy(alternative.getStrategy())).str();
    bool sideBySide = alternative.getStrategy() == GPUStrategy::LanesInner &&
                      alternative.getLanes() > 1;
    if (sideBySide)
      name += "_by_" + std::to_string(alternative.getLanes());
    if (int64_t most = alternative.getMaxColumns())
      name += "_" + std::to_string(most);
    if (guard) {
      auto ifOp = scf::IfOp::create(builder, op.getLoc(), guard,
                                    /*withElseRegion=*/true);
      builder.setInsertionPointToStart(ifOp.thenBlock());
      emit(alternative, name);
      builder.setInsertionPointToStart(ifOp.elseBlock());
      continue;
    }
    emit(alternative, name);
    complete = true;
    break;
  }
  if (!complete) {
    GPUAlternativeAttr last = schedule.getAlternatives().back();
    return op.emitOpError("has rows that no alternative of its GPU schedule "
                          "takes: the last one, '")
           << stringifyGPUStrategy(last.getStrategy()) << "', takes up to "
           << last.getMaxColumns()
           << " columns; end the schedule with block_online, which takes any "
              "number";
  }
  op.erase();
  return success();
}
