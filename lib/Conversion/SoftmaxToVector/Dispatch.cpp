// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From a schedule's alternatives to code: the guards, as far as types do not
// decide them, become a chain of scf.if.

#include "Dispatch.h"
#include "CheckSchedule.h"
#include "Guards.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

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
    if (statistic.getNumPasses() == 0 && statistic.getSelectionSize() == 0)
      return op.emitOpError("statistic ")
             << statistic
             << " has no vector lowering; remove it from the op's statistics "
                "or compute it elsewhere";
  if (failed(checkRegionsVectorizable(op, "convert-softmax-to-vector")) ||
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
