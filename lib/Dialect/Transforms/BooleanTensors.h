// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Tensors of i1 as tensors of i8, one byte of 0 or 1 per element: a vector load
// of a memref of i1 reads packed bits, which no caller has.  Private to
// lib/Dialect/Transforms.

#ifndef SOFTMAX_LIB_DIALECT_TRANSFORMS_BOOLEANTENSORS_H
#define SOFTMAX_LIB_DIALECT_TRANSFORMS_BOOLEANTENSORS_H

#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

/// Whether `type` is a ranked tensor or memref of i1.
bool isBooleanShaped(Type type);

class BooleanTensors {
public:
  explicit BooleanTensors(RewriterBase &rewriter) : b(rewriter) {}

  /// Makes an entry argument of i1 elements one of i8 elements. Of a tensor
  /// any use is taken; fails, with a diagnostic, at a use of a memref that is
  /// neither a softmax.generic nor a size.
  LogicalResult convertArgument(BlockArgument argument);

  /// `value`, a tensor of i1, as bytes: what it was made from where that was
  /// bytes, else a new op.
  Value toBytes(Value value);

  /// Gives every tensor of i1 among the op's inputs and destinations bytes
  /// instead; inputs are compared with 0 and yields widened in the regions.
  /// Fails, with a diagnostic, at a memref of i1.
  LogicalResult convertGeneric(GenericOp op);

private:
  Value fromBytes(Value bytes);
  bool hasBytes(Value value);

  RewriterBase &b;
  /// Tensors of i1 whose bytes exist.
  DenseMap<Value, Value> bytes;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIALECT_TRANSFORMS_BOOLEANTENSORS_H
