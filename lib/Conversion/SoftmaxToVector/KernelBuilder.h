// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What all strategies of the vector lowering share beyond GenericBuilder:
// element access with masked tails or tails in pieces, and scratch.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_KERNELBUILDER_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_KERNELBUILDER_H

#include "../Common/GenericBuilder.h"
#include "softmax/Dialect/IR/RowExtent.h"

namespace mlir::softmax {

/// The last elements of a run, fewer than a vector.
struct Tail {
  /// Valid elements of the vector, index.
  Value count;
  /// vector<lanes x i1>.
  Value mask;
};

class KernelBuilder : public GenericBuilder {
public:
  /// Builds the views of `op`'s operands before `op`.  `builder` must insert
  /// there.
  KernelBuilder(GenericOp op, OpBuilder &builder);

  NumericAttr numeric;
  /// The rows to compute.
  Value rowBegin, rowEnd;

  /// Taken from the alternative being emitted.
  int64_t lanes = 0;
  TailMode tailMode = TailMode::Pieces;
  /// Whether its rows are surely not longer than a block.
  bool singleBlock = false;
  /// The logit region as it is for elements that count (RowExtent), for
  /// strategies that touch no others; else null.
  Region *countingLogit = nullptr;
  /// Says that this alternative is one of those, if rows have such an end.
  void visitCountingOnly(const std::optional<RowExtent> &extent);

  /// Elements of a vector of `count` lanes, an index.
  Value vectorLength(int64_t count);
  /// The tail of `count` elements (index, 1 to lanes).
  Tail tail(Value count);

  /// `lanes` elements of `view` from linear offset `offset` on.
  Value load(const OperandView &view, Value offset, const Tail *tail = nullptr);
  /// Stores a vector of `lanes` elements; `nontemporal` needs one aligned to
  /// its size, and is for whole vectors only.
  void store(Value vector, const OperandView &view, Value offset,
             const Tail *tail = nullptr, bool nontemporal = false);
  /// Elements (index, 0 to lanes - 1) from linear offset `offset` on to the
  /// next address that is aligned to a vector of `lanes` of them.
  Value misalignment(const OperandView &view, Value offset);

  /// A buffer on the stack of the enclosing function, shared by all
  /// alternatives that ask for the same `key`.
  Value stackBuffer(StringRef key, Type element, int64_t count);
  /// Scratch for `count` elements, a value of the prologue, and one group more:
  /// vector accesses may run over the end of a row; allocated before the op and
  /// freed after it.  Alternatives share it: only one of them runs.
  OperandView scratch(Type element, Value count);
  /// Continues where values are computed before all alternatives.
  void toPrologue();
  /// `count` (0 for any) or the row length, whichever is less, times `factor`;
  /// a value of the prologue.
  Value atMostColumns(int64_t count, int64_t factor = 1);
  /// Begins an alternative, which may ask for what others have.
  void beginAlternative(AlternativeAttr alternative);
  /// Frees what `scratch` allocated; called where the op ends.
  void freeScratch();

private:
  Value loadPieces(const OperandView &view, Value offset, Value count);
  void storePieces(Value vector, const OperandView &view, Value offset,
                   Value count);

  Operation *prologueEnd = nullptr;
  std::unique_ptr<Region> ownedLogit;
  struct Allocation {
    memref::AllocOp op;
    /// Whether the current alternative has it.
    bool inUse;
  };
  SmallVector<Allocation> allocations;
  llvm::StringMap<Value> stackBuffers;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_KERNELBUILDER_H
