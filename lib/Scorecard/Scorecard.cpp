// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/Scorecard.h"
#include "TimeModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;
using llvm::StringRef;

llvm::Expected<MachineCode> MachineCode::read(StringRef cubin,
                                              StringRef disassembly) {
  MachineCode code;
  auto resources = readCubin(cubin);
  if (!resources)
    return resources.takeError();
  auto functions = parseSass(disassembly);
  if (!functions)
    return functions.takeError();
  code.resources = std::move(*resources);
  code.functions = std::move(*functions);
  return code;
}

const SassFunction *MachineCode::findCode(StringRef kernel) const {
  for (const SassFunction &function : functions)
    if (function.name == kernel)
      return &function;
  return nullptr;
}

const CubinKernel *MachineCode::findResources(StringRef kernel) const {
  auto it = resources.find(kernel);
  return it == resources.end() ? nullptr : &it->second;
}

std::vector<std::string> MachineCode::listKernels() const {
  std::vector<std::string> names;
  names.reserve(functions.size());
  for (const SassFunction &function : functions)
    names.push_back(function.name);
  return names;
}

uint64_t mlir::softmax::scorecard::getBufferAddress(unsigned index) {
  return uint64_t(index + 1) << 40;
}

/// Constant bank 0 as the driver fills it: sizes of the launch and the stack's
/// end below the parameters.
static std::map<uint32_t, uint32_t> makeConstants(const ScoredLaunch &launch,
                                                  const CubinKernel &kernel,
                                                  const GPUDescription &chip) {
  std::map<uint32_t, uint32_t> words;
  bool blackwell = chip.name == "sm_100";
  uint32_t sizes = blackwell ? 0x360 : 0;
  uint32_t gridSizes = blackwell ? 0x370 : 0xc;
  constexpr uint32_t endOfStack = 0x00fffdc0;
  words[blackwell ? 0x37c : 0x28] = endOfStack;
  const uint32_t block[] = {launch.block.x, launch.block.y, launch.block.z};
  const uint32_t grid[] = {launch.grid.x, launch.grid.y, launch.grid.z};
  for (unsigned i = 0; i < 3; ++i) {
    words[sizes + 4 * i] = block[i];
    words[gridSizes + 4 * i] = grid[i];
  }
  for (auto [parameter, value] :
       llvm::zip(kernel.parameters, launch.arguments)) {
    uint32_t offset = kernel.parameterBase + parameter.offset;
    // Two narrow parameters may share a word.
    for (unsigned byte = 0; byte < std::min(parameter.bytes, 8u); ++byte) {
      uint32_t at = offset + byte;
      uint32_t &word = words[at & ~3u];
      unsigned shift = 8 * (at & 3);
      word = (word & ~(255u << shift)) |
             static_cast<uint32_t>(value >> (8 * byte) & 255) << shift;
    }
  }
  return words;
}

static llvm::Expected<WalkCounts> walkSome(const SassFunction &function,
                                           const WalkLaunch &launch,
                                           uint64_t mostBlocks) {
  uint64_t blocks = uint64_t(launch.grid.x) * launch.grid.y * launch.grid.z;
  // Clusters are walked whole: their last blocks have less to do.
  uint64_t cluster = std::clamp<uint64_t>(launch.cluster, 1, blocks);
  uint64_t clusters = blocks / cluster;
  uint64_t count = std::min(clusters, mostBlocks);
  // Three more than a multiple of eight: of odd rows as many start in one half
  // of a sector as in the other, at all multiples of an element.
  uint64_t distance = clusters / count;
  distance = distance < 4 ? 1 : (distance - 4) / 8 * 8 + 3;
  WalkCounts total;
  for (uint64_t i = 0; i < count * cluster; ++i) {
    uint64_t index = i / cluster * distance * cluster + i % cluster;
    Dim3 block = {static_cast<uint32_t>(index % launch.grid.x),
                  static_cast<uint32_t>(index / launch.grid.x % launch.grid.y),
                  static_cast<uint32_t>(index / launch.grid.x / launch.grid.y)};
    llvm::Expected<WalkCounts> counts = walkBlock(function, launch, block);
    if (!counts)
      return counts.takeError();
    total += *counts;
  }
  return total;
}

