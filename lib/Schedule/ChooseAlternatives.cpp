// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/ChooseAlternatives.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir::softmax;
using llvm::SmallVector;
using llvm::SmallVectorImpl;

// The longest row of known length that stays in registers.
static constexpr int64_t kMostInRegisters = 128;
// The longest row that pipe2 keeps exponentials of.  Beyond half a megabyte of
// scratch, forming them again from the logits (online) costs less than
// fetching them from the third level.
static constexpr int64_t kPipe2ScratchBytes = 512 << 10;
// Bytes side by side that panels take of a strided tensor: two lines, which
// cores fetch as a pair.  One line is 2 times slower from memory, eight are
// slower from the third level.
static constexpr int64_t kPanelBytes = 128;

namespace {
/// Builds candidates with what they have in common.
class Lister {
public:
  Lister(const KernelShape &shape, const TargetDescription &target)
      : shape(shape), target(target), lanes(target.lanes(shape.computeBits)),
        computeBytes(shape.computeBits / 8) {
    bool masked = shape.narrowestBits >= 32   ? target.maskedMemory32
                  : shape.narrowestBits == 16 ? target.maskedMemory16
                                              : target.maskedMemory8;
    tail = !masked               ? TailKind::Pieces
           : target.maskedStores ? TailKind::Masked
                                 : TailKind::MaskedLoads;
    staged = shape.exponentials && shape.elementwiseResults;
    // Tensors that the caches will not hold until somebody reads them.
    streamBytes = target.l3Bytes / 2;
  }

  Candidate make(LayoutKind layout, StrategyKind strategy, StagingKind staging,
                 int64_t maxColumns, int64_t vectors) const {
    Candidate c;
    c.layout = layout;
    c.strategy = strategy;
    c.staging = staging;
    c.maxColumns = maxColumns;
    c.lanes = lanes;
    c.vectors = vectors;
    c.tail = tail;
    return c;
  }
  StagingKind scratchIfStaged() const {
    return staged ? StagingKind::Scratch : StagingKind::Recompute;
  }

  /// Longest row of the strategy `registers`: no more vectors than there are
  /// registers of most targets.  Its code is unrolled over them; with narrow vectors (64
  /// columns of f64 are 32 vectors of SSE2) it would take seconds to compile
  /// and live on the stack.  Half of that where each access converts 16-bit
  /// floats by dozens of integer instructions.
  int64_t mostInRegisters() const {
    int64_t most = shape.columns ? kMostInRegisters : 2 * kSumGroup - lanes;
    int64_t vectors = std::min(target.vectorRegisters, 16u);
    if (shape.narrowestBits == 16 && !target.f16c)
      vectors /= 2;
    return std::min<int64_t>(most, lanes * vectors);
  }

  Candidate lanesRows() const {
    Candidate c = make(LayoutKind::Row, StrategyKind::LanesRows,
                       StagingKind::Recompute, mostInLanes(), 1);
    c.minRows = lanes;
    return c;
  }
  /// Twice as many columns as lanes: the code is unrolled over them.
  int64_t mostInLanes() const { return std::min<int64_t>(2 * lanes, kSumGroup); }

  Candidate registers() const {
    int64_t most = std::min(shape.columns.value_or(mostInRegisters()),
                            mostInRegisters());
    return make(LayoutKind::Row, StrategyKind::Registers,
                StagingKind::Recompute, most, llvm::divideCeil(most, lanes));
  }

  Candidate pipe3() const {
    Candidate c = make(LayoutKind::Row, StrategyKind::Pipe3, scratchIfStaged(),
                       kSumBlock, 4);
    // One row finds nothing to overlap with.
    c.minRows = 2;
    c.rows = lanes;
    return c;
  }

  Candidate pipe2(int64_t mostColumns, bool nontemporal) const {
    Candidate c = make(LayoutKind::Row, StrategyKind::Pipe2, scratchIfStaged(),
                       mostColumns, 4);
    c.minRows = 4;
    if (nontemporal)
      stream(c, mostColumns <= kSumBlock ? 2 : 1);
    return c;
  }
  int64_t mostInPipe2() const { return kPipe2ScratchBytes / computeBytes; }

