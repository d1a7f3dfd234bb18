// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What happens to a row, whatever the strategy: the statistics' passes, the
// row region, the results.  A strategy supplies how it runs over the elements.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H

#include "../Common/RowStages.h"
#include "GroupLoop.h"
#include "RowAccess.h"

namespace mlir::softmax {

class Parts;

/// How one strategy runs over the elements of a row (or of a vector of rows).
class RowRunner : public RowScope {
public:
  /// Reduces `pass` over `range` for the statistics numbered `active`.
  virtual SmallVector<WideValue> reduce(unsigned pass,
                                        ArrayRef<unsigned> active,
                                        ArrayRef<RowValues> rows,
                                        ElementRange range) = 0;
  /// Writes the element-wise results of `range`.
  virtual void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                            ElementRange range) = 0;
  /// Where the elements end that count (RowExtent), an index; null where the
  /// strategy takes all of them.
  virtual Value end() { return Value(); }
  /// Writes the results of elements behind that.
  virtual void writeMasked(ArrayRef<RowValues> /*rows*/,
                           ValueRange /*handedOn*/, ElementRange /*range*/) {}
};

/// What a single row offers to its row region.
class SingleRowScope : public RowScope {
public:
  SingleRowScope(KernelBuilder &k, const RowPosition &row) : k(k), row(row) {}
  Value rowInput(unsigned i) override { return row.invariants[i]; }
  Value rowCoordinate(int64_t dim) override { return row.coordinates[dim]; }
  void storeRow(unsigned i, Value value) override;
  SmallVector<Value> select(unsigned s, int64_t count) override;

private:
  KernelBuilder &k;
  const RowPosition &row;
};

/// A strategy that runs one row at a time.
class SingleRowRunner : public RowRunner {
public:
  SingleRowRunner(KernelBuilder &k, const RowPosition &row)
      : k(k), row(row), scope(k, row) {}
  Value rowInput(unsigned i) override { return scope.rowInput(i); }
  Value rowCoordinate(int64_t dim) override { return scope.rowCoordinate(dim); }
  void storeRow(unsigned i, Value value) override { scope.storeRow(i, value); }
  SmallVector<Value> select(unsigned s, int64_t count) override {
    return scope.select(s, count);
  }

protected:
  KernelBuilder &k;
  const RowPosition &row;

private:
  SingleRowScope scope;
};

/// All passes over `range`.
SmallVector<RowValues> emitPasses(KernelBuilder &k, const RowNeeds &needs,
                                  RowRunner &runner, ElementRange range);
/// Merges the statistics of the blocks before `end` in index order; `block`
/// gives those of the block that begins at an element.
SmallVector<RowValues>
emitMerge(KernelBuilder &k, Parts &parts, Value end,
          function_ref<SmallVector<RowValues>(Value)> block);
/// The results of the blocks in `range`, from finished rows; no block goes
/// beyond `range`.
void emitBlockResults(KernelBuilder &k, RowRunner &runner, Parts &parts,
                      ArrayRef<RowValues> rows, ValueRange handedOn,
                      ElementRange range);

/// Emits the passes, the row region and the results of one row: all at once
/// where it is one block, else block by block.
void emitRowProgram(KernelBuilder &k, const RowNeeds &needs, RowRunner &runner);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H
