// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Races.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::softmax::emulator;

Shadow::Shadow(uintptr_t begin, uint64_t bytes, uint32_t granule)
    : begin(begin), shift(llvm::Log2_32(granule)),
      numCells((bytes >> shift) + 1),
      // Zeroed by the system where it is touched first.
      cells(static_cast<Cell *>(std::calloc(numCells, sizeof(Cell)))) {}

Shadow::~Shadow() { std::free(cells); }

/// Whether a barrier of the cluster stands between an access after `arrivals`
/// of them and now.
static bool isOrderedByCluster(uint32_t arrivals, const Party &party) {
  const std::vector<bool> &releases = party.cluster->releases;
  for (uint32_t i = arrivals; i < party.passed; ++i)
    if (releases[i])
      return true;
  return false;
}

/// Whether an access of thread `other` at `epoch` lies before what `party` does
/// now.
static bool isOrdered(uint32_t other, Epoch epoch, uint32_t arrivals,
                      const Party &party) {
  if (other == party.id)
    return true;
  if (other >> 10 == party.getBlock() && epoch <= party.block->known)
    return true;
  if (other >> 5 == party.getWarp() &&
      epoch <= party.warp->known[party.getLane()][other & 31])
    return true;
  return (other >> 10) / party.cluster->numBlocks == party.getCluster() &&
         isOrderedByCluster(arrivals, party);
}

bool Shadow::areReadersOrdered(const Cell &cell, const Party &party) const {
  if (cell.readEpoch < start || cell.readEpoch == 0)
    return true;
  if (cell.readScope == Scope::Grid)
    return false;
  if (cell.readScope == Scope::Thread)
    return isOrdered(cell.reader, cell.readEpoch, cell.readerArrivals, party);
  if (cell.readScope <= Scope::Block && cell.reader >> 10 == party.getBlock() &&
      cell.readEpoch <= party.block->known)
    return true;
  if (cell.readScope == Scope::Warp && cell.reader >> 5 == party.getWarp()) {
    bool all = true;
    for (uint32_t lane = 0; lane < 32; ++lane)
      if (cell.readLanes >> lane & 1 && lane != party.getLane())
        all &= cell.readEpoch <= party.warp->known[party.getLane()][lane];
    if (all)
      return true;
  }
  return (cell.reader >> 10) / party.cluster->numBlocks == party.getCluster() &&
         isOrderedByCluster(cell.readerArrivals, party);
}

void Shadow::noteRead(Cell &cell, uint32_t site, const Party &party) const {
  // Who comes after this thread comes after those that it comes after.
  if (areReadersOrdered(cell, party)) {
    cell.readScope = Scope::Thread;
    cell.readLanes = 1u << party.getLane();
    cell.readEpoch = party.epoch;
    cell.readerArrivals = party.arrivals;
  } else {
    Scope scope = cell.readScope;
    if (cell.reader == party.id)
      ;
    else if (cell.reader >> 5 == party.getWarp())
      scope = std::max(scope, Scope::Warp);
    else if (cell.reader >> 10 == party.getBlock())
      scope = std::max(scope, Scope::Block);
    else if ((cell.reader >> 10) / party.cluster->numBlocks ==
             party.getCluster())
      scope = std::max(scope, Scope::Cluster);
    else
      scope = Scope::Grid;
    cell.readScope = scope;
    cell.readLanes |= 1u << party.getLane();
    cell.readEpoch = std::max(cell.readEpoch, party.epoch);
    cell.readerArrivals = std::max(cell.readerArrivals, party.arrivals);
  }
  cell.reader = party.id;
  cell.readSite = site;
}

Conflict Shadow::access(uintptr_t address, uint64_t size, bool reads,
                        bool writes, bool atomic, bool checkOrder,
                        uint32_t site, const Party &party) {
  Conflict conflict;
  auto note = [&](Conflict::Kind kind, uint64_t index, uint32_t other,
                  uint32_t otherSite) {
    if (conflict.kind == Conflict::None)
      conflict = {kind, std::max(address, begin + (index << shift)), other,
                  otherSite};
  };
  uint64_t first = (address - begin) >> shift;
  uint64_t last = (address + size - 1 - begin) >> shift;
  for (uint64_t index = first; index <= last; ++index) {
    Cell &cell = cells[index];
    bool written = cell.writeEpoch >= start && cell.writeEpoch != 0;
    if (reads && !written && !defined)
      note(Conflict::Undefined, index, 0, 0);
    if (checkOrder) {
      if (written && !(atomic && cell.writeIsAtomic) &&
          !isOrdered(cell.writer, cell.writeEpoch, cell.writerArrivals, party))
        note(writes ? Conflict::WriteWrite : Conflict::WriteRead, index,
             cell.writer, cell.writeSite);
      if (writes && !areReadersOrdered(cell, party))
        note(Conflict::ReadWrite, index, cell.reader, cell.readSite);
      if (!writes)
        noteRead(cell, site, party);
    }
    if (writes) {
      cell.writer = party.id;
      cell.writerArrivals = party.arrivals;
      cell.writeSite = site;
      cell.writeEpoch = party.epoch;
      cell.writeIsAtomic = atomic;
      cell.readEpoch = 0;
    }
  }
  return conflict;
}
