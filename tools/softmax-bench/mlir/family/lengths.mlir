// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows of which the first n(i) elements count; the others get 0.
#element = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @lengths(%x: tensor<?x?xf32>, %n: tensor<?xi64>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %init = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %p = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#element, #row, #element]
    ins(%x, %n : tensor<?x?xf32>, tensor<?xi64>) outs(%init : tensor<?x?xf32>)
    logit {
    ^bb0(%e: f32, %length: i64):
      %j = softmax.index 1
      %column = arith.index_cast %j : index to i64
      %counts = arith.cmpi slt, %column, %length : i64
      %lowest = arith.constant 0xFF800000 : f32
      %l = arith.select %counts, %e, %lowest : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %length: i64, %probability: f32, %logarithm: f32):
      softmax.yield %probability : f32
    } -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}
