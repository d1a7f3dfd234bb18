// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#ifndef SOFTMAX_MATH_PASSES_TD
#define SOFTMAX_MATH_PASSES_TD

include "mlir/Pass/PassBase.td"

def SoftmaxExpandMath : Pass<"softmax-expand-math"> {
  let summary = "Expand elementary functions and narrow floats without library calls";
  let description = [{
    Rewrites, on scalars and vectors (fixed and scalable):

    - `math.exp`, `exp2`, `expm1`, `log`, `log1p`, `log2` and `tanh` of f32 and
      f64, over their whole range with special values and denormal numbers; of
      f16 and bf16 by way of f32;
    - `arith` operations on f16 and bf16 by way of f32;
    - without `fma`: `math.fma` into a product and a sum, and `math.roundeven`,
      `floor`, `ceil`, `trunc` and `round` into additions of 2^23 or 2^52;
    - without `f16c`: conversions between f16 and f32 into integer arithmetic;
    - without `bf16`: the truncation of f32 to bf16, the same;
    - always: conversions between f64 and f16 or bf16, by way of f32 and without
      rounding twice, and the extension of bf16.

    The result calls neither libm nor compiler-rt on x86-64 at any level,
    aarch64 or riscv64.  Operations that would and that have no expansion
    (`math.sin`, `math.powf`, `arith.remf`, ...) are refused: the pass fails.
  }];
  let options = [
    Option<"fma", "fma", "bool", /*default=*/"true",
           "The target multiplies and adds in one instruction">,
    Option<"f16c", "f16c", "bool", /*default=*/"true",
           "The target converts between f16 and f32">,
    Option<"bf16", "bf16", "bool", /*default=*/"false",
           "The target truncates f32 to bf16">,
  ];
  let statistics = [
    Statistic<"numExpanded", "num-expanded",
              "Elementary functions and conversions expanded">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect",
  ];
}

#endif // SOFTMAX_MATH_PASSES_TD
