// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Helpers that the structured ops of the dialect share.  Private to
// lib/Dialect/IR.

#ifndef SOFTMAX_LIB_DIALECT_IR_STRUCTUREDOPCOMMON_H
#define SOFTMAX_LIB_DIALECT_IR_STRUCTUREDOPCOMMON_H

#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax::common {

/// f64 if any operand's element type is f64, else f32 (C-TYPE-2).
FloatType inferComputeType(ValueRange operands, MLIRContext *context);

/// Sizes of a ranked tensor or memref.
SmallVector<OpFoldResult> getMixedSizes(OpBuilder &b, Location loc,
                                        Value shaped);

/// Result shapes are those of the destinations; fails on memref forms.
LogicalResult reifyFromInits(OpBuilder &b, Operation *op, ValueRange inits,
                             ReifiedRankedShapedTypeDims &shapes);

/// Memref inputs are read, memref destinations written.
void getStructuredEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects);

Speculation::Speculatability
getStructuredSpeculatability(DestinationStyleOpInterface op);

/// Notes `size` for a dimension whose static size so far is `known`; false if
/// both are static and differ.
bool mergeSize(int64_t &known, int64_t size);

/// C-AXIS-1 and C-RANK-0.
LogicalResult verifyDimensions(Operation *op, ArrayRef<int64_t> dimensions,
                               int64_t rank);

/// Tensors with a result per destination, or memrefs without results.
LogicalResult verifyDestinations(Operation *op, ValueRange inits,
                                 TypeRange results, ValueRange operands);

} // namespace mlir::softmax::common

#endif // SOFTMAX_LIB_DIALECT_IR_STRUCTUREDOPCOMMON_H
