// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/WaveScore.h"
#include "Table.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;
namespace json = llvm::json;

json::Object WaveScore::toJSON(const GPUDescription &chip) const {
  json::Object units;
  for (size_t i = 0; i < kWaveUnits; ++i)
    units[getWaveUnitName(static_cast<WaveUnit>(i))] = instructions.byUnit[i];
  json::Object object = mlir::softmax::toJSON(resources, chip);
  object["name"] = name;
  object["kernels"] = json::Array{resources.name};
  object["rows"] = rows;
  object["columns"] = columns;
  object["bytes_read_per_element"] = bytesRead;
  object["bytes_written_per_element"] = bytesWritten;
  object["modelled_share_of_memory_bound"] = shareOfBound;
  object["threads"] = resources.threads;
  object["static_instructions"] = instructions.total();
  object["static_instructions_by_unit"] = std::move(units);
  return object;
}

json::Value
mlir::softmax::scorecard::waveScoresToJSON(llvm::ArrayRef<WaveScore> scores,
                                           const GPUDescription &chip) {
  json::Array list;
  for (const WaveScore &score : scores)
    list.push_back(score.toJSON(chip));
  return json::Object{{"chip", chip.name},
                      {"modelled", true},
                      {"memory_bytes_per_second", chip.bandwidth},
                      {"most_waves_per_simd", getMostWavesPerSIMD(chip)},
                      {"scores", std::move(list)}};
}

void mlir::softmax::scorecard::printWaveScores(llvm::ArrayRef<WaveScore> scores,
                                               const GPUDescription &chip,
                                               llvm::raw_ostream &stream) {
  stream << "scorecard for " << chip.name
         << ", modelled: bytes by the schedule, the rest read in machine code; "
            "nothing is measured\n";
  Table table = {{"kernel", "rows", "columns", "read", "written", "threads",
                  "VGPRs", "SGPRs", "scratch", "LDS", "waves", "vector",
                  "transc.", "global", "LDS", "scalar", "other", "share"},
                 {"", "", "", "B/elem", "B/elem", "/block", "", "", "B/thread",
                  "B/block", "/SIMD", "static", "static", "static", "static",
                  "static", "static", ""}};
  for (const WaveScore &score : scores) {
    const KernelResources &taken = score.resources;
    const WaveCounts &counts = score.instructions;
    uint64_t memory =
        counts[WaveUnit::GlobalMemory] + counts[WaveUnit::Scratch];
    table.push_back(
        {score.name, std::to_string(score.rows), std::to_string(score.columns),
         llvm::formatv("{0:f2}", score.bytesRead).str(),
         llvm::formatv("{0:f2}", score.bytesWritten).str(),
         std::to_string(taken.threads), std::to_string(taken.vgprs),
         std::to_string(taken.sgprs), std::to_string(taken.scratchBytes),
         std::to_string(taken.ldsBytes),
         std::to_string(getWavesPerSIMD(taken, chip)) + "/" +
             std::to_string(getMostWavesPerSIMD(chip)),
         std::to_string(counts[WaveUnit::Vector]),
         std::to_string(counts[WaveUnit::Transcendental]),
         std::to_string(memory), std::to_string(counts[WaveUnit::LDS]),
         std::to_string(counts[WaveUnit::Scalar]),
         std::to_string(counts[WaveUnit::ScalarMemory] +
                        counts[WaveUnit::Control]),
         llvm::formatv("{0:f2}", score.shareOfBound).str()});
  }
  printTable(table, stream);
  stream << "static: instructions as they stand in the code, those of a loop "
            "once\n";
}
