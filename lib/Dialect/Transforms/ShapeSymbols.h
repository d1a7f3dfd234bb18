// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Which sizes of a function's tensors and memrefs are equal at run time.
// Private to lib/Dialect/Transforms.

#ifndef SOFTMAX_LIB_DIALECT_TRANSFORMS_SHAPESYMBOLS_H
#define SOFTMAX_LIB_DIALECT_TRANSFORMS_SHAPESYMBOLS_H

#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::softmax {

/// Classes of equal sizes, found by union-find over all ops of a function:
/// operands of a structured op that share an iteration dimension, destinations
/// and results, element-wise ops, and the ops that make or reshape tensors.
/// Ops that are not known relate nothing, so a class may be too small, never
/// too large.
class ShapeSymbols {
public:
  explicit ShapeSymbols(FunctionOpInterface function);

  /// The size of `value` (ranked tensor or memref) along `dim`: an i64
  /// IntegerAttr where it is known, else a StringAttr "s0", "s1", ..., equal
  /// for equal sizes and numbered in the order of the first call.
  Attribute get(Value value, int64_t dim);

private:
  unsigned addNode();
  unsigned find(unsigned node);
  void unite(unsigned a, unsigned b);
  void setSize(unsigned node, int64_t size);
  unsigned node(Value value, int64_t dim);
  void unite(unsigned node, OpFoldResult size);
  void uniteShapes(Value a, Value b);
  void uniteMixed(Value value, ArrayRef<OpFoldResult> sizes);
  void uniteMaps(ValueRange operands, ArrayRef<AffineMap> maps);
  void visit(Operation *op);

  SmallVector<unsigned> parents;
  /// Known size of a representative, or kDynamic.
  SmallVector<int64_t> sizes;
  /// Sizes of shaped values; an index value itself stands under dimension -1.
  DenseMap<std::pair<Value, int64_t>, unsigned> nodes;
  /// Representative to its number.
  DenseMap<unsigned, unsigned> symbols;
  MLIRContext *context;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIALECT_TRANSFORMS_SHAPESYMBOLS_H
