// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Checks of memory accesses: bounds, alignment, definedness, conflicts.
#include "Runtime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

using namespace mlir::softmax::emulator;

static bool contains(const Region &region, uintptr_t address, uint64_t size) {
  return address >= region.begin && address <= region.end &&
         size <= region.end - address;
}

/// The last region of a sorted list that begins at or below `address`.
static const Region *findBelow(const std::vector<Region> &regions,
                               uintptr_t address) {
  auto next = llvm::upper_bound(regions, address,
                                [](uintptr_t value, const Region &region) {
                                  return value < region.begin;
                                });
  return next == regions.begin() ? nullptr : &*std::prev(next);
}

static llvm::StringRef getSpaceName(MemorySpace space) {
  switch (space) {
  case MemorySpace::Generic:
    return "memory";
  case MemorySpace::Global:
    return "global memory";
  case MemorySpace::Shared:
    return "shared memory";
  case MemorySpace::Cluster:
    return "the cluster's shared memory";
  case MemorySpace::Constant:
    return "constant memory";
  case MemorySpace::Local:
    return "local memory";
  }
  return "memory";
}

static MemoryCounters &getCounters(Counters &counters, MemorySpace space) {
  switch (space) {
  case MemorySpace::Shared:
  case MemorySpace::Cluster:
    return counters.shared;
  case MemorySpace::Constant:
    return counters.constant;
  case MemorySpace::Local:
    return counters.local;
  default:
    return counters.global;
  }
}

/// "bytes 64 to 67 of buffer 'x' of 64 bytes"
static std::string describe(const GridState &grid, uintptr_t address,
                            uint64_t size) {
  const Region *region = findBelow(grid.regions, address);
  std::string what = "buffer";
  if (address - reinterpret_cast<uintptr_t>(grid.windows) <
      grid.windowStride * grid.blocksPerCluster) {
    uint64_t rank = (address - reinterpret_cast<uintptr_t>(grid.windows)) /
                    grid.windowStride;
    region = findBelow(grid.blocks[rank].variables, address);
    what = "shared variable";
  }
  // A buffer's end and another's beginning may be equally near.
  const Region *next = nullptr;
  for (const Region &candidate : grid.regions)
    if (candidate.begin > address && (!next || candidate.begin < next->begin))
      next = &candidate;
  if (next && next->begin - address <= 4096 &&
      (!region || address - region->end > next->begin - address))
    region = next;
  if (!region || (address > region->end && address - region->end > (1 << 20)))
    return (llvm::Twine(size) + " bytes at no known address").str();
  int64_t first = static_cast<int64_t>(address - region->begin);
  return ("bytes " + llvm::Twine(first) + " to " +
          llvm::Twine(first + static_cast<int64_t>(size) - 1) + " of " + what +
          " '" + region->name + "' of " +
          llvm::Twine(region->end - region->begin) + " bytes")
      .str();
}

/// Where an access lies as a whole, in the window of a block of the cluster.
static const Region *findShared(GridState &grid, const Thread &thread,
                                MemorySpace space, uintptr_t address,
                                uint64_t size, Block *&owner) {
  uint64_t offset = address - reinterpret_cast<uintptr_t>(grid.windows);
  if (offset >= grid.windowStride * grid.blocksPerCluster)
    return nullptr;
  owner = &grid.blocks[offset / grid.windowStride];
  // A pointer to the shared memory of the block does not reach another's.
  if (space == MemorySpace::Shared && owner != thread.block)
    return nullptr;
  const Region *region = findBelow(owner->variables, address);
  return region && contains(*region, address, size) ? region : nullptr;
}

static bool isLocal(const Thread &thread, uintptr_t address, uint64_t size) {
  return llvm::any_of(thread.locals, [&](const auto &local) {
    return address >= local.first && address - local.first <= local.second &&
           size <= local.second - (address - local.first);
  });
}

