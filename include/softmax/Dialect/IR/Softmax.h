// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The softmax dialect: attributes, statistics and operations.

#ifndef SOFTMAX_DIALECT_IR_SOFTMAX_H
#define SOFTMAX_DIALECT_IR_SOFTMAX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "softmax/Statistics/StatisticBuilder.h"

#include "softmax/Dialect/IR/SoftmaxDialect.h.inc"
#include "softmax/Dialect/IR/SoftmaxEnums.h.inc"
#include "softmax/Dialect/IR/StatisticInterface.h.inc"

#define GET_ATTRDEF_CLASSES
#include "softmax/Dialect/IR/SoftmaxAttrs.h.inc"

#define GET_OP_CLASSES
#include "softmax/Dialect/IR/SoftmaxOps.h.inc"

namespace mlir::softmax {

/// No address space has this many bytes, and sums and products of a few sizes
/// below it do not wrap.
inline constexpr int64_t kMaxBytes = int64_t(1) << 60;

/// Whether a tensor or memref has too many elements for any memory: its static
/// sizes, without those of 0, take more than kMaxBytes.
bool exceedsMemory(ShapedType type);

/// The compute type of an op with these operands: f64 if an element type is
/// f64, else f32 (C-TYPE-2).
FloatType inferComputeType(ValueRange operands, MLIRContext *context);

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_IR_SOFTMAX_H
