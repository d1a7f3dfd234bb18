// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "TimeModel.h"

#include <algorithm>
#include <cmath>

using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;

namespace {

/// Rates of a chip, per multiprocessor.
struct ChipRates {
  double clock;
  /// Seconds from a load's issue to its value while memory is busy.
  double latency;
  /// Instructions of warps per clock: CUDA C++ Programming Guide, "Throughput
  /// of Native Arithmetic Instructions", over 32; memory and shuffles by the
  /// lanes that the whitepapers give their units.
  std::array<double, kPipes> pipes;
};

} // namespace

/// Schedulers of a multiprocessor, each of which issues an instruction of a
/// warp per clock.
static constexpr double issueRate = 4;
/// Clocks between instructions of one warp that depend on each other, half of
/// which a warp has other instructions for; and what a barrier takes.
static constexpr double clocksPerInstruction = 2, clocksPerBarrier = 30;
/// Seconds from one launch to the next on a stream.
static constexpr double launchSeconds = 2.5e-6;

static const ChipRates &getRates(const GPUDescription &chip) {
  // float, integer, multiply, double, special, conversion, wide conversion,
  // memory, shuffle, reduction, other
  static const ChipRates turing = {
      1.59e9, 600e-9, {2, 2, 2, 0.0625, 0.5, 0.5, 0.0625, 0.5, 1, 0.5, 4}};
  static const ChipRates ampere = {
      1.41e9, 650e-9, {2, 2, 2, 1, 0.5, 2, 0.5, 1, 1, 0.5, 4}};
  static const ChipRates hopper = {
      1.7e9, 790e-9, {4, 2, 2, 2, 0.5, 2, 0.5, 1, 1, 0.5, 4}};
  static const ChipRates blackwell = {
      1.85e9, 740e-9, {4, 2, 2, 2, 0.5, 2, 0.5, 1, 1, 0.5, 4}};
  if (chip.name == "sm_75")
    return turing;
  if (chip.name == "sm_80")
    return ampere;
  return chip.name == "sm_90" ? hopper : blackwell;
}

void mlir::softmax::scorecard::addTimes(const LaunchWork &work,
                                        const GPUDescription &chip,
                                        Score &score) {
  const ChipRates &rates = getRates(chip);
  double busy = std::min<double>(chip.multiprocessors, work.blocks);
  double clocks = rates.clock * busy;
  score.memorySeconds += work.bytes / chip.bandwidth;
  score.issueSeconds += work.instructions / issueRate / clocks;
  double longest = 0;
  for (size_t i = 0; i < kPipes; ++i) {
    double seconds = work.pipes[i] / rates.pipes[i] / clocks;
    if (seconds <= longest)
      continue;
    longest = seconds;
    score.pipe = static_cast<Pipe>(i);
  }
  score.pipeSeconds += longest;
  // How long one block takes by itself, for as many rounds of resident blocks
  // as there are.
  double warps = work.blocks * work.warpsPerBlock;
  double block = work.memoryWaits * rates.latency +
                 (work.instructions / warps * clocksPerInstruction +
                  work.barriers * clocksPerBarrier) /
                     rates.clock;
  double resident = std::max(1u, work.residentBlocks);
  double rounds =
      std::max(1.0, work.blocks / (chip.multiprocessors * resident));
  score.latencySeconds += rounds * block;
  score.launchSeconds += launchSeconds;
}

void mlir::softmax::scorecard::finishTimes(double leastBytes,
                                           const GPUDescription &chip,
                                           Score &score) {
  score.seconds = 0;
  for (auto [seconds, bound] :
       {std::pair<double, Bound>{score.memorySeconds, Bound::Memory},
        {score.issueSeconds, Bound::Issue},
        {score.pipeSeconds, Bound::Pipe},
        {score.latencySeconds, Bound::Latency},
        {score.launchSeconds, Bound::Launch}})
    if (seconds > score.seconds) {
      score.seconds = seconds;
      score.bound = bound;
    }
  if (score.seconds == 0)
    return;
  score.throughput = leastBytes / score.seconds;
  score.shareOfBound = score.throughput / chip.bandwidth;
}
