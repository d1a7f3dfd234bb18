// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Report.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

#include <set>

using namespace softmax_bench;

void softmax_bench::printHeader(llvm::raw_ostream &os) {
  os << "           shape type axis |      ours ns  e/ns  GB/s  limit |  ULP "
        "| peer                     peer ns  ratio  (quartiles)\n";
}

void softmax_bench::printRow(llvm::raw_ostream &os, const Result &result) {
  const Point &point = result.point;
  os << llvm::format("%16s %4s %4d | %12.0f %5.2f %5.1f %5.0f%% | %4.1f | ",
                     point.getShape().c_str(),
                     getName(point.type).str().c_str(), point.axis,
                     result.ours.median,
                     point.getNumElements() / result.ours.median,
                     2 * point.getNumBytes() / result.ours.median,
                     100 * result.limitNs / result.ours.median,
                     result.accuracy.worstUlp);
  if (result.peer.empty())
    os << "none\n";
  else
    os << llvm::format("%-19s %12.0f %6.2f  (%.2f, %.2f)\n",
                       result.peer.c_str(), result.theirs.median,
                       result.ratio.median, result.ratio.lower,
                       result.ratio.upper);
}

void softmax_bench::printSummary(llvm::raw_ostream &os,
                                 llvm::ArrayRef<Result> results) {
  // A goal is met where the lower quartile of the ratio reaches 0.95 of it.
  std::set<std::string> peers;
  for (const Result &result : results)
    if (!result.peer.empty())
      peers.insert(result.peer);
  for (const std::string &peer : peers) {
    unsigned listed = 0, notSlower = 0;
    double worst = HUGE_VAL;
    std::vector<double> ratios;
    for (const Result &result : results) {
      if (result.peer != peer || !isListed(result.point))
        continue;
      ++listed;
      notSlower += result.ratio.lower >= 0.95;
      worst = std::min(worst, result.ratio.median);
      ratios.push_back(result.ratio.median);
    }
    if (listed)
      os << llvm::format("against %s: not slower at %u of %u listed points, "
                         "median ratio %.2f, smallest %.2f\n",
                         peer.c_str(), notSlower, listed,
                         getQuartiles(ratios).median, worst);
    for (const Result &result : results)
      if (result.peer == peer && !isListed(result.point))
        os << llvm::format("against %s: %.2f at %s over axis %d\n", peer.c_str(),
                           result.ratio.median,
                           result.point.getShape().c_str(), result.point.axis);
  }
}

static double round3(double value) { return std::round(value * 1e3) / 1e3; }

llvm::json::Value softmax_bench::toJson(llvm::ArrayRef<Result> results) {
  llvm::json::Array array;
  for (const Result &result : results) {
    const Point &point = result.point;
    llvm::json::Object object{
        {"kernel", "softmax"},
        {"shape", llvm::json::Array{point.rows, point.columns}},
        {"type", getName(point.type)},
        {"axis", point.axis},
        {"threads", 1},
        {"ours_ns", round3(result.ours.median)},
        {"ours_quartiles", llvm::json::Array{round3(result.ours.lower),
                                             round3(result.ours.upper)}},
        {"ours_worst_ulp", round3(result.accuracy.worstUlp)},
        {"copy_ns", round3(result.copyNs)},
        {"limit_ns", round3(result.limitNs)},
        {"fraction_of_limit", round3(result.limitNs / result.ours.median)}};
    if (result.peer.empty()) {
      object["peer"] = nullptr;
      object["peer_ns"] = nullptr;
      object["ratio"] = nullptr;
      object["ratio_quartiles"] = nullptr;
    } else {
      object["peer"] = result.peer;
      object["peer_ns"] = round3(result.theirs.median);
      object["ratio"] = round3(result.ratio.median);
      object["ratio_quartiles"] = llvm::json::Array{round3(result.ratio.lower),
                                                    round3(result.ratio.upper)};
    }
    array.push_back(std::move(object));
  }
  return array;
}
