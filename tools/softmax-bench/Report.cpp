// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Report.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

#include <set>

using namespace softmax_bench;

void softmax_bench::printHeader(llvm::raw_ostream &os) {
  os << "           shape type axis |      ours ns  e/ns  GB/s  limit |  ULP "
        "| peer                     peer ns  ratio  (quartiles)\n";
}

void softmax_bench::printRow(llvm::raw_ostream &os, const Result &result) {
  const Point &point = result.point;
  os << llvm::format(
      "%16s %4s %4d | %12.0f %5.2f %5.1f %5.0f%% | %4.1f | ",
      point.getShape().c_str(), getName(point.type).str().c_str(), point.axis,
      result.ours.median, point.getNumElements() / result.ours.median,
      2 * point.getNumBytes() / result.ours.median,
      100 * result.limitNs / result.ours.median, result.accuracy.worstUlp);
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
        os << llvm::format("against %s: %.2f at %s over axis %d\n",
                           peer.c_str(), result.ratio.median,
                           result.point.getShape().c_str(), result.point.axis);
  }
}

void softmax_bench::writeJson(llvm::raw_ostream &os,
                              llvm::ArrayRef<Result> results) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  // A nanosecond's thousandth is more than any clock tells.
  auto writeNumber = [&](double value) {
    json.rawValue(
        [&](llvm::raw_ostream &raw) { raw << llvm::format("%.3f", value); });
  };
  auto writeQuartiles = [&](const Quartiles &quartiles) {
    json.array([&] {
      writeNumber(quartiles.lower);
      writeNumber(quartiles.upper);
    });
  };
  auto writeOne = [&](const Result &result) {
    const Point &point = result.point;
    json.attribute("kernel", "softmax");
    json.attribute("shape", llvm::json::Array{point.rows, point.columns});
    json.attribute("type", getName(point.type));
    json.attribute("axis", point.axis);
    json.attribute("threads", 1);
    json.attributeBegin("ours_ns");
    writeNumber(result.ours.median);
    json.attributeEnd();
    json.attributeBegin("ours_quartiles");
    writeQuartiles(result.ours);
    json.attributeEnd();
    json.attributeBegin("ours_worst_ulp");
    writeNumber(result.accuracy.worstUlp);
    json.attributeEnd();
    json.attributeBegin("copy_ns");
    writeNumber(result.copyNs);
    json.attributeEnd();
    json.attributeBegin("limit_ns");
    writeNumber(result.limitNs);
    json.attributeEnd();
    json.attributeBegin("fraction_of_limit");
    writeNumber(result.limitNs / result.ours.median);
    json.attributeEnd();
    if (result.peer.empty()) {
      for (const char *name : {"peer", "peer_ns", "ratio", "ratio_quartiles"})
        json.attribute(name, nullptr);
      return;
    }
    json.attribute("peer", result.peer);
    json.attributeBegin("peer_ns");
    writeNumber(result.theirs.median);
    json.attributeEnd();
    json.attributeBegin("ratio");
    writeNumber(result.ratio.median);
    json.attributeEnd();
    json.attributeBegin("ratio_quartiles");
    writeQuartiles(result.ratio);
    json.attributeEnd();
  };
  json.array([&] {
    for (const Result &result : results)
      json.object([&] { writeOne(result); });
  });
  os << "\n";
}
