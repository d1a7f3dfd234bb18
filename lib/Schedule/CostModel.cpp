// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/CostModel.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir::softmax;
using llvm::StringRef;

// Vector operations per element (divided by lanes), counted in the assembly of
// the generated loops: a scaled exponential with its share of the sum; loads,
// stores and multiplications of the other passes.
static constexpr double kExpOps = 16, kExpOps64 = 24;
static constexpr double kSumOps = 2, kMaxOps = 2, kResultOps = 4;
// Two vector operations issue per cycle on the cores that the levels name.
static constexpr double kOpsPerCycle = 2;
// Horizontal reductions, the reciprocal, the loop's start: cycles per row.
static constexpr double kRowCycles = 60;
// Per pass over a row that is not in registers.
static constexpr double kPassCycles = 12;
// A row written element by element: address, load, store, dependent scalars.
static constexpr double kScalarCycles = 6;
// Elements that the sum's fixed tree takes together.
static constexpr int64_t kGroup = 64;
// The longest row of known length that stays in registers.
static constexpr int64_t kMostInRegisters = 128;

StringRef mlir::softmax::toString(StrategyKind kind) {
  switch (kind) {
  case StrategyKind::Registers:
    return "registers";
  case StrategyKind::ThreePass:
    return "three_pass";
  case StrategyKind::LanesInner:
    return "lanes_inner";
  case StrategyKind::Packed:
    return "packed";
  case StrategyKind::Scalable:
    return "scalable";
  case StrategyKind::Pipe3:
    return "pipe3";
  case StrategyKind::Pipe2:
    return "pipe2";
  case StrategyKind::Online:
    return "online";
  case StrategyKind::LanesRows:
    return "lanes_rows";
  case StrategyKind::Panels:
    return "panels";
  }
  llvm_unreachable("all strategies handled");
}

std::optional<StrategyKind> mlir::softmax::parseStrategy(StringRef name) {
  return llvm::StringSwitch<std::optional<StrategyKind>>(name)
      .Case("registers", StrategyKind::Registers)
      .Case("three_pass", StrategyKind::ThreePass)
      .Case("lanes_inner", StrategyKind::LanesInner)
      .Case("packed", StrategyKind::Packed)
      .Case("scalable", StrategyKind::Scalable)
      .Case("pipe3", StrategyKind::Pipe3)
      .Case("pipe2", StrategyKind::Pipe2)
      .Case("online", StrategyKind::Online)
      .Case("lanes_rows", StrategyKind::LanesRows)
      .Case("panels", StrategyKind::Panels)
      .Default(std::nullopt);
}

/// Bytes per cycle from the level that holds `bytes`.
static double bandwidth(double bytes, const TargetDescription &target) {
  if (bytes <= target.l1Bytes)
    return 64;
  if (bytes <= target.l2Bytes)
    return 24;
  if (bytes <= target.l3Bytes)
    return 12;
  return 6;
}

double mlir::softmax::modelCycles(const Candidate &candidate,
                                  const KernelShape &shape,
                                  const TargetDescription &target,
                                  int64_t columns) {
  double n = std::max<int64_t>(columns, 1);
  double lanes = candidate.lanes * kOpsPerCycle;
  double expOps = shape.computeBits == 64 ? kExpOps64 : kExpOps;
  bool again = shape.exponentials && shape.elementwiseResults &&
               candidate.staging == StagingKind::Recompute &&
               candidate.strategy != StrategyKind::Registers;
  double ops = kMaxOps + kSumOps + (shape.exponentials ? expOps : 0) +
               (again ? expOps : 0) +
               (shape.elementwiseResults ? kResultOps : 0);
  double rowBytes =
      n *
      (shape.bytesPerElement +
       (candidate.staging == StagingKind::Scratch ? shape.computeBits / 8 : 0));
  double memory = shape.bytesPerElement / bandwidth(rowBytes, target);
  switch (candidate.strategy) {
  case StrategyKind::Registers: {
    double vectors = llvm::divideCeil(columns, candidate.lanes);
    return vectors * candidate.lanes * ops / lanes / n + kRowCycles / n;
  }
  case StrategyKind::ThreePass:
  case StrategyKind::Scalable:
    return ops / lanes + memory * (shape.passes + 1) / 2 +
           (kRowCycles + kPassCycles * (shape.passes + 1)) / n;
  case StrategyKind::Pipe3:
  case StrategyKind::Pipe2:
  case StrategyKind::Online:
  case StrategyKind::LanesRows:
  case StrategyKind::Panels:
    return ops / lanes + 20 / n;
  case StrategyKind::LanesInner:
    // A panel's strided lines come from one level further out.
    return ops / lanes + memory * 2;
  case StrategyKind::Packed:
    return ops / lanes + 2 * kScalarCycles + memory * 2 + kRowCycles / n;
  }
  llvm_unreachable("all strategies handled");
}

