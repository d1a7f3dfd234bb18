// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What a softmax.generic needs of its rows; schedules and lowerings ask.

#ifndef SOFTMAX_DIALECT_IR_ROWNEEDS_H
#define SOFTMAX_DIALECT_IR_ROWNEEDS_H

#include "softmax/Dialect/IR/RowExtent.h"
#include "softmax/Dialect/IR/Softmax.h"
#include <optional>

namespace mlir::softmax {

/// What an op needs of its statistics; the same for every strategy.
struct RowNeeds {
  explicit RowNeeds(GenericOp op);
  /// Stands for the writing of results where a pass is asked for.
  static constexpr unsigned results = ~0u;
  /// passes[s]: the passes of statistic s that have to run.
  SmallVector<SmallVector<bool>> passes;
  unsigned numPasses = 0;
  /// The statistic whose lifted values are worth staging, if any.
  std::optional<unsigned> staged;
  /// Whether the result region uses a logit (through %logp) or an element-wise
  /// input.
  bool resultUsesLogits = false;
  bool resultUsesElements = false;
  bool hasElementwise = false;
  /// Whether a statistic selects elements of its row.
  bool selects = false;
  /// Where the elements of a row end that count, if that is before its end.
  std::optional<RowExtent> extent;
};

/// Whether the exponentials of a row may wait in its destination: the first
/// destination has the compute type, the result region needs nothing of the row
/// but `%p`, and `numeric` does not make them pairs.
bool canStageInOutput(GenericOp op, NumericAttr numeric);

/// Whether the strategy `panels` can run the op: its results need nothing of an
/// element but the exponentials of its one statistic and its inputs.
bool canPackPanels(GenericOp op);

/// The arguments of the row (or result) region that belong to statistic `s`.
ValueRange getStatisticArguments(GenericOp op, unsigned s, bool row);

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_IR_ROWNEEDS_H
