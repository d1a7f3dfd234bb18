// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the operands of a named op have to be, as data: one table per op gives
// its maps and its verifier.  Private to lib/Dialect/IR.

#ifndef SOFTMAX_LIB_DIALECT_IR_OPERANDRULES_H
#define SOFTMAX_LIB_DIALECT_IR_OPERANDRULES_H

#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax::common {

/// How an operand is indexed.
enum class Extent {
  /// One element per logit.
  Elementwise,
  /// One element per row: indexed by the dimensions outside `dimensions`.
  PerRow,
  /// A plain scalar.
  Scalar
};

/// Which elements an operand may have.
enum class Elements {
  /// f16, bf16, f32 or f64 (C-TYPE-1).
  Float,
  /// The op's compute type (C-TYPE-2).
  Compute,
  /// f64, whatever the compute type.
  F64,
  /// i32 or i64.
  Class
};

struct OperandRule {
  /// In diagnostics.
  StringRef name;
  OpOperand *operand;
  Extent extent;
  Elements elements;
};

/// Sorts `dimensions` and brings negative ones into range (C-AXIS-1: accepted
/// by builders, never stored).
SmallVector<int64_t> normalizeDimensions(ArrayRef<int64_t> dimensions,
                                         int64_t rank);

/// The types of `inits` that are tensors: the results of an op that has them.
SmallVector<Type> getResultTypes(ValueRange inits);

/// C-TYPE-1 for one floating operand.
LogicalResult verifyFloatElements(Operation *op, StringRef name, Type type);

/// The map from an iteration space of `rank` to the dimensions outside
/// `dimensions`.
AffineMap getRowMap(ArrayRef<int64_t> dimensions, int64_t rank,
                    MLIRContext *context);

/// The map of the operand that `rule` is about; null for scalars.
AffineMap getMap(const OperandRule &rule, ArrayRef<int64_t> dimensions,
                 int64_t rank, MLIRContext *context);

/// The map of `operand` as its rule among `rules` has it.
AffineMap getMap(ArrayRef<OperandRule> rules, OpOperand &operand,
                 ArrayRef<int64_t> dimensions, int64_t rank,
                 MLIRContext *context);

/// Verifies every operand by its rule, and all of them together: element types,
/// ranks, and static sizes, which agree wherever two operands share a dimension
/// (C-TYPE-1, C-TYPE-2, C-SHAPE-1).  Diagnostics name the operands.
LogicalResult verifyRules(Operation *op, ArrayRef<OperandRule> rules,
                          ArrayRef<int64_t> dimensions, int64_t rank,
                          FloatType computeType);

/// All of it for an op with `least` to `most` destinations, which `described`
/// says in words: dimensions, destinations, then the rules.
LogicalResult verifyByRules(Operation *op, ArrayRef<OperandRule> rules,
                            ArrayRef<int64_t> dimensions, int64_t rank,
                            FloatType computeType, unsigned least,
                            unsigned most, StringRef described);

} // namespace mlir::softmax::common

#endif // SOFTMAX_LIB_DIALECT_IR_OPERANDRULES_H
