// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Some blocks of a long row in shared memory, so that they are read once. Every
// thread keeps what it has read itself: no barrier is needed, and consecutive
// threads keep consecutive vectors.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SHAREDROW_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SHAREDROW_H

#include "SegmentRunner.h"

namespace mlir::softmax {

/// Bytes of dynamic shared memory for `blocks` blocks of a row.
int64_t getSharedRowBytes(GPUBuilder &k, int64_t blocks);

class SharedRow {
public:
  /// Blocks [first, first + count) of `row`, up to `most` of them.
  SharedRow(GPUBuilder &k, const RowNeeds &needs, const RowPosition &row,
            Value first, Value count, int64_t most);

  /// Reads all blocks.
  void read();
  /// Runs the passes on one block after the other: `take` gets its number among
  /// these blocks, and its statistics.
  void
  runPasses(function_ref<void(Value number, ArrayRef<RowValues> block)> take);
  /// The results of all blocks from finished rows.  `partOf` yields a block's
  /// own values (SegmentRunner::writeResultsOfPart).
  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    function_ref<RowValues(Value number)> partOf);

private:
  using Body = function_ref<void(Segment &segment, Value number)>;
  void forBlocks(Body body);
  void store(const Segment &segment, Value number);
  void load(Segment &segment, Value number);
  llvm::Align alignmentOf(unsigned input);

  GPUBuilder &k;
  const RowNeeds &needs;
  const RowPosition &row;
  Value first, count;
  /// Per input, typed; null for those that are not along the row.
  SmallVector<Value> memory;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SHAREDROW_H
