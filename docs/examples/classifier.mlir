// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The mean loss of a linear classifier of three classes, for docs/Softmax.md:
// to be differentiated with respect to its weights and its bias.

func.func @loss(%x: tensor<?x2xf64>, %weights: tensor<2x3xf64>, %bias: tensor<3xf64>,
                %labels: tensor<?xi64>) -> tensor<f64>
    attributes {softmax.differentiate = array<i64: 1, 2>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f64
  %rows = tensor.dim %x, %c0 : tensor<?x2xf64>

  // logits = x weights + bias
  %init = tensor.empty(%rows) : tensor<?x3xf64>
  %start = linalg.broadcast ins(%bias : tensor<3xf64>) outs(%init : tensor<?x3xf64>) dimensions = [0]
  %logits = linalg.matmul ins(%x, %weights : tensor<?x2xf64>, tensor<2x3xf64>)
                          outs(%start : tensor<?x3xf64>) -> tensor<?x3xf64>

  %per_row = tensor.empty(%rows) : tensor<?xf64>
  %losses = softmax.cross_entropy dimensions = [1] ins(%logits, %labels : tensor<?x3xf64>, tensor<?xi64>)
                                  outs(%per_row : tensor<?xf64>) -> tensor<?xf64>

  %none = tensor.empty() : tensor<f64>
  %nothing = linalg.fill ins(%zero : f64) outs(%none : tensor<f64>) -> tensor<f64>
  %sum = linalg.reduce { arith.addf } ins(%losses : tensor<?xf64>) outs(%nothing : tensor<f64>) dimensions = [0]
  %total = tensor.extract %sum[] : tensor<f64>
  %integer = arith.index_cast %rows : index to i64
  %count = arith.sitofp %integer : i64 to f64
  %mean = arith.divf %total, %count : f64
  %result = tensor.from_elements %mean : tensor<f64>
  return %result : tensor<f64>
}
