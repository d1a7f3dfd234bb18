// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-assign-schedule.

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "softmax/Dialect/Transforms/Schedule.h"
#include "llvm/Support/Format.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXASSIGNSCHEDULEPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

// Elements whose sum is folded by a fixed tree, and elements after which
// partial sums are folded (C-SUM-1): part of every result's bits.
static constexpr int64_t kGroup = 64;
static constexpr int64_t kBlock = 4096;

//===----------------------------------------------------------------------===//
// Op to numbers
//===----------------------------------------------------------------------===//

/// Static strides of `operand` per iteration dimension: 0 where its map does
/// not name the dimension.
static SmallVector<int64_t> stridesOf(Value operand, AffineMap map) {
  SmallVector<int64_t> result(map.getNumDims(), 0);
  auto type = dyn_cast<MemRefType>(operand.getType());
  if (!type)
    return result;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    strides.assign(type.getRank(), ShapedType::kDynamic);
  for (auto [stride, expr] : llvm::zip(strides, map.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      result[dim.getPosition()] = stride;
  return result;
}

/// Whether the softmax dimensions may be, and whether they surely are, one
/// contiguous run of `operand`.
static void classifyRow(GenericOp op, Value operand, AffineMap map,
                        bool &possible, bool &certain) {
  if (op.isRowInvariant(map))
    return;
  SmallVector<int64_t> strides = stridesOf(operand, map);
  ArrayRef<int64_t> dims = op.getDimensions();
  for (int64_t dim : dims)
    if (!map.isFunctionOfDim(dim))
      possible = false;
  int64_t innermost = strides[dims.back()];
  if (innermost != 1) {
    certain = false;
    possible &= ShapedType::isDynamic(innermost);
  }
  auto type = cast<MemRefType>(operand.getType());
  bool identity = type.getLayout().isIdentity() && map.isIdentity();
  for (size_t i = 0; i + 1 < dims.size(); ++i) {
    int64_t size = op.getStaticSize(dims[i + 1]);
    int64_t stride = strides[dims[i]], next = strides[dims[i + 1]];
    if (identity && dims[i + 1] == dims[i] + 1)
      continue;
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(stride) ||
        ShapedType::isDynamic(next)) {
      certain = false;
      // With the identity layout, dimensions that are not adjacent can only
      // run together where those between have size 1.
      if (identity)
        possible = false;
      continue;
    }
    if (stride != next * size)
      possible = false;
  }
}

KernelShape mlir::softmax::describeShape(GenericOp op) {
  KernelShape shape;
  auto product = [&](ArrayRef<int64_t> dims) -> std::optional<int64_t> {
    int64_t result = 1;
    for (int64_t dim : dims) {
      int64_t size = op.getStaticSize(dim);
      if (ShapedType::isDynamic(size) ||
          llvm::MulOverflow(result, size, result))
        return std::nullopt;
    }
    return result;
  };
  shape.columns = product(op.getDimensions());
  shape.rows = product(op.getParallelDims());
  shape.computeBits = op.getComputeType().getWidth();
  shape.narrowestBits = shape.computeBits;
  shape.bytesPerElement = 0;
  int64_t inner = op.getIterationRank() - 1;
  shape.rowPossible = shape.rowCertain = true;
  shape.innerPossible = shape.innerCertain = !op.isReduced(inner);
  for (auto [operand, map] : llvm::zip(op.getOperands(), op.getMapList())) {
    Type element = getElementTypeOrSelf(operand.getType());
    if (!isa<MemRefType>(operand.getType()))
      continue;
    unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
    if (!op.isRowInvariant(map)) {
      shape.narrowestBits = std::min(shape.narrowestBits, bits);
      shape.bytesPerElement += llvm::divideCeil(bits, 8);
    }
    classifyRow(op, operand, map, shape.rowPossible, shape.rowCertain);
    if (!map.isFunctionOfDim(inner))
      continue;
    int64_t stride = stridesOf(operand, map)[inner];
    if (stride != 1) {
      shape.innerCertain = false;
      shape.innerPossible &= ShapedType::isDynamic(stride);
    }
    if (!op.isReduced(inner))
      shape.narrowestBits = std::min(shape.narrowestBits, bits);
  }
  RowNeeds needs(op);
  shape.exponentials = needs.numPasses > 1;
  shape.elementwiseResults = needs.hasElementwise && needs.staged.has_value();
  shape.passes = std::max(needs.numPasses, 1u);
  shape.stagesInOutput = canStageInOutput(op);
  return shape;
}

//===----------------------------------------------------------------------===//
// Numbers to attribute
//===----------------------------------------------------------------------===//

static AlternativeAttr toAttr(MLIRContext *context, const Candidate &c) {
  auto layout = c.layout == LayoutKind::Row     ? Layout::Row
                : c.layout == LayoutKind::Inner ? Layout::Inner
                                                : Layout::Any;
  auto staging = c.staging == StagingKind::Output    ? Staging::Output
                 : c.staging == StagingKind::Scratch ? Staging::Scratch
                                                     : Staging::Recompute;
  auto tail = c.tail == TailKind::Masked        ? TailMode::Masked
              : c.tail == TailKind::MaskedLoads ? TailMode::MaskedLoads
                                                : TailMode::Pieces;
  return AlternativeAttr::get(context, layout, c.maxColumns, c.minRows,
                              c.minBytes,
                              *symbolizeStrategy(toString(c.strategy)), c.lanes,
                              c.vectors, c.rows, staging, tail, c.prefetch,
                              c.nontemporal ? StoreMode::Nontemporal
                                            : StoreMode::Ordinary,
                              c.scalable);
}

NumericAttr mlir::softmax::getNumericPart(GenericOp op,
                                          const TargetDescription &target,
                                          Accuracy accuracy) {
  // Strict has the same bits on every target, and so no tables.
  ExpForm exp = ExpForm::Scaled;
  if (accuracy != Accuracy::Strict && target.fma && op.getComputeType().isF32())
    exp = target.tableEntries == 16  ? ExpForm::Table16
          : target.tableEntries == 8 ? ExpForm::Table8
                                     : ExpForm::Scaled;
  return NumericAttr::get(op.getContext(), exp, target.fma, kGroup, kBlock,
                          accuracy);
}

FailureOr<ScheduleAttr>
mlir::softmax::chooseSchedule(GenericOp op, const TargetDescription &target,
                              Accuracy accuracy,
                              std::optional<StrategyKind> force) {
  llvm::Expected<SmallVector<Candidate>> candidates =
      chooseAlternatives(describeShape(op), target, force);
  if (!candidates)
    return op.emitOpError(llvm::toString(candidates.takeError()));
  MLIRContext *context = op.getContext();
  return ScheduleAttr::get(
      context, getNumericPart(op, target, accuracy),
      llvm::map_to_vector(
          *candidates, [&](const Candidate &c) { return toAttr(context, c); }));
}

/// Bits are not a matter of schedules: a schedule that somebody wrote must have
/// the numeric part that the op has anyway (C-DET-1).
static LogicalResult verifyNumericPart(GenericOp op,
                                       const TargetDescription &target,
                                       Accuracy accuracy) {
  NumericAttr given = op.getScheduleAttr().getNumeric();
  NumericAttr needed = getNumericPart(op, target, accuracy);
  if (given == needed)
    return success();
  return op.emitOpError("schedule: its numeric part is ")
         << given << ", but on target '" << target.name << "' in mode '"
         << stringifyAccuracy(accuracy) << "' it must be " << needed
         << ": only the alternatives are free to choose";
}

void mlir::softmax::explainSchedule(GenericOp op,
                                    const TargetDescription &target,
                                    llvm::raw_ostream &os) {
  ScheduleAttr schedule = op.getScheduleAttr();
  if (!schedule) {
    os << "  no schedule\n";
    return;
  }
  KernelShape shape = describeShape(op);
  for (AlternativeAttr a : schedule.getAlternatives()) {
    Candidate c;
    c.strategy = *parseStrategy(stringifyStrategy(a.getStrategy()));
    c.layout = a.getLayout() == Layout::Row     ? LayoutKind::Row
               : a.getLayout() == Layout::Inner ? LayoutKind::Inner
                                                : LayoutKind::Any;
    c.staging = a.getStaging() == Staging::Output    ? StagingKind::Output
                : a.getStaging() == Staging::Scratch ? StagingKind::Scratch
                                                     : StagingKind::Recompute;
    c.maxColumns = a.getMaxColumns();
    c.lanes = a.getLanes();
    c.vectors = a.getVectors();
    int64_t columns =
        shape.columns.value_or(c.maxColumns ? c.maxColumns : 4096);
    bool certain = (a.getLayout() == Layout::Any ||
                    (a.getLayout() == Layout::Row && shape.rowCertain) ||
                    (a.getLayout() == Layout::Inner && shape.innerCertain)) &&
                   a.getMinBytes() == 0 &&
                   (c.maxColumns == 0 ||
                    (shape.columns && *shape.columns <= c.maxColumns));
    os << "  ";
    bool guarded = false;
    if (a.getLayout() != Layout::Any) {
      os << stringifyLayout(a.getLayout())
         << (a.getLayout() == Layout::Row ? "s contiguous"
                                          : " dimension contiguous");
      guarded = true;
    }
    if (c.maxColumns && !shape.columns) {
      os << (guarded ? ", " : "") << "columns <= " << c.maxColumns;
      guarded = true;
    }
    if (a.getMinBytes()) {
      os << (guarded ? ", " : "") << "bytes >= " << a.getMinBytes();
      guarded = true;
    }
    os << (guarded ? ": " : "otherwise: ") << stringifyStrategy(a.getStrategy())
       << (c.strategy == StrategyKind::Packed ? " (scalar packing, " : " (")
       << c.lanes << (a.getScalable() ? " or more" : "") << " lanes x "
       << c.vectors << ", staging " << stringifyStaging(a.getStaging())
       << ", tails " << stringifyTailMode(a.getTail());
    if (a.getPrefetch())
      os << ", prefetch " << a.getPrefetch();
    if (a.getStores() == StoreMode::Nontemporal)
      os << ", nontemporal stores";
    os << "), modelled "
       << llvm::format("%.2f", modelCycles(c, shape, target, columns))
       << " cycles/element at " << columns << " columns\n";
    // What types promise ends the list.
    if (certain)
      return;
  }
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct SoftmaxAssignSchedule
    : public mlir::softmax::impl::SoftmaxAssignSchedulePassBase<
          SoftmaxAssignSchedule> {
  using SoftmaxAssignSchedulePassBase::SoftmaxAssignSchedulePassBase;

  void runOnOperation() override {
    Operation *root = getOperation();
    llvm::Expected<TargetDescription> description = parseTarget(target);
    if (!description) {
      root->emitError() << "softmax-assign-schedule: "
                        << llvm::toString(description.takeError());
      return signalPassFailure();
    }
    std::optional<Accuracy> mode = symbolizeAccuracy(accuracy);
    if (!mode) {
      root->emitError() << "softmax-assign-schedule: unknown accuracy '"
                        << accuracy << "'; use default, strict or fast";
      return signalPassFailure();
    }
    if (threads != "none") {
      root->emitError() << "softmax-assign-schedule: threads '" << threads
                        << "' is not in this version; use 'none'";
      return signalPassFailure();
    }
    std::optional<StrategyKind> force;
    if (!forceStrategy.empty()) {
      force = parseStrategy(forceStrategy);
      if (!force) {
        root->emitError() << "softmax-assign-schedule: unknown strategy '"
                          << forceStrategy
                          << "'; use registers, three_pass, scalable, "
                             "lanes_inner or packed";
        return signalPassFailure();
      }
    }
    if (isa<ModuleOp>(root))
      root->setAttr("softmax.target", StringAttr::get(&getContext(), target));

    WalkResult result = root->walk([&](GenericOp op) {
      if (!op.hasPureBufferSemantics())
        return WalkResult::advance();
      if (op.getScheduleAttr())
        return failed(verifyNumericPart(op, *description, *mode))
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      FailureOr<ScheduleAttr> schedule =
          chooseSchedule(op, *description, *mode, force);
      if (failed(schedule))
        return WalkResult::interrupt();
      op.setScheduleAttr(*schedule);
      ++numScheduled;
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