static void reportConflict(Thread &thread, uint32_t site, const Region &region,
                           const Conflict &conflict) {
  GridState &grid = *thread.grid;
  uint64_t offset = conflict.address - region.begin;
  std::string where = "byte " + std::to_string(offset) + " of " +
                      getSpaceName(region.space).str() + " '" + region.name +
                      "'";
  if (conflict.kind == Conflict::Undefined) {
    report(thread, site, Fault::Uninitialized,
           "reads " + where + ", which nobody has written");
    return;
  }
  if (conflict.kind == Conflict::Invariant) {
    report(thread, site, Fault::Race,
           where +
               " is written in this launch and read by a load that says "
               "that it is not (invariant.load, ld.global.nc); the other "
               "access: " +
               (*grid.sites)[conflict.otherSite].text);
    return;
  }
  bool writes = conflict.kind != Conflict::WriteRead;
  bool otherWrote = conflict.kind != Conflict::ReadWrite;
  uint32_t otherThread = conflict.other & (mostThreadsPerBlock - 1);
  uint32_t otherBlock = conflict.other >> 10;
  const Dim3 &block = grid.block;
  Dim3 index = {otherThread % block.x, otherThread / block.x % block.y,
                otherThread / block.x / block.y};
  std::string other = "thread " + toString(index);
  if (otherBlock != thread.party.getBlock())
    other += " of another block";
  report(thread, site, Fault::Race,
         llvm::Twine(writes ? "writes " : "reads ") + where + ", which " +
             other + (otherWrote ? " has written" : " has read") + " (" +
             (*grid.sites)[conflict.otherSite].place + ": " +
             (*grid.sites)[conflict.otherSite].text +
             ") with no barrier between");
}

void mlir::softmax::emulator::checkAccess(Thread &thread, uintptr_t address,
                                          uint64_t size, uint32_t site) {
  GridState &grid = *thread.grid;
  const Site &place = (*grid.sites)[site];
  if (size == 0)
    return;
  MemorySpace space = place.space;
  const Region *region = nullptr;
  Block *owner = nullptr;
  bool mayBeShared = space == MemorySpace::Generic ||
                     space == MemorySpace::Shared ||
                     space == MemorySpace::Cluster;
  bool mayBeGlobal = space == MemorySpace::Generic ||
                     space == MemorySpace::Global ||
                     space == MemorySpace::Constant;
  if (mayBeShared)
    region = findShared(grid, thread, space, address, size, owner);
  if (!region && mayBeGlobal) {
    region = grid.lastRegion[site];
    if (!region || !contains(*region, address, size)) {
      region = findBelow(grid.regions, address);
      if (region && !contains(*region, address, size))
        region = nullptr;
      if (region && space == MemorySpace::Constant &&
          region->space != MemorySpace::Constant)
        region = nullptr;
      grid.lastRegion[site] = region;
    }
  }
  if (region)
    space = region->space;
  else if (isLocal(thread, address, size))
    space = MemorySpace::Local;
  else
    failThread(thread, site, Fault::OutOfBounds,
               llvm::Twine(place.writes ? "writes " : "reads ") +
                   describe(grid, address, size) +
                   (mayBeGlobal && space != MemorySpace::Constant
                        ? llvm::Twine("")
                        : " as " + getSpaceName(space)));
  if (address & (place.alignment - 1))
    failThread(thread, site, Fault::Misaligned,
               "an access that must be aligned to " +
                   llvm::Twine(place.alignment) + " bytes, to " +
                   describe(grid, address, size));
  if (place.writes && region && !region->writable)
    failThread(thread, site, Fault::OutOfBounds,
               "writes " + describe(grid, address, size) +
                   ", which is constant");

  MemoryCounters &counters = getCounters(grid.counters, space);
  if (place.atomic && place.writes && place.reads)
    ++counters.atomics;
  else if (place.writes)
    ++counters.stores;
  else
    ++counters.loads;
  if (place.reads)
    counters.bytesLoaded += size;
  if (place.writes)
    counters.bytesStored += size;
  if (space == MemorySpace::Global)
    thread.warp->trace.record(
        site, thread.lane, thread.warp->generation, address, size,
        place.writes ? grid.counters.globalStores : grid.counters.globalLoads);
  if (owner && owner != thread.block && grid.launch->checkRaces)
    noteRemoteAccess(thread, site, *owner);
  Shadow *shadow = region ? region->shadow : nullptr;
  if (!shadow)
    return;
  Access access = {address,      size,         place.reads,
                   place.writes, place.atomic, place.invariant,
                   site};
  Conflict conflict =
      shadow->note(access, grid.launch->checkRaces, thread.party);
  if (conflict.kind != Conflict::None)
    reportConflict(thread, site, *region, conflict);
}