  Candidate online(bool nontemporal) const {
    Candidate c = make(LayoutKind::Row, StrategyKind::Online,
                       StagingKind::Recompute, 0, 4);
    if (nontemporal)
      stream(c, 1);
    return c;
  }

  Candidate threePass(StagingKind staging) const {
    // A scratch row beside the row itself must stay in the second level.
    int64_t most = staging == StagingKind::Scratch
                       ? target.l2Bytes / 2 /
                             (shape.bytesPerElement() + computeBytes)
                       : 0;
    return make(LayoutKind::Row, StrategyKind::ThreePass, staging, most, 4);
  }

  /// The same in vectors of any length.
  Candidate scalable(StagingKind staging) const {
    Candidate c = threePass(staging);
    c.strategy = StrategyKind::Scalable;
    makeScalable(c);
    return c;
  }

  Candidate lanesInner(StagingKind staging) const {
    int64_t vectors = panelVectors();
    int64_t most = staging == StagingKind::Scratch
                       ? target.l2Bytes / 2 / (vectors * lanes * computeBytes)
                       : 0;
    Candidate c = make(LayoutKind::Inner, StrategyKind::LanesInner, staging,
                       most, vectors);
    if (target.scalable)
      makeScalable(c);
    return c;
  }

  Candidate panels(bool nontemporal) const {
    int64_t vectors = panelVectors(), width = vectors * lanes;
    // Two panels of scratch beside the lines that come and go.
    int64_t most = target.l2Bytes * 3 / 4 / (2 * width * computeBytes);
    Candidate c = make(LayoutKind::Inner, StrategyKind::Panels,
                       StagingKind::Scratch, most, vectors);
    c.minRows = 8 * width;
    if (nontemporal)
      stream(c, 0);
    return c;
  }

  Candidate packed() const {
    return make(LayoutKind::Any, StrategyKind::Packed,
                shape.exponentials ? StagingKind::Scratch
                                   : StagingKind::Recompute,
                0, 1);
  }

  /// Everything of a layout class whose strategy is `kind` (all where null).
  SmallVector<Candidate> list(LayoutKind layout) const;

private:
  static void makeScalable(Candidate &c) {
    c.scalable = true;
    c.tail = TailKind::Masked;
  }
  void stream(Candidate &c, int64_t prefetch) const {
    c.nontemporal = true;
    c.prefetch = prefetch;
    c.minBytes = streamBytes;
  }
  int64_t panelVectors() const {
    // Those of any length are mostly longer than the least, and some take two
    // registers.
    int64_t vector = lanes * std::max(shape.narrowestBits / 8, 1u);
    return std::clamp<int64_t>(kPanelBytes / vector, 1,
                               target.scalable ? 2 : 4);
  }

  const KernelShape &shape;
  const TargetDescription &target;
  int64_t lanes, computeBytes, streamBytes;
  TailKind tail;
  bool staged;
};
} // namespace

