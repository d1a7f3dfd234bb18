// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Reverse-mode differentiation of straight-line functions on tensors.

#ifndef SOFTMAX_DIFFERENTIATION_DIFFERENTIATE_H
#define SOFTMAX_DIFFERENTIATION_DIFFERENTIATE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::softmax {

/// Name of the discardable attribute of a function that softmax-differentiate
/// is to differentiate: a unit attribute, or the numbers of the arguments as
/// array<i64: ...>.
constexpr llvm::StringLiteral kDifferentiateAttrName = "softmax.differentiate";

struct DifferentiateOptions {
  /// Numbers of the arguments to differentiate with respect to, in the order of
  /// the gradients; empty for all that are floats or tensors of floats.
  SmallVector<int64_t> arguments;
  /// Name of the new function.
  std::string name;
  /// Whether the new function also returns what the old one does.
  bool withResults = false;
};

/// Adds behind `function` its vector-Jacobian product: a function of its
/// arguments and of a cotangent per result of floats, of the result's type,
/// that returns [the results and then] the gradient of
/// sum(cotangents * results) with respect to each argument of `options`.  A
/// gradient has the type of its argument, one of a scalar is a tensor of rank
/// 0.
///
/// Forward values are computed again.  The gradient of a value of f16 or bf16
/// is carried as f32 and rounded when it is returned; others have the value's
/// own type.
///
/// Fails with a diagnostic at the operation that cannot be differentiated, and
/// leaves nothing behind.
FailureOr<func::FuncOp>
differentiateFunction(func::FuncOp function,
                      const DifferentiateOptions &options);

} // namespace mlir::softmax

#endif // SOFTMAX_DIFFERENTIATION_DIFFERENTIATE_H
