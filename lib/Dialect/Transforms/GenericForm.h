// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How a named op is written as softmax.generic: operands first, then one region
// after the other.  Private to lib/Dialect/Transforms.

#ifndef SOFTMAX_LIB_DIALECT_TRANSFORMS_GENERICFORM_H
#define SOFTMAX_LIB_DIALECT_TRANSFORMS_GENERICFORM_H

#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Math/MathBuilder.h"
#include <limits>

namespace mlir::softmax {

/// Formulas are those of MathBuilder, on scalars of the compute type.
class GenericForm : public MathBuilder {
public:
  /// `op` is replaced by `finish`; its iteration space has `rank` dimensions.
  GenericForm(RewriterBase &rewriter, Operation *op,
              ArrayRef<int64_t> dimensions, int64_t rank, FloatType compute);

  /// Operands, each with its map; inputs are numbered in this order.
  unsigned addInput(Value value, AffineMap map);
  unsigned addElementwise(Value value) { return addInput(value, identity()); }
  unsigned addPerRow(Value value) { return addInput(value, rowMap()); }
  unsigned addScalar(Value value);
  void addElementwiseInit(Value init);
  void addPerRowInit(Value init);

  AffineMap identity() const;
  /// The dimensions outside `dimensions`.
  AffineMap rowMap() const;

  /// Makes the op; no operand may be added after this.  Attributes of `op` that
  /// are not its own are kept.
  void create(ArrayRef<StatisticAttrInterface> statistics);
  GenericOp getGeneric() const { return generic; }

  // The regions, in this order, each from its begin to its yield.
  void beginLogit();
  void beginRow();
  void beginResult();
  /// The region's argument for input `i`, as it is.
  Value argument(unsigned i);
  /// The same as a float of the compute type.
  Value element(unsigned i);
  /// Argument `i` of statistic `s` in the row or result region.
  Value statistic(unsigned s, unsigned i = 0);
  /// What the row region handed on.
  Value handedOn(unsigned i);
  /// Ends the region.
  void yield(ValueRange values);
  /// Ends the result region: `value`, cast to the destination's elements.
  void yieldResult(Value value);

  /// Of the compute type.
  Value constant(double value) { return MathBuilder::constant(compute, value); }
  Value nan() { return constant(std::numeric_limits<double>::quiet_NaN()); }
  Value infinity() { return constant(std::numeric_limits<double>::infinity()); }
  Value zero() { return constant(0); }
  Value log(Value value);
  Value exp(Value value);
  /// An explicit widening, narrowing, or nothing.
  Value castFloat(Value value, Type type);

  /// Replaces the named op by the generic one.
  GenericOp finish();

  RewriterBase &rewriter;
  const FloatType compute;

private:
  void begin(Region &region, ArrayRef<Type> types);

  Operation *op;
  SmallVector<int64_t> dimensions;
  int64_t rank;
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> inputMaps, initMaps;
  unsigned numPerRow = 0;
  SmallVector<StatisticAttrInterface> statistics;
  GenericOp generic;
  Block *block = nullptr;
  /// Per input its argument's position in the region; none for those that the
  /// row region does not have.
  SmallVector<std::optional<unsigned>> positions;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIALECT_TRANSFORMS_GENERICFORM_H
