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
  if (!isRead(cell))
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

void Shadow::noteRead(Cell &cell, const Access &access,
                      const Party &party) const {
  bool wasRead = isRead(cell);
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
  cell.readSite = access.site;
  cell.readIsInvariant = access.invariant || (wasRead && cell.readIsInvariant);
}

void Shadow::noteWrite(Cell &cell, const Access &access, const Party &party) {
  cell.writer = party.id;
  cell.writerArrivals = party.arrivals;
  cell.writeSite = access.site;
  cell.writeEpoch = party.epoch;
  cell.writeIsAtomic = access.atomic;
  cell.readEpoch = 0;
}

Conflict::Kind Shadow::findConflict(const Cell &cell, const Access &access,
                                    const Party &party) const {
  if (isWritten(cell)) {
    if (access.invariant)
      return Conflict::Invariant;
    if (!(access.atomic && cell.writeIsAtomic) &&
        !isOrdered(cell.writer, cell.writeEpoch, cell.writerArrivals, party))
      return access.writes ? Conflict::WriteWrite : Conflict::WriteRead;
  }
  if (access.writes && isRead(cell)) {
    if (cell.readIsInvariant)
      return Conflict::Invariant;
    if (!areReadersOrdered(cell, party))
      return Conflict::ReadWrite;
  }
  return Conflict::None;
}

Conflict Shadow::note(const Access &access, bool checkOrder,
                      const Party &party) {
  Conflict conflict;
  uint64_t first = (access.address - begin) >> shift;
  uint64_t last = (access.address + access.size - 1 - begin) >> shift;
  for (uint64_t index = first; index <= last; ++index) {
    Cell &cell = cells[index];
    Conflict::Kind kind = Conflict::None;
    if (access.reads && !defined && !isWritten(cell))
      kind = Conflict::Undefined;
    else if (checkOrder)
      kind = findConflict(cell, access, party);
    if (kind != Conflict::None && conflict.kind == Conflict::None) {
      // The other's access: of a write, where there is one.
      bool byWriter = isWritten(cell) && kind != Conflict::ReadWrite;
      conflict = {kind, std::max(access.address, begin + (index << shift)),
                  byWriter ? cell.writer : cell.reader,
                  byWriter ? cell.writeSite : cell.readSite};
    }
    if (access.writes)
      noteWrite(cell, access, party);
    else if (checkOrder)
      noteRead(cell, access, party);
  }
  return conflict;
}
