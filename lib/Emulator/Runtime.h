// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The state of a launch: grid, clusters, blocks, warps, threads.
#ifndef SOFTMAX_LIB_EMULATOR_RUNTIME_H
#define SOFTMAX_LIB_EMULATOR_RUNTIME_H

#include "Coalescing.h"
#include "Fibre.h"
#include "Races.h"
#include "Sites.h"

#include "softmax/Emulator/Emulator.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"

#include <deque>
#include <optional>
#include <vector>

namespace mlir::softmax::emulator {

/// Of NVIDIA's warps, which all masks in registers are of; AMD's wavefronts may
/// have as many lanes as LaneMask has bits.
constexpr unsigned warpSize = 32;
using LaneMask = uint64_t;
constexpr unsigned mostLanes = 64;
constexpr LaneMask bitOfLane(unsigned lane) { return LaneMask(1) << lane; }
/// Limits of every NVIDIA GPU since sm_90.
constexpr uint32_t mostThreadsPerBlock = 1024;
constexpr uint32_t mostBlocksPerCluster = 16;
/// A thread's number is its block's number times 1024 plus its own.
constexpr uint32_t mostBlocks = 1u << 22;
constexpr unsigned numNamedBarriers = 16;

struct GridState;
struct Block;
struct Warp;

/// Memory of one kind in which an access must lie as a whole.
struct Region {
  uintptr_t begin = 0, end = 0;
  std::string name;
  MemorySpace space = MemorySpace::Global;
  bool writable = true;
  /// Host-written, so that all of it may be read.
  bool defined = true;
  /// None where conflicts and definedness are not tracked.
  Shadow *shadow = nullptr;
};

/// What the lanes of a warp do together.
enum class Collective : uint8_t {
  Barrier,
  ShuffleIdx,
  ShuffleUp,
  ShuffleDown,
  ShuffleBfly,
  /// AMD's: of the lane whose number is the operand, modulo the warp's size.
  ReadLane,
  VoteAll,
  VoteAny,
  VoteUni,
  VoteBallot,
  MatchAny,
  MatchAll,
  Elect,
  ReduceAdd,
  ReduceMin,
  ReduceMax,
  ReduceUMin,
  ReduceUMax,
  ReduceAnd,
  ReduceOr,
  ReduceXor,
  ReduceFMin,
  ReduceFMax,
  ReduceFMinNaN,
  ReduceFMaxNaN,
  ReduceFMinAbs,
  ReduceFMaxAbs,
  ReduceFMinAbsNaN,
  ReduceFMaxAbsNaN
};

enum class Wait : uint8_t { None, Warp, Block, Cluster };

struct Thread {
  GridState *grid = nullptr;
  Block *block = nullptr;
  Warp *warp = nullptr;
  uint32_t fibre = 0;
  /// In the block: linear, and by dimension.
  uint32_t number = 0;
  uint32_t lane = 0;
  Dim3 index;
  /// Who it is, and what it knows of others.
  Party party;
  bool done = false;
  Wait wait = Wait::None;
  /// Where it waits.
  uint32_t site = 0;
  /// The operands of the collective or barrier that it waits for.
  Collective collective = Collective::Barrier;
  LaneMask mask = 0;
  uint64_t value = 0;
  uint32_t operand = 0, control = 0;
  /// The result; of a shuffle also the lane that it would read and cannot.
  uint64_t result = 0;
  bool predicate = false;
  std::optional<uint32_t> missingLane;
  uint64_t steps = 0;
  /// Objects on the stack whose address is known to the code.
  llvm::SmallVector<std::pair<uintptr_t, uint64_t>, 2> locals;
};

struct Warp {
  uint32_t number = 0;
  std::vector<Thread *> lanes;
  /// Lanes that have not returned.
  LaneMask live = 0;
  /// Changed by bar.warp.sync only, which AMD has not.
  WarpKnowledge knowledge;
  /// Advanced when the lanes have met.
  uint32_t generation = 0;
  /// Lanes at the cluster's next wait.
  uint32_t clusterWaits = 0;
  CoalescingTrace trace;
};

struct Block {
  uint32_t number = 0;
  uint32_t rank = 0;
  Dim3 index, indexInCluster;
  /// Its window of shared memory.
  char *shared = nullptr;
  std::vector<Region> variables;
  std::unique_ptr<Shadow> shadow;
  std::vector<Warp> warps;
  std::vector<Thread> threads;
  uint32_t live = 0;
  BlockKnowledge knowledge;
  struct NamedBarrier {
    uint32_t arrived = 0;
    uint32_t predicates = 0;
    uint32_t site = 0;
  };
  NamedBarrier barriers[numNamedBarriers];
  /// The last access of another block of the cluster to the shared memory of
  /// this one, and how many of the cluster's barriers came before.
  Thread *remote = nullptr;
  uint32_t remoteSite = 0, remoteArrivals = 0;
  /// The cluster's barriers that all threads had passed when the last returned.
  uint32_t passedAtEnd = 0;
};

/// The launch that runs.
struct GridState {
  const Launch *launch = nullptr;
  const SiteTable *sites = nullptr;
  Dim3 grid, block, cluster, gridInClusters;
  uint32_t threadsPerBlock = 0, blocksPerCluster = 0;
  uint32_t warpSize = 32;
  uint32_t clusterNumber = 0;
  uint64_t sharedBytes = 0, windowBytes = 0, windowStride = 0;
  char *windows = nullptr;
  FibrePool *fibres = nullptr;
  std::vector<Block> blocks;
  std::deque<Thread *> ready;
  /// Sorted by address: buffers and constants.
  std::vector<Region> regions;
  /// Per site: the region found last.
  std::vector<const Region *> lastRegion;
  Epoch epoch = 1;
  /// Per barrier of the cluster: threads that have arrived.
  std::vector<uint32_t> clusterArrived;
  ClusterKnowledge clusterKnowledge;
  uint32_t clusterLive = 0;
  Counters counters;
  void (*entry)(void *const *arguments) = nullptr;
  void *const *arguments = nullptr;
  bool failed = false;
  std::vector<Report> reports;
  llvm::DenseSet<uint64_t> reported;
};

/// The thread whose fibre runs on this thread of the host.
Thread *getCurrentThread();
void setCurrentThread(Thread *thread);

/// Makes the blocks of a cluster, which all clusters use in turn.
void makeBlocks(GridState &grid);
/// Runs all clusters, one after another, until a fault.
void runGrid(GridState &grid);

/// Records a report at most once per site and fault.
void report(Thread &thread, uint32_t site, Fault fault,
            const llvm::Twine &message);
/// Reports and ends the launch: does not return to the fibre that calls it.
[[noreturn]] void failThread(Thread &thread, uint32_t site, Fault fault,
                             const llvm::Twine &message);

/// Puts the running thread to sleep until wake.
void sleep(Thread &thread, Wait wait, uint32_t site);
void wake(Thread &thread);

/// Checks an access and counts it.
void checkAccess(Thread &thread, uintptr_t address, uint64_t size,
                 uint32_t site);

/// Lets a thread take part in a collective of its warp; returns when all lanes
/// of the mask have.
void joinCollective(Thread &thread, uint32_t site, Collective collective,
                    LaneMask mask, uint64_t value, uint32_t operand = 0,
                    uint32_t control = 0);
/// To be called when a lane has returned from the kernel.
void leaveWarp(Thread &thread);
void joinBlockBarrier(Thread &thread, uint32_t site, uint32_t barrier,
                      uint32_t count, bool hasCount, uint32_t predicate);
void leaveBlock(Thread &thread);
void arriveAtCluster(Thread &thread, uint32_t site, bool releases);
void waitForCluster(Thread &thread, uint32_t site);
void leaveCluster(Thread &thread);
/// Checks that the block whose shared memory a thread reaches is still there.
void noteRemoteAccess(Thread &thread, uint32_t site, Block &owner);
/// Reports who waits for whom; nobody is ready.
void reportDeadlock(GridState &grid);

/// "(1, 0, 0)"
std::string toString(const Dim3 &index);
/// "lanes 0-15, 31"
std::string describeLanes(LaneMask mask);

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_RUNTIME_H