namespace {
/// Builds candidates with what they have in common.
class Chooser {
public:
  Chooser(const KernelShape &shape, const TargetDescription &target)
      : shape(shape), target(target) {
    lanes = target.lanes(shape.computeBits);
    bool masked = shape.narrowestBits >= 32   ? target.maskedMemory32
                  : shape.narrowestBits == 16 ? target.maskedMemory16
                                              : target.maskedMemory8;
    tail = !masked               ? TailKind::Pieces
           : target.maskedStores ? TailKind::Masked
                                 : TailKind::MaskedLoads;
    staging = !shape.exponentials || !shape.elementwiseResults
                  ? StagingKind::Recompute
              : shape.stagesInOutput ? StagingKind::Output
                                     : StagingKind::Scratch;
    // A scratch row beside the row itself must stay in the second level.
    int64_t perElement = shape.bytesPerElement + shape.computeBits / 8;
    scratchColumns = std::max<int64_t>(target.l2Bytes / 2 / perElement, kGroup);
  }

  Candidate make(LayoutKind layout, StrategyKind strategy, StagingKind how,
                 int64_t maxColumns, int64_t vectors) {
    Candidate c;
    c.layout = layout;
    c.strategy = strategy;
    c.staging = how;
    c.maxColumns = maxColumns;
    c.lanes = lanes;
    c.vectors = vectors;
    c.tail = tail;
    c.modelledColumns =
        shape.columns.value_or(maxColumns ? maxColumns : scratchColumns);
    c.cycles = modelCycles(c, shape, target, c.modelledColumns);
    return c;
  }

  /// Whether a row of up to `most` elements can occur.
  bool mayFit(int64_t most) { return !shape.columns || *shape.columns <= most; }

  /// Longest row of the strategy `registers`: no more vectors than there are
  /// registers.  Its code is unrolled over them; with narrow vectors (64
  /// columns of f64 are 32 vectors of SSE2) it would take seconds to compile
  /// and live on the stack.  Half of that where each access converts 16-bit
  /// floats by dozens of integer instructions.
  int64_t mostInRegisters() {
    int64_t most = shape.columns ? kMostInRegisters : 2 * kGroup - lanes;
    int64_t vectors = target.vectorRegisters;
    if (shape.narrowestBits == 16 && !target.f16c)
      vectors /= 2;
    return std::min<int64_t>(most, lanes * vectors);
  }

  void registers(llvm::SmallVectorImpl<Candidate> &list) {
    int64_t most = mostInRegisters();
    if (!shape.rowPossible || !mayFit(most))
      return;
    if (shape.columns && *shape.columns == 0)
      return;
    int64_t columns = shape.columns.value_or(most);
    list.push_back(make(LayoutKind::Row, StrategyKind::Registers,
                        StagingKind::Recompute, columns,
                        llvm::divideCeil(columns, lanes)));
  }

  void pipe3(llvm::SmallVectorImpl<Candidate> &list) {
    if (!shape.rowPossible || shape.passes == 0)
      return;
    Candidate c = make(LayoutKind::Row, StrategyKind::Pipe3,
                       staging == StagingKind::Output ? StagingKind::Scratch
                                                      : staging,
                       4096, 4);
    c.minRows = 8;
    c.rows = lanes;
    list.push_back(c);
  }

