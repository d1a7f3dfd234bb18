// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What happens to a row, whatever the strategy: the statistics' passes, the
// row region, the results.  A strategy supplies how it runs over the elements.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H

#include "GroupLoop.h"
#include "RowAccess.h"
#include "softmax/Dialect/IR/RowNeeds.h"

namespace mlir::softmax {

class Parts;

/// What the row region takes of a row (or of a vector of rows) and where its
/// results go.
class RowScope {
public:
  virtual ~RowScope() = default;
  /// Input `i`, which is row-invariant: a scalar, or a vector with a lane per
  /// row.
  virtual Value rowInput(unsigned i) = 0;
  /// Coordinate along the parallel dimension `dim`.
  virtual Value rowCoordinate(int64_t dim) = 0;
  /// Writes a per-row result to destination `i`.
  virtual void storeRow(unsigned i, Value value) = 0;
  /// Row arguments of statistic `s`, which selects the `count` largest logits:
  /// only of single rows.
  virtual SmallVector<Value> select(unsigned /*s*/, int64_t /*count*/) {
    llvm_unreachable("selections take single rows");
  }
  /// Rows side by side; 0 for scalars.
  virtual int64_t rowLanes() const { return 0; }
};

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

/// The statistics that `pass` has to run for.
SmallVector<unsigned> getActive(KernelBuilder &k, const RowNeeds &needs,
                                unsigned pass);
/// A number for every statistic.
SmallVector<unsigned> getAllStatistics(KernelBuilder &k);
/// Takes the reduction of `pass` into the rows' values.
void prepareRows(KernelBuilder &k, unsigned pass, ArrayRef<unsigned> active,
                 ArrayRef<WideValue> reduced, MutableArrayRef<RowValues> rows);

/// How a pass runs: `reduce` for the statistics `active`.
using Reducer = function_ref<SmallVector<WideValue>(
    unsigned pass, ArrayRef<unsigned> active, ArrayRef<RowValues> rows)>;
/// Runs `pass` and prepares `rows`, under the passes' condition if it has one.
void emitPass(KernelBuilder &k, const RowNeeds &needs, unsigned pass,
              MutableArrayRef<RowValues> rows, Reducer reduce);

/// Completes prepared rows.
void finishRows(KernelBuilder &k, MutableArrayRef<RowValues> rows);
/// The row region on finished rows: stores the per-row results and returns what
/// is handed on.
SmallVector<Value> emitRowRegion(KernelBuilder &k, RowScope &scope,
                                 ArrayRef<RowValues> rows);

/// All passes over `range`.
SmallVector<RowValues> emitPasses(KernelBuilder &k, const RowNeeds &needs,
                                  RowRunner &runner, ElementRange range);
/// Merges the statistics of all blocks in index order; `block` gives those of
/// the block that begins at an element.
SmallVector<RowValues>
emitMerge(KernelBuilder &k, Parts &parts,
          function_ref<SmallVector<RowValues>(Value)> block);
/// The results of the blocks in `range`, from finished rows.
void emitBlockResults(KernelBuilder &k, RowRunner &runner, Parts &parts,
                      ArrayRef<RowValues> rows, ValueRange handedOn,
                      ElementRange range);

/// Emits the passes, the row region and the results of one row: all at once
/// where it is one block, else block by block.
void emitRowProgram(KernelBuilder &k, const RowNeeds &needs, RowRunner &runner);

/// The arguments of the result region for one element (or vector): `elements`
/// are the inputs, `logits` one per statistic (null if not needed), `lifted`
/// the staged value of `needs.staged` or null.
SmallVector<Value> buildResults(KernelBuilder &k, const RowNeeds &needs,
                                ValueRange elements, ArrayRef<Value> logits,
                                const LiftedValue &lifted,
                                ArrayRef<RowValues> rows, ValueRange handedOn,
                                int64_t laneCount,
                                KernelBuilder::Coordinate coordinate);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ROWPROGRAM_H
