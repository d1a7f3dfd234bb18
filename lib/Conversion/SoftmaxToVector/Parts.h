// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Blocks of a row: their statistics as values of loops and in memory.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PARTS_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PARTS_H

#include "../Common/Partials.h"
#include "GroupLoop.h"

namespace mlir::softmax {

/// The blocks of the numeric part in rows of `KernelBuilder::columns`
/// elements.  A block is named by its first element.
class Parts : public Partials {
public:
  Parts(KernelBuilder &k, const RowNeeds &needs) : Partials(k, needs), k(k) {}

  /// The elements before `end` (null: all) of the block that begins at `i`.
  ElementRange rangeAt(Value i, Value end = Value());
  /// Keeps the statistics of the block at `i` in scratch.
  void store(Value i, ArrayRef<RowValues> block);
  /// Those of the block at `i`, prepared.
  SmallVector<RowValues> load(Value i);
  /// What the results of the block at `i` take of the finished `rows`.
  SmallVector<RowValues> view(Value i, ArrayRef<RowValues> rows);

  /// Makes room for the statistics of a row's blocks; without it the first
  /// `store` does.
  void allocate();
  /// Takes for it `memory`, a memref<?xi8> that is aligned to 8 bytes and has
  /// bytesPerBlock() of them for every block.
  void allocateIn(Value memory);
  int64_t bytesPerBlock();

private:
  Value numBlocks();
  Value indexOf(Value i);

  KernelBuilder &k;
  /// One buffer per flat value.
  SmallVector<OperandView> buffers;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PARTS_H
