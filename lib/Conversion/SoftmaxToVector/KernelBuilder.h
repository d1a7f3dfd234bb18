// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What all strategies of the vector lowering share: the operands of one
// softmax.generic seen as flat buffers, its iteration space, element access
// with masked tails or tails in pieces, and its regions on scalars or vectors.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_KERNELBUILDER_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/Support/MathExtras.h"

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

/// The last elements of a run, fewer than a vector.
struct Tail {
  /// Valid elements of the vector, index.
  Value count;
  /// vector<lanes x i1>.
  Value mask;
};

class KernelBuilder {
public:
  /// Builds the views of `op`'s operands before `op`.  `builder` must insert
  /// there.
  KernelBuilder(GenericOp op, OpBuilder &builder);

  GenericOp op;
  OpBuilder &b;
  Location loc;
  FloatType computeType;
  NumericAttr numeric;
  SmallVector<StatisticAttrInterface> statistics;
  SmallVector<OperandView> inputs, inits;
  /// Per iteration dimension.
  SmallVector<Value> sizes;
  SmallVector<int64_t> reduced, parallel;
  /// Row length, number of rows, and the rows to compute.
  Value columns, rowCount, rowBegin, rowEnd;

  /// Taken from the alternative being emitted.
  int64_t lanes = 0;
  TailMode tailMode = TailMode::Pieces;
  /// Whether vectors are as many times longer as the running CPU says
  /// (vector.vscale): `lanes` is then the least.
  bool scalable = false;
  /// Whether its rows are surely not longer than a block.
  bool singleBlock = false;

  StatisticBuilder statistic() {
    return {b,
            loc,
            computeType,
            numeric.getExp(),
            numeric.getFma(),
            numeric.getAccuracy()};
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
  /// Elements of a vector of `count` lanes, an index.
  Value vectorLength(int64_t count);
  /// The scalar 0 of an integer, index or float type.
  Value zero(Type type);
  /// -0.0, which adds nothing to any value.
  Value noSum(Type type);
  Value negativeInfinity(Type type);
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
  Value loadScalar(const OperandView &view, Value offset);
  void storeScalar(Value value, const OperandView &view, Value offset);

  /// The offset of `view` at `coordinates` (per iteration dimension; null is
  /// skipped).
  Value offset(const OperandView &view, ArrayRef<Value> coordinates);

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

private:
  OperandView makeView(Value operand, AffineMap map);
  Value loadPieces(const OperandView &view, Value offset, Value count);
  void storePieces(Value vector, const OperandView &view, Value offset,
                   Value count);

  Operation *prologueEnd = nullptr;
  struct Allocation {
    memref::AllocOp op;
    /// Whether the current alternative has it.
    bool inUse;
  };
  SmallVector<Allocation> allocations;
  llvm::StringMap<Value> stackBuffers;
};

/// Whether the regions of `op` can be vectorized; emits a diagnostic if not.
LogicalResult checkRegionsVectorizable(GenericOp op);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_KERNELBUILDER_H
