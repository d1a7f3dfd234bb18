// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What happens to a row in every lowering of softmax.generic: the statistics'
// passes, the row region, the results.  How a lowering runs over the elements
// is its own.

#ifndef SOFTMAX_LIB_CONVERSION_COMMON_ROWSTAGES_H
#define SOFTMAX_LIB_CONVERSION_COMMON_ROWSTAGES_H

#include "GenericBuilder.h"
#include "softmax/Dialect/IR/RowNeeds.h"

namespace mlir::softmax {

/// Reductions as a flat list, and back in the form of `like`.
SmallVector<Value> flattenWide(ArrayRef<WideValue> values);
SmallVector<WideValue> unflattenWide(ValueRange values,
                                     ArrayRef<WideValue> like);

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

/// The statistics that `pass` has to run for.
SmallVector<unsigned> getActive(GenericBuilder &k, const RowNeeds &needs,
                                unsigned pass);
/// A number for every statistic.
SmallVector<unsigned> getAllStatistics(GenericBuilder &k);
/// Takes the reduction of `pass` into the rows' values.
void prepareRows(GenericBuilder &k, unsigned pass, ArrayRef<unsigned> active,
                 ArrayRef<WideValue> reduced, MutableArrayRef<RowValues> rows);

/// How a pass runs: `reduce` for the statistics `active`.
using Reducer = function_ref<SmallVector<WideValue>(
    unsigned pass, ArrayRef<unsigned> active, ArrayRef<RowValues> rows)>;
/// Runs `pass` and prepares `rows`, under the passes' condition if it has one.
void emitPass(GenericBuilder &k, const RowNeeds &needs, unsigned pass,
              MutableArrayRef<RowValues> rows, Reducer reduce);

/// Completes prepared rows.
void finishRows(GenericBuilder &k, MutableArrayRef<RowValues> rows);
/// The row region on finished rows: stores the per-row results and returns what
/// is handed on.
SmallVector<Value> emitRowRegion(GenericBuilder &k, RowScope &scope,
                                 ArrayRef<RowValues> rows);

/// The arguments of the result region for one element (or vector): `elements`
/// are the inputs, `logits` one per statistic (null if not needed), `lifted`
/// the staged value of `needs.staged` or null.
SmallVector<Value> buildResults(GenericBuilder &k, const RowNeeds &needs,
                                ValueRange elements, ArrayRef<Value> logits,
                                const LiftedValue &lifted,
                                ArrayRef<RowValues> rows, ValueRange handedOn,
                                int64_t laneCount,
                                GenericBuilder::Coordinate coordinate);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_COMMON_ROWSTAGES_H
