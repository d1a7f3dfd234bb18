// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What rules build on tensors.  Private to lib/Differentiation.

#ifndef SOFTMAX_LIB_DIFFERENTIATION_TENSORBUILDER_H
#define SOFTMAX_LIB_DIFFERENTIATION_TENSORBUILDER_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "softmax/Math/MathBuilder.h"

namespace mlir::softmax {

/// A scalar as another type of floats; nothing where it has it.
Value castFloat(OpBuilder &builder, Location loc, Value value, Type type);
/// The same for the elements of a tensor, or for a scalar.
Value castElements(OpBuilder &builder, Location loc, Value value, Type type);

Value createEmpty(OpBuilder &builder, Location loc,
                  ArrayRef<OpFoldResult> sizes, Type element);
Value createZeros(OpBuilder &builder, Location loc,
                  ArrayRef<OpFoldResult> sizes, Type element);

/// A tensor of `sizes`, computed element by element. `maps` say for each input
/// which element belongs to one of the result; `body` is given those elements
/// and returns one of type `element`.
Value createElementwise(
    OpBuilder &builder, Location loc, ValueRange inputs,
    ArrayRef<AffineMap> maps, ArrayRef<OpFoldResult> sizes, Type element,
    function_ref<Value(MathBuilder &math, ValueRange elements)> body);

/// The sum of `input` over the dimensions of `inputMap` that `resultMap` does
/// not name, at least one: a softmax.generic with #softmax.sum (C-SUM-1). The
/// result has `sizes` and elements of type `element`.
Value createSum(OpBuilder &builder, Location loc, Value input,
                AffineMap inputMap, AffineMap resultMap,
                ArrayRef<OpFoldResult> sizes, Type element);

/// The one element of a tensor of rank 0.
Value extractScalar(OpBuilder &builder, Location loc, Value tensor);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIFFERENTIATION_TENSORBUILDER_H