SmallVector<Candidate> Lister::list(LayoutKind layout) const {
  SmallVector<Candidate> all;
  if (layout == LayoutKind::Any) {
    all.push_back(packed());
  } else if (layout == LayoutKind::Row && shape.rowPossible) {
    all.push_back(lanesRows());
    if (shape.reduces) {
      if (shape.streamable) {
        all.push_back(pipe2(kSumBlock, true));
        all.push_back(pipe2(mostInPipe2(), true));
      }
      all.push_back(pipe3());
      all.push_back(pipe2(mostInPipe2(), false));
    }
    all.push_back(registers());
    if (shape.streamable)
      all.push_back(online(true));
    SmallVector<StagingKind> ways = {StagingKind::Recompute};
    if (staged && shape.stagesInOutput)
      ways = {StagingKind::Output};
    else if (staged)
      ways.insert(ways.begin(), StagingKind::Scratch);
    for (StagingKind way : ways)
      all.push_back(threePass(way));
    if (target.scalable)
      for (StagingKind way : ways)
        all.push_back(scalable(way));
    all.push_back(online(false));
  } else if (layout == LayoutKind::Inner && shape.innerPossible) {
    if (shape.packsPanels && staged) {
      if (shape.streamable)
        all.push_back(panels(true));
      all.push_back(panels(false));
    }
    if (staged)
      all.push_back(lanesInner(StagingKind::Scratch));
    all.push_back(lanesInner(StagingKind::Recompute));
  }
  // Those whose rows cannot occur.
  llvm::erase_if(all, [&](const Candidate &c) {
    if (shape.columns && c.maxColumns && *shape.columns > c.maxColumns)
      return true;
    if (shape.columns == 0 && c.strategy == StrategyKind::Registers)
      return true;
    if (shape.rows && *shape.rows < c.minRows)
      return true;
    return shape.rows && shape.columns &&
           bytesOf(shape, {*shape.columns, *shape.rows}) < c.minBytes;
  });
  return all;
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

namespace {
class Chooser {
public:
  Chooser(const KernelShape &shape, const TargetDescription &target)
      : shape(shape), target(target), lister(shape, target) {}

  /// Appends the alternatives of a layout class among `candidates`.
  void choose(llvm::ArrayRef<Candidate> candidates,
              SmallVectorImpl<Candidate> &chosen) const {
    if (candidates.empty())
      return;
    if (shape.columns)
      chooseKnown(candidates, chosen);
    else
      chooseUnknown(candidates, chosen);
  }
  const Lister &getLister() const { return lister; }

private:
  double cost(const Candidate &c, Work work) const {
    return modelCycles(c, shape, target, work);
  }
  /// Rows of `columns` elements that make about `bytes`.
  Work workOf(int64_t columns, double bytes) const {
    double rowBytes = std::max<double>(bytesOf(shape, {columns, 1}), 1);
    return {columns, std::max<int64_t>(bytes / rowBytes, 1)};
  }
  Work nearWork(int64_t columns) const {
    return workOf(columns, target.l2Bytes / 2);
  }
  Work farWork(int64_t columns) const {
    return workOf(columns, 4.0 * target.l3Bytes);
  }

  /// The cheapest of `candidates` that `accept` takes, and behind it, where a
  /// number of rows guards it, the cheapest of those that need none.
  void cheapest(llvm::ArrayRef<Candidate> candidates, Work work,
                llvm::function_ref<bool(const Candidate &)> accept,
                SmallVectorImpl<Candidate> &chosen) const;
  void chooseKnown(llvm::ArrayRef<Candidate> candidates,
                   SmallVectorImpl<Candidate> &chosen) const;
  void chooseUnknown(llvm::ArrayRef<Candidate> candidates,
                     SmallVectorImpl<Candidate> &chosen) const;

  const KernelShape &shape;
  const TargetDescription &target;
  Lister lister;
};
} // namespace

void Chooser::cheapest(llvm::ArrayRef<Candidate> candidates, Work work,
                       llvm::function_ref<bool(const Candidate &)> accept,
                       SmallVectorImpl<Candidate> &chosen) const {
  auto least = [&](bool anyRows) -> const Candidate * {
    const Candidate *best = nullptr;
    for (const Candidate &c : candidates)
      if (accept(c) && (!anyRows || c.minRows == 0) &&
          (!best || cost(c, work) < cost(*best, work)))
        best = &c;
    return best;
  };
  const Candidate *best = least(false);
  if (!best)
    return;
  chosen.push_back(*best);
  // A caller may divide the rows as it likes.
  if (best->minRows)
    if (const Candidate *any = least(true))
      chosen.push_back(*any);
}

void Chooser::chooseKnown(llvm::ArrayRef<Candidate> candidates,
                          SmallVectorImpl<Candidate> &chosen) const {
  int64_t columns = *shape.columns;
  SmallVector<Candidate> list;
  auto isSmall = [](const Candidate &c) { return c.minBytes == 0; };
  if (shape.rows) {
    cheapest(candidates, {columns, *shape.rows},
             [](const Candidate &) { return true; }, list);
  } else {
    cheapest(candidates, farWork(columns), [](const Candidate &) { return true; },
             list);
    // Only what is certain of many bytes stays in front of the others.
    llvm::erase_if(list, isSmall);
    cheapest(candidates, nearWork(columns), isSmall, list);
  }
  for (const Candidate &c : list)
    if (!llvm::is_contained(chosen, c))
      chosen.push_back(c);
}

void Chooser::chooseUnknown(llvm::ArrayRef<Candidate> candidates,
                            SmallVectorImpl<Candidate> &chosen) const {
  // In the candidates' order those with the narrower guards come first; each
  // gets the guard under which it beats all those behind it.
  constexpr int64_t longest = 1 << 22;
  SmallVector<Candidate> rest(candidates);
  auto reversed = SmallVector<Candidate>();
  while (!rest.empty()) {
    Candidate c = rest.pop_back_val();
    bool far = c.minBytes != 0;
    auto wins = [&](int64_t columns) {
      Work work = far ? farWork(columns) : nearWork(columns);
      return llvm::none_of(reversed, [&](const Candidate &other) {
        return columns >= other.minColumns &&
               (!other.maxColumns || columns <= other.maxColumns) &&
               work.rows >= other.minRows &&
               bytesOf(shape, work) >= other.minBytes &&
               cost(other, work) <= cost(c, work);
      });
    };
    // Lengths in quarters of powers of two, and all short ones.
    int64_t least = 0, most = 0;
    for (int64_t n = 1; n <= longest && (!c.maxColumns || n <= c.maxColumns);
         n += n < 64 ? 1 : int64_t(llvm::bit_floor(uint64_t(n)) / 4)) {
      if (!wins(n)) {
        if (least)
          break;
        continue;
      }
      if (!least)
        least = n;
      most = n;
    }
    bool unconditional = reversed.empty();
    if (!least && !unconditional)
      continue;
    if (!unconditional) {
      c.minColumns = least > 1 ? least : 0;
      // The whole range that it can do stays its own.
      bool toTheEnd = c.maxColumns ? most * 5 / 4 >= c.maxColumns
                                   : most * 5 / 4 >= longest;
      if (!toTheEnd)
        c.maxColumns = most;
    }
    // What nothing guards leaves nothing for those behind it.
    if (!c.minColumns && !c.maxColumns && !c.minRows && !c.minBytes)
      reversed.clear();
    reversed.push_back(c);
  }
  chosen.append(reversed.rbegin(), reversed.rend());
}

SmallVector<Candidate>
mlir::softmax::listCandidates(const KernelShape &shape,
                              const TargetDescription &target) {
  Lister lister(shape, target);
  SmallVector<Candidate> all;
  for (LayoutKind layout :
       {LayoutKind::Row, LayoutKind::Inner, LayoutKind::Any})
    llvm::append_range(all, lister.list(layout));
  return all;
}

/// Why `kind` cannot run on `shape` at all.
static llvm::Error cannot(StrategyKind kind, llvm::Twine reason) {
  return llvm::createStringError("strategy '" + toString(kind) +
                                 "' cannot be forced here: " + reason);
}

/// The reason why no candidate of `kind` was listed.
static llvm::Error explainForce(StrategyKind kind, const KernelShape &shape,
                                const TargetDescription &target,
                                const Lister &lister) {
  bool inner =
      kind == StrategyKind::LanesInner || kind == StrategyKind::Panels;
  if (inner && !shape.innerPossible)
    return cannot(kind, "the last dimension is a softmax dimension or not "
                        "contiguous; use packed, three_pass or registers");
  if (!inner && !shape.rowPossible)
    return cannot(kind, "the softmax dimensions are not one contiguous run of "
                        "every operand; use packed or lanes_inner");
  auto holds = [&](int64_t least, int64_t most, llvm::StringRef instead) {
    return cannot(kind, "it holds rows of " + llvm::Twine(least) + " to " +
                            llvm::Twine(most) + " elements; use " + instead);
  };
  auto rows = [&](const Candidate &c) {
    return cannot(kind, "it takes " + llvm::Twine(c.minRows) +
                            " rows or more; use three_pass");
  };
  switch (kind) {
  case StrategyKind::Registers:
    return holds(1, lister.mostInRegisters(), "three_pass");
  case StrategyKind::LanesRows:
    if (shape.columns && *shape.columns > lister.mostInLanes())
      return holds(0, lister.mostInLanes(), "pipe3");
    return rows(lister.lanesRows());
  case StrategyKind::Pipe3:
  case StrategyKind::Pipe2: {
    if (!shape.reduces)
      return cannot(kind, "the op reduces nothing; use three_pass");
    bool one = kind == StrategyKind::Pipe3;
    int64_t most = one ? kSumBlock : lister.mostInPipe2();
    if (shape.columns && *shape.columns > most)
      return holds(0, most, one ? "pipe2 or three_pass" : "online");
    return rows(one ? lister.pipe3() : lister.pipe2(most, false));
  }
  case StrategyKind::Panels: {
    if (!shape.packsPanels || !shape.exponentials || !shape.elementwiseResults)
      return cannot(kind, "it packs the exponentials of one statistic and "
                          "results that need no logit; use lanes_inner");
    int64_t most = lister.panels(false).maxColumns;
    if (shape.columns && *shape.columns > most)
      return holds(0, most, "lanes_inner");
    return cannot(kind, "it takes " +
                            llvm::Twine(lister.panels(false).minRows) +
                            " rows or more; use lanes_inner");
  }
  case StrategyKind::Scalable:
    return cannot(kind, "target " + target.name +
                            " has no vectors of any length; use three_pass");
  default:
    return cannot(kind, "nothing of its guard can hold; use packed");
  }
}

/// Whether `a` takes everything that `b` would.
static bool covers(const Candidate &a, const Candidate &b) {
  return a.layout == b.layout && a.minColumns <= b.minColumns &&
         (a.maxColumns == 0 ||
          (b.maxColumns != 0 && b.maxColumns <= a.maxColumns)) &&
         a.minRows <= b.minRows && a.minBytes <= b.minBytes;
}

llvm::Expected<SmallVector<Candidate>>
mlir::softmax::chooseAlternatives(const KernelShape &shape,
                                  const TargetDescription &target,
                                  std::optional<StrategyKind> force) {
  Chooser chooser(shape, target);
  SmallVector<Candidate> chosen;
  for (LayoutKind layout : {LayoutKind::Row, LayoutKind::Inner}) {
    SmallVector<Candidate> candidates = chooser.getLister().list(layout);
    if (!force) {
      // Vectors of any length are at least as long as others.
      if (target.scalable)
        llvm::erase_if(candidates,
                       [](const Candidate &c) { return !c.scalable; });
      chooser.choose(candidates, chosen);
      continue;
    }
    // Forced, a strategy takes all that it can.
    for (const Candidate &c : candidates)
      if (c.strategy == *force)
        chosen.push_back(c);
    // What panels leave has the bits of their layout class, not of packed rows.
    if (*force == StrategyKind::Panels && !chosen.empty())
      chosen.push_back(candidates.back());
  }
  if (force && chosen.empty() && *force != StrategyKind::Packed)
    return explainForce(*force, shape, target, chooser.getLister());
  chosen.push_back(chooser.getLister().packed());
  // What those before it leave nothing is dropped.
  SmallVector<Candidate> reached;
  for (const Candidate &c : chosen)
    if (llvm::none_of(reached,
                      [&](const Candidate &a) { return covers(a, c); }))
      reached.push_back(c);
  return reached;
}
