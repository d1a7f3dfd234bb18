// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIFFERENTIATION_PASSES
#define SOFTMAX_DIFFERENTIATION_PASSES

include "mlir/Pass/PassBase.td"

def SoftmaxDifferentiatePass : Pass<"softmax-differentiate", "ModuleOp"> {
  let summary = "add the vector-Jacobian products of functions";
  let description = [{
    For each function `@f` that has the attribute `softmax.differentiate` or is
    named by `functions`, adds `@f_vjp`. It takes the arguments of `@f` and a
    *cotangent* for each result of floats, of the result's type (for a loss, 1),
    and returns the gradients of sum(cotangent * result) with respect to the
    arguments that the attribute numbers (`array<i64: 0, 2>`), or of all floats
    and tensors of floats where it is a unit attribute. A gradient has the type
    of its argument; that of a scalar is a tensor of rank 0. The attribute goes
    away, and `@f` stays as it is.

    The function is straight-line code on tensors. What differentiated
    arguments have an influence on consists of

    - the named forward ops and losses: gradients with respect to logits,
      scale, bias and probabilities as labels, by `softmax.softmax_backward`,
      `softmax.log_softmax_backward` and `softmax.cross_entropy_backward`;
      `masked_row` holds for gradients as well (C-INF-2);
    - linalg ops, generic or named, whose loops are parallel or add
      (`arith.addf`) into a destination, over arith and math: element-wise ops
      with broadcasts and transpositions, products of matrices, contractions,
      sums;
    - arith and math on scalars and tensors; `tensor.extract`, `insert`,
      `from_elements`, `splat`, `cast`, `expand_shape`, `collapse_shape`,
      `extract_slice`, `insert_slice`.

    Anything else on the way is refused with a diagnostic that names it; what
    no argument has an influence on is copied. Integers carry no gradient.

    Forward values are computed again. The gradient of a value of f16 or bf16 is
    f32 and rounded when it is returned. What was broadcast (a bias, a scalar)
    gets the sum of its elements' gradients from `softmax.generic` with
    `#softmax.sum`, accumulated as C-SUM-1 says; contractions add in the order
    of their loops, in the type of the gradient. At a tie `arith.maximumf` and
    its like pass half of the gradient to each operand.

    Example:

    ```mlir
    func.func @loss(%x: tensor<8x10xf32>, %t: tensor<8xi64>) -> tensor<8xf32> attributes {softmax.differentiate} {
      %e = tensor.empty() : tensor<8xf32>
      %loss = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<8x10xf32>, tensor<8xi64>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
      return %loss : tensor<8xf32>
    }
    ```

    adds

    ```mlir
    func.func @loss_vjp(%x: tensor<8x10xf32>, %t: tensor<8xi64>, %dloss: tensor<8xf32>) -> tensor<8x10xf32> {
      %e = tensor.empty() : tensor<8xf32>
      %lse = softmax.logsumexp dimensions = [1] ins(%x : tensor<8x10xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
      %i = tensor.empty() : tensor<8x10xf32>
      %dx = softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %lse, %dloss : tensor<8x10xf32>, tensor<8xi64>, tensor<8xf32>, tensor<8xf32>)
              outs(%i : tensor<8x10xf32>) -> tensor<8x10xf32>
      return %dx : tensor<8x10xf32>
    }
    ```
  }];
  let options = [
    ListOption<"functions", "functions", "std::string",
               "Functions to differentiate, besides those with the attribute">,
    ListOption<"arguments", "arguments", "int64_t",
               "Numbers of the arguments to differentiate these functions with "
               "respect to, unless their attribute has some; all floats "
               "without">,
    Option<"suffix", "suffix", "std::string", /*default=*/"\"_vjp\"",
           "What the names of the new functions end with">,
    Option<"withResults", "with-results", "bool", /*default=*/"false",
           "Return the function's results as well, before the gradients">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect",
                           "math::MathDialect", "tensor::TensorDialect",
                           "SoftmaxDialect"];
  let statistics = [
    Statistic<"numDifferentiated", "differentiated",
              "Number of functions differentiated">
  ];
}

#endif // SOFTMAX_DIFFERENTIATION_PASSES
