// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Lister.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir::softmax;
using llvm::SmallVector;
using llvm::SmallVectorImpl;

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

/// Rows of `columns` elements that make about `bytes`.
static Work workOf(const KernelShape &shape, int64_t columns, double bytes) {
  double rowBytes = std::max<double>(bytesOf(shape, {columns, 1}), 1);
  return {columns, std::max<int64_t>(bytes / rowBytes, 1)};
}

Work mlir::softmax::getNearWork(const KernelShape &shape,
                                const TargetDescription &target,
                                int64_t columns) {
  return workOf(shape, columns, target.l2Bytes / 2.0);
}

Work mlir::softmax::getFarWork(const KernelShape &shape,
                               const TargetDescription &target,
                               int64_t columns) {
  return workOf(shape, columns, 4.0 * target.l3Bytes);
}

bool mlir::softmax::holds(const Candidate &candidate, const KernelShape &shape,
                          const Work &work) {
  return work.columns >= candidate.minColumns &&
         (!candidate.maxColumns || work.columns <= candidate.maxColumns) &&
         work.rows >= candidate.minRows &&
         bytesOf(shape, work) >= candidate.minBytes;
}

/// All short lengths, and quarters of powers of two.
static llvm::ArrayRef<int64_t> getModelLengths() {
  static const SmallVector<int64_t> lengths = [] {
    SmallVector<int64_t> list;
    for (int64_t n = 1; n <= 1 << 22;
         n += n < 64 ? 1 : int64_t(llvm::bit_floor(uint64_t(n)) / 4))
      list.push_back(n);
    return list;
  }();
  return lengths;
}

namespace {
class Chooser {
public:
  Chooser(const KernelShape &shape, const TargetDescription &target,
          const ChoiceBasis *basis)
      : shape(shape), target(target), basis(basis), lister(shape, target) {}

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
    return basis ? basis->cost(c, work) : modelCycles(c, shape, target, work);
  }
  Work nearWork(int64_t columns) const {
    return getNearWork(shape, target, columns);
  }
  Work farWork(int64_t columns) const {
    return getFarWork(shape, target, columns);
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
  const ChoiceBasis *basis;
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
    cheapest(
        candidates, {columns, *shape.rows},
        [](const Candidate &) { return true; }, list);
  } else {
    cheapest(
        candidates, farWork(columns), [](const Candidate &) { return true; },
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
  llvm::ArrayRef<int64_t> lengths = basis ? basis->lengths : getModelLengths();
  double margin = 1 + (basis ? basis->margin : 0);
  SmallVector<Candidate> rest(candidates);
  auto reversed = SmallVector<Candidate>();
  while (!rest.empty()) {
    Candidate c = rest.pop_back_val();
    auto wins = [&](int64_t columns) {
      Work work = c.minBytes ? farWork(columns) : nearWork(columns);
      return llvm::none_of(reversed, [&](const Candidate &other) {
        return holds(other, shape, work) &&
               cost(other, work) * margin <= cost(c, work);
      });
    };
    int64_t least = 0, most = 0;
    for (int64_t n : lengths) {
      if (c.maxColumns && n > c.maxColumns)
        break;
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
      c.minColumns = least > lengths.front() ? least : 0;
      // Where the next length is one that it cannot do, what it can stays its
      // own.
      const int64_t *next = llvm::upper_bound(lengths, most);
      bool toTheEnd =
          next == lengths.end() || (c.maxColumns && *next > c.maxColumns);
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

/// Why `kind` cannot run on `shape` at all.
static llvm::Error cannot(StrategyKind kind, llvm::Twine reason) {
  return llvm::createStringError("strategy '" + toString(kind) +
                                 "' cannot be forced here: " + reason);
}

/// The reason why no candidate of `kind` was listed.
static llvm::Error explainForce(StrategyKind kind, const KernelShape &shape,
                                const TargetDescription &target,
                                const Lister &lister) {
  bool inner = kind == StrategyKind::LanesInner || kind == StrategyKind::Panels;
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

llvm::Expected<SmallVector<Candidate>> mlir::softmax::chooseAlternatives(
    const KernelShape &shape, const TargetDescription &target,
    std::optional<StrategyKind> force, const ChoiceBasis *basis) {
  Chooser chooser(shape, target, basis);
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
