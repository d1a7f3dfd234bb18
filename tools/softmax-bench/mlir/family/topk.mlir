// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Probabilities and, of the same pass, the eight largest logits of a row with
// their columns.
#element = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @softmax_top8(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x8xf32>, tensor<?x8xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %init = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %values = tensor.empty(%rows) : tensor<?x8xf32>
  %places = tensor.empty(%rows) : tensor<?x8xi64>
  %p, %v, %j = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = 8>]
    maps = [#element, #element, #row, #row]
    ins(%x : tensor<?x?xf32>) outs(%init, %values, %places : tensor<?x?xf32>, tensor<?x8xf32>, tensor<?x8xi64>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e, %e : f32, f32
    } row {
    ^bb0(%max: f32, %sum: f32, %largest: vector<8xf32>, %column: vector<8xi64>):
      softmax.yield %largest, %column : vector<8xf32>, vector<8xi64>
    } result {
    ^bb0(%e: f32, %probability: f32, %logarithm: f32):
      softmax.yield %probability : f32
    } -> tensor<?x?xf32>, tensor<?x8xf32>, tensor<?x8xi64>
  return %p, %v, %j : tensor<?x?xf32>, tensor<?x8xf32>, tensor<?x8xi64>
}
