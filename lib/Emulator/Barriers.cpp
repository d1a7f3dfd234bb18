// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Barriers of blocks and of clusters, and what is wrong when they never open.
#include "Runtime.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

using namespace mlir::softmax::emulator;

/// Fails where some threads wait at a barrier and others have returned: before
/// sm_70, and for barriers that name a number of threads, nobody would go on.
static std::string describeReturned(const Block &block) {
  uint32_t first = 0;
  while (first < block.threads.size() && !block.threads[first].done)
    ++first;
  uint32_t returned = block.threads.size() - block.live;
  return (llvm::Twine(returned) + " of " + llvm::Twine(block.threads.size()) +
          " threads of the block have returned from the kernel without it, "
          "thread " +
          toString(block.threads[first].index) +
          " among them; let all threads of a block reach its barriers")
      .str();
}

void mlir::softmax::emulator::joinBlockBarrier(Thread &thread, uint32_t site,
                                               uint32_t barrier, uint32_t count,
                                               bool hasCount,
                                               uint32_t predicate) {
  GridState &grid = *thread.grid;
  Block &block = *thread.block;
  if (barrier >= numNamedBarriers)
    failThread(thread, site, Fault::Trap,
               "barrier " + llvm::Twine(barrier) + " of 16");
  if (hasCount && count != grid.threadsPerBlock)
    failThread(thread, site, Fault::Unsupported,
               "a barrier of " + llvm::Twine(count) +
                   " threads in a block of " +
                   llvm::Twine(grid.threadsPerBlock) +
                   "; barriers of a part of the block are not modelled");
  if (block.live < block.threads.size())
    failThread(thread, site, Fault::DivergentBarrier, describeReturned(block));
  // The barrier of the others of the warp.
  if ((*grid.sites)[site].aligned)
    for (Thread *other : thread.warp->lanes)
      if (other->wait == Wait::Block && other->site != site)
        failThread(thread, site, Fault::DivergentBarrier,
                   "thread " + toString(other->index) +
                       " of the same warp waits at another barrier, " +
                       (*grid.sites)[other->site].place +
                       "; all threads of a warp must execute the same one");

  Block::NamedBarrier &state = block.barriers[barrier];
  state.predicates += predicate;
  if (++state.arrived < block.threads.size()) {
    sleep(thread, Wait::Block, site);
    return;
  }
  ++grid.counters.blockBarriers;
  uint32_t predicates = state.predicates;
  state = {};
  // All are here: each knows what all have done.
  Epoch known = grid.epoch++;
  block.knowledge.known = known;
  uint32_t passed = 0;
  for (Thread &other : block.threads)
    passed = std::max(passed, other.party.passed);
  for (Thread &other : block.threads) {
    other.party.epoch = known + 1;
    other.party.passed = passed;
    other.result = predicates;
    wake(other);
  }
  for (Warp &warp : block.warps)
    ++warp.generation;
  // The last to come waits as well, so that threads go on in order.
  grid.fibres->suspend(thread.fibre);
}

/// The memory of a block lasts as long as the block; only a barrier of the
/// cluster behind the access keeps it from returning before.
static void reportRemote(Thread &thread, uint32_t site, const Block &owner) {
  report(thread, site, Fault::Race,
         "reaches the shared memory of block " + toString(owner.index) +
             ", which may have returned by then; let the cluster meet after "
             "the access");
}

void mlir::softmax::emulator::leaveBlock(Thread &thread) {
  Block &block = *thread.block;
  --block.live;
  if (llvm::any_of(block.barriers, [](const Block::NamedBarrier &barrier) {
        return barrier.arrived > 0;
      }))
    for (Thread &other : block.threads)
      if (other.wait == Wait::Block)
        failThread(other, other.site, Fault::DivergentBarrier,
                   describeReturned(block));
  if (block.live > 0)
    return;
  block.passedAtEnd = thread.party.passed;
  for (const Thread &other : block.threads)
    block.passedAtEnd = std::min(block.passedAtEnd, other.party.passed);
  if (block.remote && block.passedAtEnd <= block.remoteArrivals)
    reportRemote(*block.remote, block.remoteSite, block);
}

