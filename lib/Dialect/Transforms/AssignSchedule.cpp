// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-assign-schedule.

#include "mlir/IR/BuiltinOps.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "softmax/Dialect/Transforms/Schedule.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXASSIGNSCHEDULEPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

/// Bits are not a matter of schedules: a schedule that somebody wrote must have
/// the numeric part that the op has anyway (C-DET-1).
static LogicalResult verifyGiven(GenericOp op, const TargetDescription &target,
                                 Accuracy accuracy) {
  NumericAttr given = op.getScheduleAttr().getNumeric();
  NumericAttr needed = getNumericPart(op, target, accuracy);
  if (given == needed) {
    for (AlternativeAttr alternative : op.getScheduleAttr().getAlternatives())
      if (alternative.getScalable() && !target.scalable)
        return op.emitOpError("schedule: '")
               << stringifyStrategy(alternative.getStrategy())
               << "' has vectors of any length, which target '" << target.name
               << "' does not have; leave scalable out";
    return success();
  }
  return op.emitOpError("schedule: its numeric part is ")
         << given << ", but on target '" << target.name << "' in mode '"
         << stringifyAccuracy(accuracy) << "' it must be " << needed
         << ": only the alternatives are free to choose";
}

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
    if (threads != "none" && threads != "openmp") {
      root->emitError() << "softmax-assign-schedule: unknown threads '"
                        << threads << "'; use none or openmp";
      return signalPassFailure();
    }
    std::optional<StrategyKind> force;
    if (!forceStrategy.empty()) {
      force = parseStrategy(forceStrategy);
      if (!force) {
        root->emitError() << "softmax-assign-schedule: unknown strategy '"
                          << forceStrategy << "'; use " << listStrategies();
        return signalPassFailure();
      }
    }
    if (isa<ModuleOp>(root))
      root->setAttr("softmax.target", StringAttr::get(&getContext(), target));

    WalkResult result = root->walk([&](GenericOp op) {
      if (!op.hasPureBufferSemantics())
        return WalkResult::advance();
      if (op.getScheduleAttr())
        return failed(verifyGiven(op, *description, *mode))
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
