// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What rewritten device code calls.  These run on fibres, which a fault
// abandons: they own nothing but, then, the text of its message.
#include "Approximations.h"
#include "IntrinsicRules.h"
#include "Prepare.h"
#include "Runtime.h"

#include "llvm/ADT/Twine.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cmath>

using namespace mlir::softmax::emulator;

namespace {

Thread *getThread() { return getCurrentThread(); }

uint32_t choose(const Dim3 &index, uint32_t dimension) {
  return dimension == 0 ? index.x : dimension == 1 ? index.y : index.z;
}

uint32_t readRegister(Thread *thread, uint32_t which) {
  const GridState &grid = *thread->grid;
  const Block &block = *thread->block;
  uint32_t lane = thread->lane;
  auto isOneOf = [&](Register first) {
    return which >= static_cast<uint32_t>(first) &&
           which < static_cast<uint32_t>(first) + 3;
  };
  auto of = [&](Register first, const Dim3 &index) {
    return choose(index, which - static_cast<uint32_t>(first));
  };
  if (isOneOf(Register::TidX))
    return of(Register::TidX, thread->index);
  if (isOneOf(Register::NTidX))
    return of(Register::NTidX, grid.block);
  if (isOneOf(Register::CtaIdX))
    return of(Register::CtaIdX, block.index);
  if (isOneOf(Register::NCtaIdX))
    return of(Register::NCtaIdX, grid.grid);
  if (isOneOf(Register::ClusterIdX))
    return of(Register::ClusterIdX,
              {block.index.x / grid.cluster.x, block.index.y / grid.cluster.y,
               block.index.z / grid.cluster.z});
  if (isOneOf(Register::NClusterIdX))
    return of(Register::NClusterIdX, grid.gridInClusters);
  if (isOneOf(Register::ClusterCtaIdX))
    return of(Register::ClusterCtaIdX, block.indexInCluster);
  if (isOneOf(Register::ClusterNCtaIdX))
    return of(Register::ClusterNCtaIdX, grid.cluster);
  switch (static_cast<Register>(which)) {
  case Register::ClusterCtaRank:
    return block.rank;
  case Register::ClusterNCtaRank:
    return grid.blocksPerCluster;
  case Register::LaneId:
    return lane;
  case Register::WarpId:
    return thread->warp->number;
  case Register::NWarpId:
    return block.warps.size();
  case Register::WarpSize:
    return warpSize;
  case Register::LaneMaskEq:
    return 1u << lane;
  case Register::LaneMaskLt:
    return (1u << lane) - 1;
  case Register::LaneMaskLe:
    return (2u << lane) - 1;
  case Register::LaneMaskGe:
    return ~((1u << lane) - 1);
  case Register::LaneMaskGt:
    return ~((2u << lane) - 1);
  case Register::TotalSharedBytes:
    return static_cast<uint32_t>(grid.sharedBytes);
  default:
    return static_cast<uint32_t>(grid.launch->dynamicSharedBytes);
  }
}

void access(Thread *thread, void *address, uint64_t size, uint32_t site) {
  checkAccess(*thread, reinterpret_cast<uintptr_t>(address), size, site);
}

void *getShared(Thread *thread, uint64_t offset) {
  return thread->block->shared + offset;
}

void addLocal(Thread *thread, void *address, uint64_t size) {
  thread->locals.push_back({reinterpret_cast<uintptr_t>(address), size});
}

void leaveFunction(Thread *thread, uint64_t numLocals) {
  thread->locals.pop_back_n(numLocals);
}

void step(Thread *thread, uint32_t site) {
  const Launch &launch = *thread->grid->launch;
  if (++thread->steps > launch.mostSteps)
    failThread(*thread, site, Fault::EndlessLoop,
               "the thread has entered loop bodies more than " +
                   llvm::Twine(launch.mostSteps) +
                   " times; if that is meant, raise the limit on steps");
}

void trap(Thread *thread, uint32_t site) {
  failThread(*thread, site, Fault::Trap,
             "reaches a trap or code that must not be reached");
}

void checkDivision(Thread *thread, uint32_t bad, uint32_t site) {
  if (bad)
    failThread(*thread, site, Fault::DivisionByZero,
               "an integer division by zero, or of the least number by -1; "
               "its result is unspecified");
}

uint64_t collective(Thread *thread, uint32_t site, uint32_t which,
                    uint32_t mask, uint64_t value, uint32_t operand,
                    uint32_t control) {
  joinCollective(*thread, site, static_cast<Collective>(which), mask, value,
                 operand, control);
  return thread->result;
}

uint32_t getLane(Thread *thread) { return thread->lane; }

uint64_t readLane(Thread *thread, uint32_t site, uint64_t value,
                  uint32_t source) {
  joinCollective(*thread, site, Collective::ReadLane, ~LaneMask(0), value,
                 source);
  return thread->result;
}

uint32_t getPredicate(Thread *thread) { return thread->predicate; }

uint32_t barrier(Thread *thread, uint32_t site, uint32_t number, uint32_t count,
                 uint32_t hasCount, uint32_t predicate) {
  joinBlockBarrier(*thread, site, number, count, hasCount, predicate);
  return static_cast<uint32_t>(thread->result);
}

uint32_t getBlockSize(Thread *thread) { return thread->grid->threadsPerBlock; }

void clusterArrive(Thread *thread, uint32_t site, uint32_t releases) {
  arriveAtCluster(*thread, site, releases);
}

void clusterWait(Thread *thread, uint32_t site) {
  waitForCluster(*thread, site);
}

/// The rank of the block whose window holds an address; fails outside.
uint32_t findRank(Thread *thread, char *address, uint32_t site) {
  const GridState &grid = *thread->grid;
  uint64_t offset = address - grid.windows;
  if (address < grid.windows ||
      offset >= grid.windowStride * grid.blocksPerCluster)
    failThread(*thread, site, Fault::OutOfBounds,
               "takes an address for one of shared memory that is none");
  return offset / grid.windowStride;
}

void *mapRank(Thread *thread, char *address, uint32_t rank, uint32_t site) {
  const GridState &grid = *thread->grid;
  if (rank >= grid.blocksPerCluster)
    failThread(*thread, site, Fault::OutOfBounds,
               "block " + llvm::Twine(rank) + " of a cluster of " +
                   llvm::Twine(grid.blocksPerCluster));
  uint32_t own = findRank(thread, address, site);
  return address + (static_cast<int64_t>(rank) - static_cast<int64_t>(own)) *
                       static_cast<int64_t>(grid.windowStride);
}

uint32_t isSpace(Thread *thread, char *address, uint32_t which) {
  const GridState &grid = *thread->grid;
  uint64_t offset = address - grid.windows;
  bool isCluster = address >= grid.windows &&
                   offset < grid.windowStride * grid.blocksPerCluster;
  bool isShared =
      isCluster && &grid.blocks[offset / grid.windowStride] == thread->block;
  MemorySpace space = MemorySpace::Local;
  for (const Region &region : grid.regions)
    if (reinterpret_cast<uintptr_t>(address) >= region.begin &&
        reinterpret_cast<uintptr_t>(address) <= region.end)
      space = region.space;
  switch (static_cast<MemorySpace>(which)) {
  case MemorySpace::Shared:
    return isShared;
  case MemorySpace::Cluster:
    return isCluster;
  default:
    return !isCluster && space == static_cast<MemorySpace>(which);
  }
}

Approximation getMode(Thread *thread) {
  return thread->grid->launch->approximation;
}

float ex2(Thread *thread, float x) {
  return approximateEx2(x, false, getMode(thread));
}
float ex2Flush(Thread *thread, float x) {
  return approximateEx2(x, true, getMode(thread));
}
float lg2(Thread *thread, float x) {
  return approximateLg2(x, false, getMode(thread));
}
float lg2Flush(Thread *thread, float x) {
  return approximateLg2(x, true, getMode(thread));
}
float rcpFlush(Thread *thread, float x) {
  return approximateRcp(x, true, getMode(thread));
}
float rsqrt(Thread *thread, float x) {
  return approximateRsqrt(x, false, getMode(thread));
}
float rsqrtFlush(Thread *thread, float x) {
  return approximateRsqrt(x, true, getMode(thread));
}
float squareRoot(Thread *thread, float x) {
  return approximateSqrt(x, false, getMode(thread));
}
float squareRootFlush(Thread *thread, float x) {
  return approximateSqrt(x, true, getMode(thread));
}
float hyperbolicTangent(Thread *thread, float x) {
  return approximateTanh(x, getMode(thread));
}
float divide(Thread *thread, float x, float y) {
  return approximateDiv(x, y, false, getMode(thread));
}
float divideFlush(Thread *thread, float x, float y) {
  return approximateDiv(x, y, true, getMode(thread));
}
float divideFullRange(Thread *thread, float x, float y) {
  return divideFull(x, y, false, getMode(thread));
}
float divideFullRangeFlush(Thread *thread, float x, float y) {
  return divideFull(x, y, true, getMode(thread));
}

float saturate(Thread * /*thread*/, float x) {
  // NaN becomes +0.
  return x > 0 ? std::fmin(x, 1.0f) : 0.0f;
}
float saturateFlush(Thread *thread, float x) {
  return saturate(thread, flushSubnormal(x));
}

float fmaFlush(Thread * /*thread*/, float x, float y, float z) {
  return flushSubnormal(
      std::fma(flushSubnormal(x), flushSubnormal(y), flushSubnormal(z)));
}
float addFlush(Thread * /*thread*/, float x, float y) {
  return flushSubnormal(flushSubnormal(x) + flushSubnormal(y));
}
float multiplyFlush(Thread * /*thread*/, float x, float y) {
  return flushSubnormal(flushSubnormal(x) * flushSubnormal(y));
}

/// Sign of x * y + z minus its nearest float `rounded`, exactly.
int compareFma(float x, float y, float z, float rounded) {
  double product = static_cast<double>(x) * y;
  // Knuth's sum with its error.
  double sum = product + z;
  double part = sum - product;
  double error = (product - (sum - part)) + (z - part);
  double difference = sum - rounded;
  if (difference == 0)
    difference = error;
  return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

float fmaDown(Thread * /*thread*/, float x, float y, float z) {
  float rounded = std::fma(x, y, z);
  if (std::isfinite(rounded) && compareFma(x, y, z, rounded) < 0)
    return std::nextafter(rounded, -INFINITY);
  return rounded;
}
float fmaUp(Thread * /*thread*/, float x, float y, float z) {
  float rounded = std::fma(x, y, z);
  if (std::isfinite(rounded) && compareFma(x, y, z, rounded) > 0)
    return std::nextafter(rounded, INFINITY);
  return rounded;
}
float fmaToZero(Thread *thread, float x, float y, float z) {
  float rounded = std::fma(x, y, z);
  return rounded > 0 ? fmaDown(thread, x, y, z) : fmaUp(thread, x, y, z);
}

/// PTX's max: -0 is below +0; a NaN gives way, or with `keepNaN` wins.
float maximum(float x, float y, bool flush, bool keepNaN) {
  if (flush) {
    x = flushSubnormal(x);
    y = flushSubnormal(y);
  }
  if (std::isnan(x) || std::isnan(y)) {
    if (keepNaN || (std::isnan(x) && std::isnan(y)))
      return llvm::bit_cast<float>(0x7fffffffu);
    return std::isnan(x) ? y : x;
  }
  if (x == y)
    return std::signbit(x) ? y : x;
  return x > y ? x : y;
}

template <bool flush, bool keepNaN>
float maximum(Thread * /*thread*/, float x, float y) {
  return maximum(x, y, flush, keepNaN);
}
template <bool flush, bool keepNaN>
float minimum(Thread * /*thread*/, float x, float y) {
  float negated = maximum(-x, -y, flush, keepNaN);
  return std::isnan(negated) ? negated : -negated;
}

} // namespace

llvm::ArrayRef<RuntimeSymbol> mlir::softmax::emulator::getRuntimeSymbols() {
#define SYMBOL(name, function)                                                 \
  {                                                                            \
    name, reinterpret_cast<void *>(&function)                                  \
  }
  static const RuntimeSymbol symbols[] = {
      SYMBOL("emu.thread", getThread),
      SYMBOL("emu.register", readRegister),
      SYMBOL("emu.access", access),
      SYMBOL("emu.shared", getShared),
      SYMBOL("emu.local", addLocal),
      SYMBOL("emu.leave", leaveFunction),
      SYMBOL("emu.step", step),
      SYMBOL("emu.trap", trap),
      SYMBOL("emu.division", checkDivision),
      SYMBOL("emu.collective", collective),
      SYMBOL("emu.lane", getLane),
      SYMBOL("emu.readlane", readLane),
      SYMBOL("emu.predicate", getPredicate),
      SYMBOL("emu.barrier", barrier),
      SYMBOL("emu.blocksize", getBlockSize),
      SYMBOL("emu.cluster.arrive", clusterArrive),
      SYMBOL("emu.cluster.wait", clusterWait),
      SYMBOL("emu.mapa", mapRank),
      SYMBOL("emu.ctarank", findRank),
      SYMBOL("emu.isspace", isSpace),
      SYMBOL("emu.ex2", ex2),
      SYMBOL("emu.ex2.ftz", ex2Flush),
      SYMBOL("emu.lg2", lg2),
      SYMBOL("emu.lg2.ftz", lg2Flush),
      SYMBOL("emu.rcp.ftz", rcpFlush),
      SYMBOL("emu.rsqrt", rsqrt),
      SYMBOL("emu.rsqrt.ftz", rsqrtFlush),
      SYMBOL("emu.sqrt", squareRoot),
      SYMBOL("emu.sqrt.ftz", squareRootFlush),
      SYMBOL("emu.tanh", hyperbolicTangent),
      SYMBOL("emu.div", divide),
      SYMBOL("emu.div.ftz", divideFlush),
      SYMBOL("emu.div.full", divideFullRange),
      SYMBOL("emu.div.full.ftz", divideFullRangeFlush),
      SYMBOL("emu.saturate", saturate),
      SYMBOL("emu.saturate.ftz", saturateFlush),
      SYMBOL("emu.fma.rn.ftz", fmaFlush),
      SYMBOL("emu.fma.rm", fmaDown),
      SYMBOL("emu.fma.rp", fmaUp),
      SYMBOL("emu.fma.rz", fmaToZero),
      SYMBOL("emu.add.rn.ftz", addFlush),
      SYMBOL("emu.mul.rn.ftz", multiplyFlush),
      {"emu.fmax",
       reinterpret_cast<void *>(static_cast<float (*)(Thread *, float, float)>(
           &maximum<false, false>))},
      {"emu.fmax.ftz",
       reinterpret_cast<void *>(static_cast<float (*)(Thread *, float, float)>(
           &maximum<true, false>))},
      {"emu.fmax.nan",
       reinterpret_cast<void *>(static_cast<float (*)(Thread *, float, float)>(
           &maximum<false, true>))},
      {"emu.fmax.ftz.nan",
       reinterpret_cast<void *>(static_cast<float (*)(Thread *, float, float)>(
           &maximum<true, true>))},
      {"emu.fmin",
       reinterpret_cast<void *>(static_cast<float (*)(Thread *, float, float)>(
           &minimum<false, false>))},
      {"emu.fmin.ftz",
       reinterpret_cast<void *>(static_cast<float (*)(Thread *, float, float)>(
           &minimum<true, false>))},
      {"emu.fmin.nan",
       reinterpret_cast<void *>(static_cast<float (*)(Thread *, float, float)>(
           &minimum<false, true>))},
      {"emu.fmin.ftz.nan",
       reinterpret_cast<void *>(static_cast<float (*)(Thread *, float, float)>(
           &minimum<true, true>))},
  };
#undef SYMBOL
  return symbols;
}
