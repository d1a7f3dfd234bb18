// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Seconds from counts.
#ifndef SOFTMAX_LIB_SCORECARD_TIMEMODEL_H
#define SOFTMAX_LIB_SCORECARD_TIMEMODEL_H

#include "softmax/Scorecard/Scorecard.h"

namespace mlir::softmax::scorecard {

/// What a launch does, all blocks together.
struct LaunchWork {
  double blocks = 0, warpsPerBlock = 0;
  /// Bytes that memory moves.
  double bytes = 0;
  /// Of warps.
  double instructions = 0;
  std::array<double, kPipes> pipes = {};
  /// Per block.
  double barriers = 0, memoryWaits = 0;
  /// Blocks that a multiprocessor holds.
  unsigned residentBlocks = 1;
  /// Bytes asked for by the resident blocks before they wait.
  double bytesInFlight = 0;
};

/// Adds the times of a launch to `score`; the launches of a problem run one
/// after another.
void addTimes(const LaunchWork &work, const GPUDescription &chip, Score &score);
/// Makes `score.seconds` and what follows from it.
void finishTimes(double leastBytes, const GPUDescription &chip, Score &score);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_LIB_SCORECARD_TIMEMODEL_H
