// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How exponentials are formed on a GPU.  The chip's 2^x is off by 2 ULP and its
// argument is rounded: 2^-17.7 relative, and as much in the sum.  That is
// within 2^-13, and little beside half an ULP of 16 bits, but not what f32
// promises elsewhere (docs/GPU.md has the sums).

#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/Transforms/Schedule.h"

using namespace mlir;
using namespace mlir::softmax;

/// Whether all that becomes of `value` is its rounding to 16 bits or fewer:
/// what was fused with the op has no say in it.
static bool isRoundedNarrow(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    return isa<arith::TruncFOp>(user) &&
           getElementTypeOrSelf(user->getResult(0).getType())
                   .getIntOrFloatBitWidth() <= 16;
  });
}

/// Whether `op` keeps its bounds with exponentials by instruction.
static bool allowsNative(GenericOp op, Accuracy accuracy) {
  if (!op.getComputeType().isF32() || accuracy == Accuracy::Strict)
    return false;
  // No worse than the polynomial of this mode on CPUs, which errs by 2^-17.5.
  if (accuracy == Accuracy::Fast)
    return true;
  for (auto [s, statistic] : llvm::enumerate(op.getStatisticList())) {
    if (!isa<MaxSumExpAttr>(statistic))
      continue;
    // The maximum is exact, a sum or its logarithm is a result of its own.
    if (op.hasRow() &&
        !getStatisticArguments(op, s, /*row=*/true)[1].use_empty())
      return false;
    if (!op.hasResult())
      continue;
    ValueRange args = getStatisticArguments(op, s, /*row=*/false);
    // %logp goes to 0 as the probability goes to 1.
    if (!args[1].use_empty())
      return false;
    if (!isRoundedNarrow(args[0]))
      return false;
  }
  return true;
}

GPUNumericAttr mlir::softmax::getGPUNumeric(GenericOp op, Accuracy accuracy,
                                            bool native) {
  native &= allowsNative(op, accuracy);
  return GPUNumericAttr::get(op.getContext(),
                             describeGPUShape(op, accuracy).block(), accuracy,
                             native ? ExpForm::Native : ExpForm::Scaled);
}