  void lanesRows(llvm::SmallVectorImpl<Candidate> &list) {
    if (!shape.rowPossible)
      return;
    Candidate c = make(LayoutKind::Row, StrategyKind::LanesRows,
                       StagingKind::Recompute, std::min<int64_t>(2 * lanes, 64), 1);
    c.minRows = lanes;
    list.push_back(c);
  }

  void panels(llvm::SmallVectorImpl<Candidate> &list) {
    if (!shape.innerPossible)
      return;
    int64_t v=getenv("PV")?atoi(getenv("PV")):4;
    Candidate c = make(LayoutKind::Inner, StrategyKind::Panels,
                       StagingKind::Scratch, target.l2Bytes*3/4 / (2*v * lanes * 4), v);
    c.nontemporal=true; c.prefetch=getenv("PP")?atoi(getenv("PP")):12;
    list.push_back(c);
  }

  void pipe2(llvm::SmallVectorImpl<Candidate> &list, bool nt, int64_t most) {
    if (!shape.rowPossible || shape.passes == 0)
      return;
    Candidate c = make(LayoutKind::Row, StrategyKind::Pipe2,
                       staging == StagingKind::Output ? StagingKind::Scratch
                                                      : staging,
                       most, 4);
    c.minRows = 4;
    c.nontemporal = nt;
    c.prefetch = nt ? 1 : 0;
    if (nt)
      c.minBytes = target.l3Bytes / 2;
    list.push_back(c);
  }
  void online(llvm::SmallVectorImpl<Candidate> &list, bool nt) {
    if (!shape.rowPossible || shape.passes == 0)
      return;
    Candidate c = make(LayoutKind::Row, StrategyKind::Online,
                       StagingKind::Recompute, 0, 4);
    c.nontemporal = nt;
    c.prefetch = nt ? 1 : 0;
    if (nt)
      c.minBytes = target.l3Bytes / 2;
    list.push_back(c);
  }

  void threePass(llvm::SmallVectorImpl<Candidate> &list) {
    if (!shape.rowPossible)
      return;
    if (staging == StagingKind::Scratch) {
      if (mayFit(scratchColumns))
        list.push_back(make(LayoutKind::Row, StrategyKind::ThreePass, staging,
                            scratchColumns, 4));
      if (!shape.columns || *shape.columns > scratchColumns)
        list.push_back(make(LayoutKind::Row, StrategyKind::ThreePass,
                            StagingKind::Recompute, 0, 4));
      return;
    }
    list.push_back(
        make(LayoutKind::Row, StrategyKind::ThreePass, staging, 0, 4));
  }

  /// Of any length, in vectors of any length.
  void scalable(llvm::SmallVectorImpl<Candidate> &list) {
    if (!shape.rowPossible || !target.scalable)
      return;
    size_t first = list.size();
    threePass(list);
    for (Candidate &c : llvm::MutableArrayRef(list).drop_front(first)) {
      c.strategy = StrategyKind::Scalable;
      makeScalable(c);
    }
  }

  void makeScalable(Candidate &c) {
    c.scalable = true;
    c.tail = TailKind::Masked;
  }

  void lanesInner(llvm::SmallVectorImpl<Candidate> &list) {
    if (!shape.innerPossible)
      return;
    size_t first = list.size();
    lanesOfAnyLength(list);
    if (target.scalable)
      for (Candidate &c : llvm::MutableArrayRef(list).drop_front(first))
        makeScalable(c);
  }

  void lanesOfAnyLength(llvm::SmallVectorImpl<Candidate> &list) {
    // A panel of packed exponentials fits half of the second level; wide
    // panels use whole cache lines and pages of a strided tensor.
    StagingKind how =
        staging == StagingKind::Recompute ? staging : StagingKind::Scratch;
    // Those of any length are mostly longer than the least, and some take two
    // registers.
    int64_t wide = target.scalable ? 2 : 4;
    for (int64_t vectors : {wide, wide / 2}) {
      int64_t most =
          target.l2Bytes / 2 / (vectors * lanes * shape.computeBits / 8);
      if (mayFit(most))
        list.push_back(make(LayoutKind::Inner, StrategyKind::LanesInner, how,
                            most, vectors));
      if (shape.columns && *shape.columns <= most)
        return;
    }
    list.push_back(
        make(LayoutKind::Inner, StrategyKind::LanesInner,
             staging == StagingKind::Scratch ? StagingKind::Recompute : staging,
             0, wide / 2));
  }