void mlir::softmax::emulator::noteRemoteAccess(Thread &thread, uint32_t site,
                                               Block &owner) {
  if (owner.live == 0) {
    if (owner.passedAtEnd <= thread.party.arrivals)
      reportRemote(thread, site, owner);
    return;
  }
  if (owner.remote && owner.remoteArrivals > thread.party.arrivals)
    return;
  owner.remote = &thread;
  owner.remoteSite = site;
  owner.remoteArrivals = thread.party.arrivals;
}

void mlir::softmax::emulator::arriveAtCluster(Thread &thread, uint32_t site,
                                              bool releases) {
  GridState &grid = *thread.grid;
  Party &party = thread.party;
  if (party.arrivals > party.passed)
    failThread(thread, site, Fault::DivergentBarrier,
               "arrives at the cluster's barrier again before it has waited "
               "there; PTX pairs every arrive with a wait");
  if (grid.clusterLive < grid.blocksPerCluster * grid.threadsPerBlock)
    failThread(thread, site, Fault::DivergentBarrier,
               "a thread of the cluster has returned from the kernel without "
               "it");
  uint32_t index = party.arrivals++;
  if (index == grid.clusterArrived.size()) {
    grid.clusterArrived.push_back(0);
    grid.clusterKnowledge.releases.push_back(true);
  }
  if (!releases)
    grid.clusterKnowledge.releases[index] = false;
  if (++grid.clusterArrived[index] <
      grid.blocksPerCluster * grid.threadsPerBlock)
    return;
  ++grid.counters.clusterBarriers;
  for (Block &block : grid.blocks)
    for (Thread &other : block.threads)
      if (other.wait == Wait::Cluster)
        wake(other);
}

void mlir::softmax::emulator::waitForCluster(Thread &thread, uint32_t site) {
  GridState &grid = *thread.grid;
  Party &party = thread.party;
  if (party.arrivals == party.passed)
    failThread(thread, site, Fault::DivergentBarrier,
               "waits at the cluster's barrier without having arrived there");
  // The last to arrive may be far from here: lanes meet at the wait.
  Warp &warp = *thread.warp;
  if (++warp.clusterWaits == warp.lanes.size()) {
    warp.clusterWaits = 0;
    ++warp.generation;
  }
  if (grid.clusterArrived[party.passed] <
      grid.blocksPerCluster * grid.threadsPerBlock)
    sleep(thread, Wait::Cluster, site);
  ++party.passed;
}

void mlir::softmax::emulator::leaveCluster(Thread &thread) {
  GridState &grid = *thread.grid;
  --grid.clusterLive;
  if (thread.party.arrivals == grid.clusterArrived.size())
    return;
  for (Block &block : grid.blocks)
    for (Thread &other : block.threads)
      if (other.wait == Wait::Cluster &&
          thread.party.arrivals < other.party.arrivals)
        failThread(other, other.site, Fault::DivergentBarrier,
                   "thread " + toString(thread.index) + " of block " +
                       toString(thread.block->index) +
                       " has returned from the kernel without it");
}

void mlir::softmax::emulator::reportDeadlock(GridState &grid) {
  // Who waits where, by instruction.
  struct Group {
    Thread *first = nullptr;
    unsigned count = 0;
  };
  llvm::MapVector<uint32_t, Group> groups;
  for (Block &block : grid.blocks)
    for (Thread &thread : block.threads)
      if (!thread.done) {
        Group &group = groups[thread.site];
        if (!group.first)
          group.first = &thread;
        ++group.count;
      }
  std::string others;
  for (auto &[site, group] : llvm::drop_begin(groups))
    others += "; " + std::to_string(group.count) + " threads, " +
              toString(group.first->index) + " of block " +
              toString(group.first->block->index) + " first, wait at " +
              (*grid.sites)[site].place + " (" + (*grid.sites)[site].text + ")";
  Group &group = groups.front().second;
  Thread &thread = *group.first;
  std::string message =
      std::to_string(group.count) + " threads wait here for ever";
  if (thread.wait == Wait::Warp) {
    LaneMask missing = 0;
    for (Thread *lane : thread.warp->lanes)
      if (thread.mask >> lane->lane & 1 && !lane->done &&
          (lane->wait != Wait::Warp || lane->mask != thread.mask ||
           lane->collective != thread.collective))
        missing |= bitOfLane(lane->lane);
    message += ", the first for " + describeLanes(missing) + " of its warp";
  }
  report(thread, thread.site, Fault::Deadlock, message + others);
  grid.failed = true;
}
