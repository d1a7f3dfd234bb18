// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Scores as a table and as JSON.
#include "Table.h"
#include "softmax/Scorecard/Scorecard.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;
using llvm::StringRef;
namespace json = llvm::json;

static StringRef getBoundName(const Score &score) {
  switch (score.bound) {
  case Bound::Memory:
    return "memory";
  case Bound::Issue:
    return "issue";
  case Bound::Pipe:
    return getPipeName(score.pipe);
  case Bound::Latency:
    return "latency";
  case Bound::Launch:
    return "launch";
  }
  return "";
}

json::Object Score::toJSON() const {
  json::Object pipeCounts;
  for (size_t i = 0; i < kPipes; ++i)
    pipeCounts[getPipeName(static_cast<Pipe>(i))] = pipes[i];
  json::Array names;
  for (const std::string &kernel : kernels)
    names.push_back(kernel);
  return json::Object{
      {"name", name},
      {"kernels", std::move(names)},
      {"rows", rows},
      {"columns", columns},
      {"bytes_read_per_element", bytesRead},
      {"bytes_written_per_element", bytesWritten},
      {"sectors_read_ratio", sectorsRead},
      {"sectors_written_ratio", sectorsWritten},
      {"instructions_per_element", instructions},
      {"instructions_by_pipe", std::move(pipeCounts)},
      {"spilled_bytes_per_element", spilledBytes},
      {"barriers_per_row", barriersPerRow},
      {"cluster_barriers_per_row", clusterBarriersPerRow},
      {"threads", threads},
      {"registers", registers},
      {"stack_bytes", stackBytes},
      {"shared_bytes", sharedBytes},
      {"blocks_per_multiprocessor", occupancy.blocks},
      {"warps_per_multiprocessor", occupancy.warps},
      {"occupancy_limit", occupancy.limit},
      {"bytes_in_flight_per_multiprocessor", bytesInFlight},
      {"modelled_seconds", json::Object{{"memory", memorySeconds},
                                        {"issue", issueSeconds},
                                        {"pipe", pipeSeconds},
                                        {"latency", latencySeconds},
                                        {"launch", launchSeconds},
                                        {"all", seconds}}},
      {"modelled_bound", getBoundName(*this)},
      {"modelled_bytes_per_second", throughput},
      {"modelled_share_of_memory_bound", shareOfBound},
      {"unknown_branches", unknownBranches},
      {"unknown_addresses", unknownAddresses},
      {"unknown_guards", unknownGuards}};
}

json::Value mlir::softmax::scorecard::scoresToJSON(llvm::ArrayRef<Score> scores,
                                                   const GPUDescription &chip) {
  json::Array list;
  for (const Score &score : scores)
    list.push_back(score.toJSON());
  return json::Object{{"chip", chip.name},
                      {"modelled", true},
                      {"memory_bytes_per_second", chip.bandwidth},
                      {"scores", std::move(list)}};
}

void mlir::softmax::scorecard::printScores(llvm::ArrayRef<Score> scores,
                                           const GPUDescription &chip,
                                           llvm::raw_ostream &stream) {
  stream << "scorecard for " << chip.name
         << ", modelled: counted in machine code, nothing is measured\n";
  Table table = {{"kernel", "rows", "columns", "read", "written", "sectors",
                  "SASS", "registers", "spills", "shared", "blocks", "warps",
                  "in flight", "barriers", "time", "bound", "share"},
                 {"", "", "", "B/elem", "B/elem", "r/w", "/elem/lane", "",
                  "B/elem", "B/block", "/SM", "/SM", "KB/SM", "/row", "us", "",
                  ""}};
  auto number = [](double value, const char *format) {
    return llvm::formatv(format, value).str();
  };
  bool unsure = false, unsureBytes = false;
  for (const Score &score : scores) {
    bool assumed = score.unknownBranches > 0;
    bool bytesAssumed = score.unknownAddresses + score.unknownGuards > 0;
    unsureBytes |= bytesAssumed;
    unsure |= assumed;
    table.push_back(
        {score.name, std::to_string(score.rows), std::to_string(score.columns),
         number(score.bytesRead, "{0:f2}"),
         number(score.bytesWritten, "{0:f2}") + (bytesAssumed ? "+" : ""),
         number(score.sectorsRead, "{0:f2}") + "/" +
             number(score.sectorsWritten, "{0:f2}"),
         number(score.instructions, "{0:f1}") + (assumed ? "*" : ""),
         std::to_string(score.registers), number(score.spilledBytes, "{0:f1}"),
         std::to_string(score.sharedBytes),
         std::to_string(score.occupancy.blocks),
         std::to_string(score.occupancy.warps),
         number(score.bytesInFlight / 1024, "{0:f1}"),
         number(score.barriersPerRow + score.clusterBarriersPerRow, "{0:f2}"),
         number(score.seconds * 1e6, "{0:f1}"), getBoundName(score).str(),
         number(score.shareOfBound, "{0:f2}")});
  }
  printTable(table, stream);
  if (unsure)
    stream << "* with branches on data, of which the shorter side is counted\n";
  if (unsureBytes)
    stream << "+ with accesses that depend on data, counted as if they were "
              "contiguous and all took place\n";
}
