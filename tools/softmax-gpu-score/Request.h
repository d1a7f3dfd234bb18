// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What softmax-gpu-score is asked to score.
#ifndef SOFTMAX_TOOLS_SOFTMAX_GPU_SCORE_REQUEST_H
#define SOFTMAX_TOOLS_SOFTMAX_GPU_SCORE_REQUEST_H

#include "softmax/Scorecard/Scorecard.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace mlir::softmax {

struct ScoreRequest {
  GPUDescription chip;
  struct Problem {
    /// Path of the machine code, and of what nvdisasm prints of it; the latter
    /// empty where nvdisasm is to be run.
    std::string cubin, sass;
    scorecard::ScoredProblem problem;
  };
  std::vector<Problem> problems;
};

/// Reads a request (see the tool's --help) from JSON.  Fails with the place of
/// what is wrong.
llvm::Expected<ScoreRequest> parseScoreRequest(llvm::StringRef text);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAX_GPU_SCORE_REQUEST_H
