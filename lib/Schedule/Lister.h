// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What can run on an op, with the parameters that a target suggests.

#ifndef SOFTMAX_LIB_SCHEDULE_LISTER_H
#define SOFTMAX_LIB_SCHEDULE_LISTER_H

#include "softmax/Schedule/ChooseAlternatives.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace mlir::softmax {

// The longest row of known length that stays in registers.
inline constexpr int64_t kMostInRegisters = 128;
// The longest row that pipe2 keeps exponentials of.  Beyond half a megabyte of
// scratch, forming them again from the logits (online) costs less than
// fetching them from the third level.
inline constexpr int64_t kPipe2ScratchBytes = 512 << 10;
// Bytes side by side that panels take of a strided tensor: two lines, which
// cores fetch as a pair.  One line is 2 times slower from memory, eight are
// slower from the third level.
inline constexpr int64_t kPanelBytes = 128;

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
  /// registers of most targets.  Its code is unrolled over them; with narrow
  /// vectors (64 columns of f64 are 32 vectors of SSE2) it would take seconds
  /// to compile and live on the stack.  Half of that where each access converts
  /// 16-bit floats by dozens of integer instructions.
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
  int64_t mostInLanes() const {
    return std::min<int64_t>(2 * lanes, kSumGroup);
  }

  Candidate registers() const {
    int64_t most =
        std::min(shape.columns.value_or(mostInRegisters()), mostInRegisters());
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

  Candidate pipe2(int64_t mostColumns, bool far) const {
    Candidate c = make(LayoutKind::Row, StrategyKind::Pipe2, scratchIfStaged(),
                       mostColumns, 4);
    c.minRows = 4;
    if (far)
      stream(c, !asksAhead(mostColumns) ? 0 : mostColumns <= kSumBlock ? 2 : 1);
    return c;
  }
  /// Whether rows of `columns` elements (blocks of longer ones), and those
  /// asked for ahead, stay in the first level until they are reduced: of one
  /// operand of 32 bits those of a block do, of two they push each other out.
  bool asksAhead(int64_t columns) const {
    int64_t bytes = std::min(columns, kSumBlock) * shape.bytesReduced;
    return 2 * bytes <= 3 * kSumBlock * 4;
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
    int64_t most =
        staging == StagingKind::Scratch
            ? target.l2Bytes / 2 / (shape.bytesPerElement() + computeBytes)
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
  llvm::SmallVector<Candidate> list(LayoutKind layout) const;

private:
  static void makeScalable(Candidate &c) {
    c.scalable = true;
    c.tail = TailKind::Masked;
  }
  void stream(Candidate &c, int64_t prefetch) const {
    c.nontemporal = shape.streamable;
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

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_SCHEDULE_LISTER_H
