// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What softmax-bench prints.

#ifndef SOFTMAX_TOOLS_SOFTMAX_BENCH_REPORT_H
#define SOFTMAX_TOOLS_SOFTMAX_BENCH_REPORT_H

#include "Measure.h"

#include "llvm/Support/raw_ostream.h"

namespace softmax_bench {

/// What the machine can do on a type, apart from copies (measured per point).
struct ExpLimits {
  /// Elements per nanosecond, 0 where not measured.
  double core = 0;
  double libm = 0;
  double ours = 0;
  double getBest() const { return std::max({core, libm, ours}); }
};

struct Result {
  Point point;
  std::string peer; ///< Empty where there is none.
  Quartiles ours;
  Quartiles theirs;
  /// Their time over ours, repetition by repetition: above 1, ours is faster.
  Quartiles ratio;
  double copyNs = 0;
  double limitNs = 0;
  Accuracy accuracy;
};

void printHeader(llvm::raw_ostream &os);
void printRow(llvm::raw_ostream &os, const Result &result);
/// How the goals of the listed points stand.
void printSummary(llvm::raw_ostream &os, llvm::ArrayRef<Result> results);

/// An array with an object for each point and peer.  A point without a peer has
/// null for what a peer would say.
void writeJson(llvm::raw_ostream &os, llvm::ArrayRef<Result> results);

} // namespace softmax_bench

#endif // SOFTMAX_TOOLS_SOFTMAX_BENCH_REPORT_H
