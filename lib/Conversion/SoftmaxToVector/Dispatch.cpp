// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From a schedule's alternatives to code: the guards, as far as types do not
// decide them, become a chain of scf.if.

#include "CheckSchedule.h"
#include "Dispatch.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Guards
//===----------------------------------------------------------------------===//

namespace {
/// A condition that may be known: `known` set, or the i1 `value`.
struct Guard {
  std::optional<bool> known = true;
  Value value;

  void require(KernelBuilder &k, Value condition) {
    if (known && !*known)
      return;
    if (std::optional<int64_t> constant = getConstantIntValue(condition)) {
      if (*constant == 0) {
        known = false;
        value = nullptr;
      }
      return;
    }
    value =
        known ? condition
              : arith::AndIOp::create(k.b, k.loc, value, condition).getResult();
    known = std::nullopt;
  }
  void never() {
    known = false;
    value = nullptr;
  }
};
} // namespace

static Value equal(KernelBuilder &k, Value x, Value y) {
  return k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::eq, x, y);
}

/// The softmax dimensions are one contiguous run of every operand that they
/// reach.
static void requireRowLayout(KernelBuilder &k, Guard &guard) {
  auto visit = [&](const OperandView &view) {
    if (!view.alongRow)
      return;
    for (int64_t dim : k.reduced)
      if (!view.strides[dim])
        return guard.never();
    guard.require(k, equal(k, view.strides[k.reduced.back()], k.index(1)));
    for (size_t i = 0; i + 1 < k.reduced.size(); ++i) {
      int64_t dim = k.reduced[i], next = k.reduced[i + 1];
      if (view.identityLayout && next == dim + 1)
        continue;
      guard.require(k, equal(k, view.strides[dim],
                             k.mul(view.strides[next], k.sizes[next])));
    }
  };
  for (const OperandView &view : k.inputs)
    visit(view);
  for (const OperandView &view : k.inits)
    visit(view);
}

/// The last iteration dimension is parallel and contiguous wherever it is
/// named.
static void requireInnerLayout(KernelBuilder &k, Guard &guard) {
  int64_t inner = k.op.getIterationRank() - 1;
  if (k.op.isReduced(inner))
    return guard.never();
  auto visit = [&](const OperandView &view) {
    if (view.strides[inner])
      guard.require(k, equal(k, view.strides[inner], k.index(1)));
  };
  for (const OperandView &view : k.inputs)
    visit(view);
  for (const OperandView &view : k.inits)
    visit(view);
}

static Guard buildGuard(KernelBuilder &k, AlternativeAttr alternative) {
  Guard guard;
  if (alternative.getLayout() == Layout::Row)
    requireRowLayout(k, guard);
  if (alternative.getLayout() == Layout::Inner)
    requireInnerLayout(k, guard);
  if (int64_t least = alternative.getMinColumns())
    guard.require(k, k.b.createOrFold<arith::CmpIOp>(k.loc,
                                                     arith::CmpIPredicate::sge,
                                                     k.columns, k.index(least)));
  if (int64_t most = alternative.getMaxColumns())
    guard.require(k, k.b.createOrFold<arith::CmpIOp>(k.loc,
                                                     arith::CmpIPredicate::sle,
                                                     k.columns, k.index(most)));
  if (int64_t least = alternative.getMinRows())
    guard.require(k, k.b.createOrFold<arith::CmpIOp>(
                         k.loc, arith::CmpIPredicate::sge,
                         k.sub(k.rowEnd, k.rowBegin), k.index(least)));
  if (int64_t least = alternative.getMinBytes()) {
    int64_t perElement = 0;
    for (const OperandView &view : llvm::concat<OperandView>(k.inputs, k.inits))
      if (view.alongRow)
        perElement += view.elementBytes();
    Value bytes = k.mul(k.mul(k.columns, k.rowCount), k.index(perElement));
    guard.require(k, k.b.createOrFold<arith::CmpIOp>(k.loc,
                                                     arith::CmpIPredicate::sge,
                                                     bytes, k.index(least)));
  }
  if (alternative.getStrategy() == Strategy::Registers)
    guard.require(k, k.lessThan(k.index(0), k.columns));
  // Memrefs of i1 hold bytes, which are put together lane by lane.
  for (const OperandView &view : llvm::concat<OperandView>(k.inputs, k.inits))
    if (alternative.getScalable() && view.elementType.isInteger(1))
      guard.never();
  return guard;
}

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

static void emitStrategy(KernelBuilder &k, const RowNeeds &needs,
                         AlternativeAttr alternative) {
  k.beginAlternative(alternative);
  switch (alternative.getStrategy()) {
  case Strategy::Registers:
    return emitRegisters(k, needs, alternative);
  case Strategy::ThreePass:
    return emitThreePass(k, needs, alternative);
  case Strategy::Scalable:
    return emitScalable(k, needs, alternative);
  case Strategy::LanesInner:
    return emitLanesInner(k, needs, alternative);
  case Strategy::Packed:
    return emitPacked(k, needs, alternative);
  case Strategy::Pipe3:
    return emitPipe3(k, needs, alternative);
  case Strategy::Pipe2:
    return emitPipe2(k, needs, alternative);
  case Strategy::LanesRows:
    return emitLanesRows(k, needs, alternative);
  case Strategy::Online:
    return emitOnline(k, needs, alternative);
  case Strategy::Panels:
    return emitPipedPanels(k, needs, alternative);
  }
}

FailureOr<unsigned> mlir::softmax::lowerGeneric(GenericOp op) {
  ScheduleAttr schedule = op.getScheduleAttr();
  if (!schedule)
    return op.emitOpError("has no schedule; run softmax-assign-schedule before "
                          "convert-softmax-to-vector");
  if (!op.hasPureBufferSemantics())
    return op.emitOpError(
        "has tensor operands; bufferize before convert-softmax-to-vector (or "
        "use softmax-decompose on tensors)");
  for (StatisticAttrInterface statistic : op.getStatisticList())
    if (statistic.getNumPasses() == 0)
      return op.emitOpError("statistic ")
             << statistic
             << " has no vector lowering in this version; remove it from the "
                "op's "
                "statistics or compute it elsewhere";
  if (failed(checkRegionsVectorizable(op)) ||
      failed(checkSchedule(op, schedule)))
    return failure();

  OpBuilder builder(op);
  KernelBuilder k(op, builder);
  RowNeeds needs(op);
  OpBuilder::InsertionGuard guard(builder);
  unsigned emitted = 0;
  for (AlternativeAttr alternative : schedule.getAlternatives()) {
    Guard condition = buildGuard(k, alternative);
    if (condition.known && !*condition.known)
      continue;
    ++emitted;
    if (condition.known) {
      emitStrategy(k, needs, alternative);
      break;
    }
    auto ifOp = scf::IfOp::create(builder, op.getLoc(), condition.value,
                                  /*withElseRegion=*/true);
    builder.setInsertionPointToStart(ifOp.thenBlock());
    emitStrategy(k, needs, alternative);
    builder.setInsertionPointToStart(ifOp.elseBlock());
  }
  k.freeScratch();
  op.erase();
  return emitted;
}
