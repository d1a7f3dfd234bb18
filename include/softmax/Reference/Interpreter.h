// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The oracle: evaluates functions on tensors in higher precision.
//
// What is rounded and what is not (docs/Spec.md, accuracy): every operation on
// values that do not descend from a statistic is rounded in its own type, as a
// compiled loop does it, in the order of the loops: the logits of the reference
// are the logits of a kernel bit for bit (but for math functions, whose kernels
// are within a few ULP).  The statistics themselves and all that descends from
// them are carried in long double, never rounded, beside a bound on how far a
// kernel may be from them:
//   - where a result is the op's own p, logp, or max + log(sum), through casts
//     alone, the bound is the one that the specification promises;
//   - elsewhere it is a running error analysis: each operation adds half an ULP
//     of its type (math functions two ULP) to the errors of its operands, seen
//     through the operation.  Where a comparison could come out either way
//     within that error, nothing is promised (the error is +inf).
#ifndef SOFTMAX_REFERENCE_INTERPRETER_H
#define SOFTMAX_REFERENCE_INTERPRETER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Reference/ReferenceTensor.h"

namespace mlir::softmax::reference {

/// Evaluates `function` on row-major tensors (rank 0 for scalar arguments).
/// Takes straight-line functions on tensors and scalars: named ops of the
/// dialect, softmax.generic, linalg on tensors, arith, math, and what makes,
/// casts or reshapes tensors.  Fails with a diagnostic at the operation that it
/// does not take, or whose operands' sizes disagree.  The arguments must fit
/// the function's types.  `accuracy` is the mode whose bounds results carry.
FailureOr<SmallVector<ReferenceTensor>>
evaluateFunction(func::FuncOp function, ArrayRef<ReferenceTensor> arguments,
                 Accuracy accuracy = Accuracy::Default);

/// The shapes of the results for arguments of the given shapes, and whether all
/// sizes agree that have to: fails with a diagnostic at the first operation
/// where they do not, and where a size depends on the elements of a tensor.
/// `arguments` may come without elements; those of integers and indices of rank
/// 0 are used where they are there.
FailureOr<SmallVector<ReferenceTensor>>
evaluateShapes(func::FuncOp function, ArrayRef<ReferenceTensor> arguments);

} // namespace mlir::softmax::reference

#endif // SOFTMAX_REFERENCE_INTERPRETER_H
