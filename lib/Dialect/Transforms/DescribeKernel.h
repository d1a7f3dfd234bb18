// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What a public function tells about its operands before its results become
// destinations. Private to lib/Dialect/Transforms.

#ifndef SOFTMAX_LIB_DIALECT_TRANSFORMS_DESCRIBEKERNEL_H
#define SOFTMAX_LIB_DIALECT_TRANSFORMS_DESCRIBEKERNEL_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::softmax {

/// Whether `operand` is a destination whose old contents are never read.
bool isUnreadInit(OpOperand &operand);

/// Per operand of `terminator` the tensor argument that already serves as its
/// destination and is used for nothing but its sizes beside, else null. No
/// argument is there twice.
SmallVector<BlockArgument> findReusedArguments(func::FuncOp function,
                                               func::ReturnOp terminator);

/// Sets the attribute `softmax.kernel` (KernelDescription.h) of `function` as
/// it came, with tensor results; `reused` is what findReusedArguments returned.
/// Fails, with a diagnostic, where a name is no C identifier or is there twice,
/// and where a result's size does not follow from the arguments' sizes.
LogicalResult describeKernel(func::FuncOp function, func::ReturnOp terminator,
                             ArrayRef<BlockArgument> reused);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIALECT_TRANSFORMS_DESCRIBEKERNEL_H