  Candidate packed() {
    return make(LayoutKind::Any, StrategyKind::Packed,
                shape.exponentials ? StagingKind::Scratch
                                   : StagingKind::Recompute,
                0, 1);
  }

private:
  const KernelShape &shape;
  const TargetDescription &target;
  int64_t lanes, scratchColumns;
  TailKind tail;
  StagingKind staging;
};
} // namespace

/// Why `kind` cannot run on `shape` at all.
static llvm::Error cannot(StrategyKind kind, llvm::Twine reason) {
  return llvm::createStringError("strategy '" + toString(kind) +
                                 "' cannot be forced here: " + reason);
}

llvm::Expected<llvm::SmallVector<Candidate>>
mlir::softmax::chooseAlternatives(const KernelShape &shape,
                                  const TargetDescription &target,
                                  std::optional<StrategyKind> force) {
  Chooser chooser(shape, target);
  llvm::SmallVector<Candidate> list;
  if (!force) {
    llvm::SmallVector<Candidate> rows;
    if (target.scalable) {
      chooser.scalable(list);
      chooser.lanesInner(list);
      list.push_back(chooser.packed());
      return list;
    }
    chooser.registers(rows);
    chooser.threePass(rows);
    // Of two that take the same rows for certain the cheaper stays.
    if (shape.columns && rows.size() > 1)
      rows = {*std::min_element(rows.begin(), rows.end(),
                                [](const Candidate &a, const Candidate &b) {
                                  return a.cycles < b.cycles;
                                })};
    // Streaming stands before the three passes that it is a form of.
    auto *threePass = llvm::find_if(rows, [](const Candidate &c) {
      return c.strategy == StrategyKind::ThreePass;
    });
    list.append(rows.begin(), threePass);
    chooser.pipe3(list);
    list.append(threePass, rows.end());
    chooser.lanesInner(list);
    list.push_back(chooser.packed());
    return list;
  }

  switch (*force) {
  case StrategyKind::Registers:
    if (!shape.rowPossible)
      return cannot(*force, "the softmax dimensions are not one contiguous run "
                            "of every operand");
    chooser.registers(list);
    if (list.empty())
      return cannot(*force, "it holds rows of 1 to " +
                                llvm::Twine(chooser.mostInRegisters()) +
                                " elements; use three_pass");
    break;
  case StrategyKind::ThreePass:
    if (!shape.rowPossible)
      return cannot(*force, "the softmax dimensions are not one contiguous run "
                            "of every operand; use packed or lanes_inner");
    chooser.threePass(list);
    break;
  case StrategyKind::LanesInner:
    if (!shape.innerPossible)
      return cannot(*force, "the last dimension is a softmax dimension or not "
                            "contiguous; use packed, three_pass or registers");
    chooser.lanesInner(list);
    break;
  case StrategyKind::Packed:
    break;
  case StrategyKind::Scalable:
    if (!target.scalable)
      return cannot(*force,
                    "target " + target.name +
                        " has no vectors of any length; use three_pass");
    if (!shape.rowPossible)
      return cannot(*force, "the softmax dimensions are not one contiguous run "
                            "of every operand; use packed or lanes_inner");
    chooser.scalable(list);
    break;
  case StrategyKind::Pipe3:
    chooser.pipe3(list);
    break;
  case StrategyKind::Pipe2:
    if (getenv("P2NT")) chooser.pipe2(list, true, 131072);
    chooser.pipe2(list, false, 131072);
    break;
  case StrategyKind::Panels:
    chooser.panels(list);
    break;
  case StrategyKind::LanesRows:
    chooser.lanesRows(list);
    break;
  case StrategyKind::Online:
    if (getenv("P2NT")) chooser.online(list, true);
    chooser.online(list, false);
    break;
  default:
    break;
  }
  list.push_back(chooser.packed());
  return list;
}
