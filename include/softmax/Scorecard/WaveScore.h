// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Figures of kernels for AMD GPUs: what code objects say and hold.  Their
// machine code is not followed, and nothing here is a measurement.
#ifndef SOFTMAX_SCORECARD_WAVESCORE_H
#define SOFTMAX_SCORECARD_WAVESCORE_H

#include "softmax/Schedule/WaveOccupancy.h"
#include "softmax/Scorecard/WaveCode.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace mlir::softmax::scorecard {

/// One kernel at one shape.
struct WaveScore {
  /// What a table calls it.
  std::string name;
  int64_t rows = 0, columns = 0;
  /// Per element of the rows, by the schedule's model; and what moving each
  /// byte once takes, over that.
  double bytesRead = 0, bytesWritten = 0, shareOfBound = 0;
  KernelResources resources;
  WaveCounts instructions;

  llvm::json::Object toJSON(const GPUDescription &chip) const;
};

/// A table, one line per score, under a line that says that it is modelled.
void printWaveScores(llvm::ArrayRef<WaveScore> scores,
                     const GPUDescription &chip, llvm::raw_ostream &stream);
/// {"chip": ..., "modelled": true, "scores": [...]}
llvm::json::Value waveScoresToJSON(llvm::ArrayRef<WaveScore> scores,
                                   const GPUDescription &chip);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_SCORECARD_WAVESCORE_H
