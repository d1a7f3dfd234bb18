// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Figures of kernels from their machine code, whoever compiled them: what they
// move, execute and hold, and a model of their time.  Nothing here is a
// measurement.
#ifndef SOFTMAX_SCORECARD_SCORECARD_H
#define SOFTMAX_SCORECARD_SCORECARD_H

#include "softmax/Schedule/GPUDescription.h"
#include "softmax/Schedule/GPUOccupancy.h"
#include "softmax/Scorecard/Cubin.h"
#include "softmax/Scorecard/Sass.h"
#include "softmax/Scorecard/SassWalk.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace mlir::softmax::scorecard {

/// The kernels of a cubin, disassembled.
class MachineCode {
public:
  /// `disassembly` is nvdisasm's of `cubin`.
  static llvm::Expected<MachineCode> read(llvm::StringRef cubin,
                                          llvm::StringRef disassembly);
  /// Null if there is no kernel of that name.
  const SassFunction *findCode(llvm::StringRef kernel) const;
  const CubinKernel *findResources(llvm::StringRef kernel) const;
  /// In the order of the cubin.
  std::vector<std::string> listKernels() const;

private:
  std::vector<SassFunction> functions;
  llvm::StringMap<CubinKernel> resources;
};

/// One launch.
struct ScoredLaunch {
  std::string kernel;
  Dim3 grid, block;
  unsigned dynamicSharedBytes = 0;
  /// Blocks of a cluster, along x.
  unsigned cluster = 1;
  /// The bits of each parameter, in order: addresses, sizes, scalars.
  std::vector<uint64_t> arguments;
};

/// An address for the buffer of parameter `index`: far from the others and a
/// multiple of 256.
uint64_t getBufferAddress(unsigned index);

/// What the launches compute together.
struct ScoredProblem {
  /// What a table calls it: "block_per_row", "triton tutorial".
  std::string name;
  int64_t rows = 0, columns = 0;
  /// What has to be read and written once, in bytes.
  uint64_t leastRead = 0, leastWritten = 0;
  std::vector<ScoredLaunch> launches;
  /// Where blocks take row after row, a few rows tell as much as many: the
  /// launches, as walked, do a part of the rows, and the problem is so many
  /// times as much work for the same blocks.
  int64_t repeat = 1;
  /// Blocks that are walked, at most; rows of all alignments should be among
  /// them.
  uint64_t walkedBlocks = 4;
};

/// What limits a kernel's time.
enum class Bound : uint8_t { Memory, Issue, Pipe, Latency, Launch };

struct Score {
  std::string name;
  std::vector<std::string> kernels;
  int64_t rows = 0, columns = 0;

  /// Per element of the rows.
  double bytesRead = 0, bytesWritten = 0;
  /// 32-byte sectors of all accesses, over the bytes that they move.
  double sectorsRead = 0, sectorsWritten = 0;
  /// Instructions per element and lane: 32 times those of warps.
  double instructions = 0;
  std::array<double, kPipes> pipes = {};
  /// Bytes of local memory per element.
  double spilledBytes = 0;
  double barriersPerRow = 0, clusterBarriersPerRow = 0;
  /// Of the launch that takes most: per thread, per block, per multiprocessor.
  unsigned registers = 0, stackBytes = 0, sharedBytes = 0, threads = 0;
  GPUOccupancy occupancy;
  /// Bytes that the resident warps ask for before they wait.
  double bytesInFlight = 0;

  /// Seconds, of which `seconds` is the modelled time.
  double memorySeconds = 0, issueSeconds = 0, pipeSeconds = 0,
         latencySeconds = 0, launchSeconds = 0, seconds = 0;
  Bound bound = Bound::Memory;
  /// The pipe that takes longest.
  Pipe pipe = Pipe::Other;
  /// What it takes to move the bytes once, over the modelled time.
  double shareOfBound = 0;
  /// Bytes that have to be moved, per second of the modelled time.
  double throughput = 0;
  /// See WalkCounts.
  uint64_t unknownBranches = 0, unknownAddresses = 0, unknownGuards = 0;

  llvm::json::Object toJSON() const;
};

/// Walks some blocks of each launch, evenly spread over the grid, and scales
/// the counts to all of it.  Fails where a kernel is missing, takes another
/// number of parameters, or cannot be followed.
llvm::Expected<Score> score(const MachineCode &code,
                            const ScoredProblem &problem,
                            const GPUDescription &chip);

/// A table, one line per score, under a line that says that it is modelled.
void printScores(llvm::ArrayRef<Score> scores, const GPUDescription &chip,
                 llvm::raw_ostream &stream);
/// {"chip": ..., "modelled": true, "scores": [...]}
llvm::json::Value scoresToJSON(llvm::ArrayRef<Score> scores,
                               const GPUDescription &chip);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_SCORECARD_SCORECARD_H
