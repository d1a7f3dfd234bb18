// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Conflicting accesses: two threads touch the same memory, one of them writes,
// and no barrier stands between.
//
// Time is an epoch, a number that grows with every barrier of the launch.  A
// thread stamps its accesses with its own epoch, which a barrier renews; what a
// thread knows is, for groups of threads, up to which stamp their accesses lie
// before its own.  Knowledge comes from barriers of the block, bar.warp.sync
// and barriers of the cluster; shuffles order no memory.  The idea of stamps
// instead of whole vector clocks: Flanagan and Freund, FastTrack, PLDI 2009.
#ifndef SOFTMAX_LIB_EMULATOR_RACES_H
#define SOFTMAX_LIB_EMULATOR_RACES_H

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace mlir::softmax::emulator {

using Epoch = uint32_t;

struct WarpKnowledge {
  /// [of lane][about lane]
  Epoch known[32][32] = {};
};

struct BlockKnowledge {
  /// About all threads of the block.
  Epoch known = 0;
};

struct ClusterKnowledge {
  /// Per barrier of the cluster: whether it orders the accesses before it.
  std::vector<bool> releases;
  uint32_t numBlocks = 1;
};

/// A thread, with what it knows.
struct Party {
  /// 1024 times the block's number, counted cluster by cluster, and the
  /// thread's own.
  uint32_t id = 0;
  Epoch epoch = 0;
  /// Barriers of the cluster that it has arrived at, and passed.
  uint32_t arrivals = 0, passed = 0;
  const WarpKnowledge *warp = nullptr;
  const BlockKnowledge *block = nullptr;
  const ClusterKnowledge *cluster = nullptr;

  uint32_t getBlock() const { return id >> 10; }
  uint32_t getWarp() const { return id >> 5; }
  uint32_t getLane() const { return id & 31; }
  uint32_t getCluster() const { return getBlock() / cluster->numBlocks; }
};

struct Conflict {
  enum Kind : uint8_t {
    None,
    Undefined,
    WriteWrite,
    ReadWrite,
    WriteRead,
    /// Written in the launch although a load says that it is not.
    Invariant
  };
  Kind kind = None;
  uintptr_t address = 0;
  /// The other thread, or one of the others; its access.
  uint32_t other = 0;
  uint32_t otherSite = 0;
};

struct Access {
  uintptr_t address = 0;
  uint64_t size = 0;
  bool reads = false, writes = false, atomic = false, invariant = false;
  uint32_t site = 0;
};

/// What has been done to each granule of a piece of memory.
class Shadow {
public:
  /// `granule`: the bytes that one entry stands for, a power of two by which
  /// all accesses are aligned and sized.
  Shadow(uintptr_t begin, uint64_t bytes, uint32_t granule);
  ~Shadow();
  Shadow(const Shadow &) = delete;
  Shadow &operator=(const Shadow &) = delete;
  bool isValid() const { return cells != nullptr; }

  /// Forgets accesses before `epoch`.  `defined`: whether all of it may be
  /// read.
  void restart(Epoch epoch, bool isDefined) {
    start = epoch;
    defined = isDefined;
  }

  /// Notes an access and returns the first conflict; without `checkOrder`, only
  /// reads of what is not defined.
  Conflict note(const Access &access, bool checkOrder, const Party &party);

private:
  /// The smallest group that contains all that have read.
  enum class Scope : uint8_t { Thread, Warp, Block, Cluster, Grid };
  struct Cell {
    uint32_t writer, writerArrivals, writeSite;
    Epoch writeEpoch;
    uint32_t reader, readerArrivals, readSite;
    Epoch readEpoch;
    uint32_t readLanes;
    Scope readScope;
    bool writeIsAtomic, readIsInvariant;
  };

  bool isWritten(const Cell &cell) const {
    return cell.writeEpoch >= start && cell.writeEpoch != 0;
  }
  bool isRead(const Cell &cell) const {
    return cell.readEpoch >= start && cell.readEpoch != 0;
  }
  /// What an access to a granule conflicts with.
  Conflict::Kind findConflict(const Cell &cell, const Access &access,
                              const Party &party) const;

  bool areReadersOrdered(const Cell &cell, const Party &party) const;
  void noteRead(Cell &cell, const Access &access, const Party &party) const;
  static void noteWrite(Cell &cell, const Access &access, const Party &party);

  uintptr_t begin;
  unsigned shift;
  uint64_t numCells;
  Cell *cells;
  Epoch start = 0;
  bool defined = true;
};

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_RACES_H
