// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Runs the threads of a cluster by turns, and clusters one after another.
#include "Runtime.h"

#include "llvm/ADT/Twine.h"

using namespace mlir::softmax::emulator;

static thread_local Thread *currentThread = nullptr;

Thread *mlir::softmax::emulator::getCurrentThread() { return currentThread; }
void mlir::softmax::emulator::setCurrentThread(Thread *thread) {
  currentThread = thread;
}

std::string mlir::softmax::emulator::toString(const Dim3 &index) {
  return ("(" + llvm::Twine(index.x) + ", " + llvm::Twine(index.y) + ", " +
          llvm::Twine(index.z) + ")")
      .str();
}

static Dim3 delinearize(uint32_t number, const Dim3 &sizes) {
  return {number % sizes.x, number / sizes.x % sizes.y,
          number / sizes.x / sizes.y};
}

void mlir::softmax::emulator::report(Thread &thread, uint32_t site, Fault fault,
                                     const llvm::Twine &message) {
  GridState &grid = *thread.grid;
  if (!grid.reported
           .insert(static_cast<uint64_t>(site) << 8 |
                   static_cast<uint64_t>(fault))
           .second)
    return;
  Report report;
  report.fault = fault;
  report.kernel = grid.launch->kernel;
  const Site &place = (*grid.sites)[site];
  report.location = place.place;
  report.message = message.str();
  if (!place.text.empty())
    report.message += "; at: " + place.text;
  report.block = thread.block->index;
  report.thread = thread.index;
  grid.reports.push_back(std::move(report));
}

void mlir::softmax::emulator::failThread(Thread &thread, uint32_t site,
                                         Fault fault,
                                         const llvm::Twine &message) {
  report(thread, site, fault, message);
  thread.grid->failed = true;
  // The scheduler does not resume it.  `thread` may be another one.
  thread.grid->fibres->suspend(currentThread->fibre);
  std::abort();
}

void mlir::softmax::emulator::sleep(Thread &thread, Wait wait, uint32_t site) {
  thread.wait = wait;
  thread.site = site;
  thread.grid->fibres->suspend(thread.fibre);
}

void mlir::softmax::emulator::wake(Thread &thread) {
  thread.wait = Wait::None;
  thread.grid->ready.push_back(&thread);
}

/// The body of a fibre.
static void runThread(void *argument) {
  Thread &thread = *static_cast<Thread *>(argument);
  GridState &grid = *thread.grid;
  grid.entry(grid.arguments);
  thread.done = true;
  leaveWarp(thread);
  leaveBlock(thread);
  leaveCluster(thread);
}

void mlir::softmax::emulator::makeBlocks(GridState &grid) {
  uint32_t numWarps =
      (grid.threadsPerBlock + grid.warpSize - 1) / grid.warpSize;
  grid.blocks = std::vector<Block>(grid.blocksPerCluster);
  uint32_t fibre = 0;
  for (uint32_t rank = 0; rank < grid.blocksPerCluster; ++rank) {
    Block &block = grid.blocks[rank];
    block.rank = rank;
    block.indexInCluster = delinearize(rank, grid.cluster);
    block.shared = grid.windows + rank * grid.windowStride;
    block.warps = std::vector<Warp>(numWarps);
    block.threads = std::vector<Thread>(grid.threadsPerBlock);
    for (uint32_t number = 0; number < grid.threadsPerBlock; ++number) {
      Thread &thread = block.threads[number];
      thread.grid = &grid;
      thread.block = &block;
      thread.warp = &block.warps[number / grid.warpSize];
      thread.warp->lanes.push_back(&thread);
      thread.fibre = fibre++;
      thread.number = number;
      thread.lane = number % grid.warpSize;
      thread.index = delinearize(number, grid.block);
      thread.party.warp = &thread.warp->knowledge;
      thread.party.block = &block.knowledge;
      thread.party.cluster = &grid.clusterKnowledge;
    }
    for (uint32_t number = 0; number < numWarps; ++number)
      block.warps[number].number = number;
  }
}

/// Brings the blocks to the beginning of the kernel.
static void startCluster(GridState &grid) {
  Dim3 clusterIndex = delinearize(grid.clusterNumber, grid.gridInClusters);
  Epoch epoch = ++grid.epoch;
  grid.clusterArrived.clear();
  grid.clusterKnowledge.releases.clear();
  grid.clusterLive = grid.blocksPerCluster * grid.threadsPerBlock;
  for (Block &block : grid.blocks) {
    block.number = grid.clusterNumber * grid.blocksPerCluster + block.rank;
    block.index = {clusterIndex.x * grid.cluster.x + block.indexInCluster.x,
                   clusterIndex.y * grid.cluster.y + block.indexInCluster.y,
                   clusterIndex.z * grid.cluster.z + block.indexInCluster.z};
    block.live = grid.threadsPerBlock;
    block.knowledge.known = 0;
    block.remote = nullptr;
    for (Block::NamedBarrier &barrier : block.barriers)
      barrier = {};
    if (block.shadow)
      block.shadow->restart(epoch, /*isDefined=*/false);
    for (Warp &warp : block.warps) {
      warp.live = warp.lanes.size() == mostLanes
                      ? ~LaneMask(0)
                      : bitOfLane(warp.lanes.size()) - 1;
      warp.knowledge = {};
      ++warp.generation;
    }
    for (Thread &thread : block.threads) {
      thread.party.id = block.number << 10 | thread.number;
      thread.party.epoch = epoch;
      thread.party.arrivals = thread.party.passed = 0;
      thread.done = false;
      thread.wait = Wait::None;
      thread.steps = 0;
      thread.locals.clear();
      grid.fibres->assign(thread.fibre, runThread, &thread);
      grid.ready.push_back(&thread);
    }
  }
}

static bool runCluster(GridState &grid) {
  while (!grid.ready.empty()) {
    Thread &thread = *grid.ready.front();
    grid.ready.pop_front();
    setCurrentThread(&thread);
    grid.fibres->resume(thread.fibre);
    if (grid.failed)
      return false;
  }
  if (grid.clusterLive > 0) {
    reportDeadlock(grid);
    return false;
  }
  return true;
}

void mlir::softmax::emulator::runGrid(GridState &grid) {
  uint32_t numClusters =
      grid.gridInClusters.x * grid.gridInClusters.y * grid.gridInClusters.z;
  bool good = true;
  for (grid.clusterNumber = 0; good && grid.clusterNumber < numClusters;
       ++grid.clusterNumber) {
    startCluster(grid);
    good = runCluster(grid);
    grid.counters.blocks += grid.blocksPerCluster;
    grid.counters.threads +=
        static_cast<uint64_t>(grid.blocksPerCluster) * grid.threadsPerBlock;
  }
  setCurrentThread(nullptr);
  for (Block &block : grid.blocks)
    for (Warp &warp : block.warps)
      warp.trace.flush([&](uint32_t site) -> CoalescingCounters & {
        return (*grid.sites)[site].writes ? grid.counters.globalStores
                                          : grid.counters.globalLoads;
      });
  if (!good)
    // Fibres in the middle of the kernel cannot be used again.
    grid.fibres->clear();
}