static llvm::Error addLaunch(const MachineCode &code,
                             const ScoredProblem &problem,
                             const ScoredLaunch &launch,
                             const GPUDescription &chip, Score &result) {
  const SassFunction *function = code.findCode(launch.kernel);
  const CubinKernel *kernel = code.findResources(launch.kernel);
  if (!function || !kernel)
    return llvm::createStringError("there is no kernel '" + launch.kernel +
                                   "' in the machine code; it has " +
                                   llvm::join(code.listKernels(), ", "));
  if (kernel->parameters.size() != launch.arguments.size())
    return llvm::createStringError(
        "kernel '" + launch.kernel + "' has " +
        std::to_string(kernel->parameters.size()) + " parameters, and " +
        std::to_string(launch.arguments.size()) + " are given");
  WalkLaunch walked;
  walked.grid = launch.grid;
  walked.block = launch.block;
  walked.cluster = launch.cluster;
  walked.constants = makeConstants(launch, *kernel, chip);
  llvm::Expected<WalkCounts> counts =
      walkSome(*function, walked, problem.walkedBlocks);
  if (!counts)
    return counts.takeError();

  auto rows = static_cast<double>(problem.rows);
  auto repeat = static_cast<double>(problem.repeat);
  double elements = rows * static_cast<double>(problem.columns);
  double blocks = double(launch.grid.x) * launch.grid.y * launch.grid.z;
  double scale = blocks / double(counts->blocks) * repeat;
  auto perElement = [&](uint64_t count) {
    return double(count) * scale / elements;
  };
  // Sums over the launches; sectors become ratios at the end.
  result.bytesRead += perElement(counts->loads.bytes);
  result.bytesWritten += perElement(counts->stores.bytes);
  result.sectorsRead += perElement(counts->loads.sectors * 32);
  result.sectorsWritten += perElement(counts->stores.sectors * 32);
  result.instructions += perElement(counts->instructions * 32);
  for (size_t i = 0; i < kPipes; ++i)
    result.pipes[i] += perElement(counts->pipes[i] * 32);
  result.spilledBytes += perElement(counts->localBytes);
  result.barriersPerRow += double(counts->blockBarriers) * scale / rows;
  result.clusterBarriersPerRow +=
      double(counts->clusterBarriers) * scale / rows;
  result.unknownBranches += counts->unknownBranches;
  result.unknownAddresses += counts->unknownAddresses;
  result.unknownGuards += counts->unknownGuards;

  unsigned threads = launch.block.x * launch.block.y * launch.block.z;
  unsigned shared = kernel->sharedBytes + launch.dynamicSharedBytes;
  GPUOccupancy occupancy =
      computeOccupancy({threads, kernel->registers, shared}, chip);
  if (occupancy.blocks == 0)
    return llvm::createStringError("no block of kernel '" + launch.kernel +
                                   "' fits on " + chip.name + ": " +
                                   occupancy.limit.str());

  LaunchWork work;
  work.blocks = blocks;
  work.warpsPerBlock = double(counts->warps) / double(counts->blocks);
  // A sector is moved whole, if only once where neighbours share it.
  auto moved = [](const AccessCounts &accesses) {
    return std::max(accesses.bytes, accesses.distinctSectors * 32);
  };
  work.bytes = double(moved(counts->loads) + moved(counts->stores)) * scale;
  work.instructions = double(counts->instructions) * scale;
  for (size_t i = 0; i < kPipes; ++i)
    work.pipes[i] = double(counts->pipes[i]) * scale;
  work.barriers = double(counts->blockBarriers + counts->clusterBarriers) /
                  double(counts->blocks) * repeat;
  work.memoryWaits = counts->memoryWaits / double(counts->warps) * repeat;
  work.residentBlocks = occupancy.blocks;
  work.bytesInFlight =
      double(counts->bytesInFlight) / double(counts->blocks) * occupancy.blocks;

  double before = result.latencySeconds + result.memorySeconds;
  addTimes(work, chip, result);
  double took = result.latencySeconds + result.memorySeconds - before;
  // The table shows the resources of the longest launch.
  if (result.kernels.empty() || took > before) {
    result.registers = kernel->registers;
    result.stackBytes = kernel->stackBytes;
    result.sharedBytes = shared;
    result.threads = threads;
    result.occupancy = occupancy;
    result.bytesInFlight = work.bytesInFlight;
  }
  result.kernels.push_back(launch.kernel);
  return llvm::Error::success();
}

llvm::Expected<Score>
mlir::softmax::scorecard::score(const MachineCode &code,
                                const ScoredProblem &problem,
                                const GPUDescription &chip) {
  Score result;
  result.name = problem.name;
  result.rows = problem.rows;
  result.columns = problem.columns;
  for (const ScoredLaunch &launch : problem.launches)
    if (llvm::Error error = addLaunch(code, problem, launch, chip, result))
      return std::move(error);
  if (result.bytesRead > 0)
    result.sectorsRead /= result.bytesRead;
  if (result.bytesWritten > 0)
    result.sectorsWritten /= result.bytesWritten;
  finishTimes(double(problem.leastRead) + double(problem.leastWritten), chip,
              result);
  return result;
}
