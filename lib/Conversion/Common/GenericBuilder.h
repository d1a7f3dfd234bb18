// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What every lowering of softmax.generic to loops shares, for CPUs and GPUs:
// the op's operands seen as flat buffers, its iteration space, index
// arithmetic, and its regions on scalars or vectors.

#ifndef SOFTMAX_LIB_CONVERSION_COMMON_GENERICBUILDER_H
#define SOFTMAX_LIB_CONVERSION_COMMON_GENERICBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/Support/MathExtras.h"
#include <functional>

namespace mlir::softmax {

/// One input or destination.
struct OperandView {
  /// The operand itself where it is not a memref.
  Value scalar;
  /// memref<?xT, strided<[1], offset: ?>>: every element of the operand, at
  /// the linear offsets that `strides` describe.  Vector accesses therefore
  /// always have an innermost stride of 1, and it is the layout guard that
  /// says along which dimension this is right.
  Value flat;
  /// What is added to every linear offset; null for nothing.
  Value origin;
  Type elementType;
  /// Stride in elements per iteration dimension; null where the operand's map
  /// does not name the dimension.
  SmallVector<Value> strides;
  /// The same as far as types tell, else ShapedType::kDynamic.
  SmallVector<int64_t> staticStrides;
  /// Stride of a dimension behind those of the map, which holds the vectors
  /// that a row region yields; null if there is none.
  Value trailingStride;
  /// Whether types tell that consecutive dimensions of the operand are
  /// contiguous (the identity layout).
  bool identityLayout = false;
  /// Whether its map names a softmax dimension.
  bool alongRow = false;

  /// Bytes of one element in memory.
  int64_t elementBytes() const {
    return elementType.isIndex()
               ? 8
               : llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
  }
};

/// What of a schedule's numeric part the statistics ask for.
struct StatisticForm {
  ExpForm exp;
  bool fma;
  Accuracy accuracy;
  const DeviceForm *device = nullptr;
  bool sumsPairs = false;
};

class GenericBuilder {
public:
  /// How operands become flat buffers.
  enum class Flattening {
    /// memref<?xT, strided<[1], offset: ?>>.
    Descriptor,
    /// A memref<maxElements x T> without an offset, which `origin` has instead:
    /// its type is static, so that a kernel can take it as a bare pointer.
    Pointer
  };
  /// 2^59: not even that many bytes exist.
  static constexpr int64_t maxElements = int64_t(1) << 59;

  /// Builds the views of `op`'s operands before `op`.  `builder` must insert
  /// there.
  GenericBuilder(GenericOp op, OpBuilder &builder, StatisticForm form,
                 Flattening flattening);

  GenericOp op;
  OpBuilder &b;
  Location loc;
  FloatType computeType;
  SmallVector<StatisticAttrInterface> statistics;
  SmallVector<OperandView> inputs, inits;
  /// Per iteration dimension.
  SmallVector<Value> sizes;
  SmallVector<int64_t> reduced, parallel;
  /// Row length, number of rows.
  Value columns, rowCount;

  /// Whether vectors are as many times longer as the running CPU says
  /// (vector.vscale): the numbers of lanes are then the least.
  bool scalable = false;

  /// Elements that a thread has of each of the row region's vectors, where the
  /// threads of a row share these; 0 where each has all of them.
  int64_t selectionLanes = 0;

  /// Makes a condition the same for all threads that run in step; null where
  /// it always is.
  std::function<Value(Value)> makeUniform;

  StatisticBuilder statistic() {
    return {b,        loc,           computeType, form.exp,
            form.fma, form.accuracy, form.device, form.sumsPairs};
  }

  //===--- Index arithmetic, folded where constant
  //--------------------------===//
  Value index(int64_t value);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  Value rem(Value x, Value y);
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  Value lessThan(Value x, Value y);
  /// Coordinates of `linear` in the box of `dims`, row-major.
  SmallVector<Value> delinearize(Value linear, ArrayRef<int64_t> dims);

  //===--- Vectors
  //-----------------------------------------------------------===//
  VectorType vectorOf(Type element, int64_t count) {
    return VectorType::get(count, element, scalable);
  }
  /// The scalar 0 of an integer, index or float type.
  Value zero(Type type);
  /// -0.0, which adds nothing to any value.
  Value noSum(Type type);
  Value negativeInfinity(Type type);

  Value loadScalar(const OperandView &view, Value offset);
  void storeScalar(Value value, const OperandView &view, Value offset);
  /// The offset of `view` at `coordinates` (per iteration dimension; null is
  /// skipped).
  Value offset(const OperandView &view, ArrayRef<Value> coordinates);

  //===--- Regions
  //-----------------------------------------------------------===//
  /// How a region learns coordinates: the value of softmax.index for an
  /// iteration dimension, an index or a vector of them.
  using Coordinate = function_ref<Value(int64_t dim)>;
  /// Clones `region` with `args`; an op with a vector operand becomes an op on
  /// vectors of `laneCount` elements, its scalar operands broadcast.
  SmallVector<Value> inlineRegion(Region &region, ValueRange args,
                                  int64_t laneCount, Coordinate coordinate);
  /// `value` as a vector of `laneCount` elements.
  Value broadcast(Value value, int64_t laneCount);

protected:
  StatisticForm form;

private:
  OperandView makeView(Value operand, AffineMap map, Flattening flattening);
};

/// Whether the regions of `op` can be computed on vectors; emits a diagnostic
/// that names `pass` if not.
LogicalResult checkRegionsVectorizable(GenericOp op, StringRef pass);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_COMMON_GENERICBUILDER_H
