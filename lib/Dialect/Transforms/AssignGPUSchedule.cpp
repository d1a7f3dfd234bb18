// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-assign-gpu-schedule.

#include "mlir/IR/BuiltinOps.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "softmax/Dialect/Transforms/Schedule.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXASSIGNGPUSCHEDULEPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

GPUScheduleAttr
mlir::softmax::toGPUSchedule(GPUNumericAttr numeric, int64_t warpSize,
                             ArrayRef<GPUCandidate> candidates) {
  MLIRContext *context = numeric.getContext();
  SmallVector<GPUAlternativeAttr> alternatives;
  for (const GPUCandidate &c : candidates)
    alternatives.push_back(GPUAlternativeAttr::get(
        context, c.minColumns, c.maxColumns, c.maxRows,
        *symbolizeGPUStrategy(toString(c.strategy)), c.threads, c.lanes,
        c.vectors, c.rows, c.cluster, warpSize));
  return GPUScheduleAttr::get(context, numeric, alternatives);
}

/// Bits are not a matter of schedules: a schedule that somebody wrote must have
/// the numeric part that the op has anyway (C-DET-1).
static LogicalResult verifyGiven(GenericOp op, Accuracy accuracy, bool native) {
  auto given = op->getAttrOfType<GPUScheduleAttr>(gpuScheduleAttrName);
  if (!given)
    return op.emitOpError("attribute ")
           << gpuScheduleAttrName
           << " must be a #softmax.gpu_schedule; leave it out to have one "
              "chosen";
  GPUNumericAttr needed = getGPUNumeric(op, accuracy, native);
  if (given.getNumeric() == needed)
    return success();
  return op.emitOpError("gpu schedule: its numeric part is ")
         << given.getNumeric() << ", but in mode '"
         << stringifyAccuracy(accuracy) << "' it must be " << needed
         << ": only the alternatives are free to choose";
}

/// Kernels that somebody wrote must suit the chip's warps and be of its kind,
/// without clusters where it has none.
static LogicalResult verifyForChip(GenericOp op, const GPUDescription &chip) {
  auto given = op->getAttrOfType<GPUScheduleAttr>(gpuScheduleAttrName);
  for (GPUAlternativeAttr alternative : given.getAlternatives()) {
    if (alternative.getWarpSize() != chip.warpSize)
      return op.emitOpError("gpu schedule: an alternative has warps of ")
             << alternative.getWarpSize() << " threads, and chip '" << chip.name
             << "' of " << chip.warpSize
             << "; write warp_size = " << chip.warpSize;
    GPUStrategy strategy = alternative.getStrategy();
    bool cluster = strategy == GPUStrategy::ClusterPerRow;
    if (chip.kind != GPUKind::NVIDIA &&
        (cluster || strategy == GPUStrategy::BlockShared ||
         strategy == GPUStrategy::SplitRow))
      return op.emitOpError("gpu schedule: strategy '")
             << stringifyGPUStrategy(strategy)
             << "' is of NVIDIA's GPUs; use block_online";
    if (cluster && chip.clusterBlocks < 2)
      return op.emitOpError("gpu schedule: chip '")
             << chip.name
             << "' has no clusters; use block_shared, split_row or "
                "block_online instead of cluster_per_row";
  }
  return success();
}

namespace {
struct SoftmaxAssignGPUSchedule
    : public mlir::softmax::impl::SoftmaxAssignGPUSchedulePassBase<
          SoftmaxAssignGPUSchedule> {
  using SoftmaxAssignGPUSchedulePassBase::SoftmaxAssignGPUSchedulePassBase;

  void runOnOperation() override {
    Operation *root = getOperation();
    auto refuse = [&](const Twine &why) {
      root->emitError() << "softmax-assign-gpu-schedule: " << why;
      signalPassFailure();
    };
    llvm::Expected<GPUDescription> description = parseGPU(chip);
    if (!description)
      return refuse(llvm::toString(description.takeError()));
    std::optional<Accuracy> mode = symbolizeAccuracy(accuracy);
    if (!mode)
      return refuse("unknown accuracy '" + accuracy.getValue() +
                    "'; use default, strict or fast");
    std::optional<GPUStrategyKind> force;
    if (!forceStrategy.empty()) {
      force = parseGPUStrategy(forceStrategy);
      if (!force)
        return refuse("unknown strategy '" + forceStrategy.getValue() +
                      "'; use " + listGPUStrategies());
    }
    // Vulkan promises 3 + 2 |x| ULP.
    bool native = description->kind != GPUKind::Vulkan;
    WalkResult result = root->walk([&](GenericOp op) {
      if (!op.hasPureBufferSemantics())
        return WalkResult::advance();
      if (op->hasAttr(gpuScheduleAttrName))
        return failed(verifyGiven(op, *mode, native)) ||
                       failed(verifyForChip(op, *description))
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      GPUKernelShape shape = describeGPUShape(op, *mode);
      llvm::Expected<llvm::SmallVector<GPUCandidate>> kernels =
          chooseGPUKernels(shape, *description, force);
      if (!kernels) {
        op.emitOpError(llvm::toString(kernels.takeError()));
        return WalkResult::interrupt();
      }
      op->setAttr(gpuScheduleAttrName,
                  toGPUSchedule(getGPUNumeric(op, *mode, native),
                                description->warpSize, *kernels));
      ++numScheduled;
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
