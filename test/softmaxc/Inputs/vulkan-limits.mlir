// Lengths of i64 per row, and an index that all rows add to a coordinate.
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#none = affine_map<(i, j) -> ()>
func.func @limits(%x: tensor<?x4xf32>, %n: tensor<?xi64>, %first: index, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp<masked_row = zero>] maps = [#id, #row, #none, #id]
    ins(%x, %n, %first : tensor<?x4xf32>, tensor<?xi64>, index) outs(%y : tensor<?x4xf32>)
    logit {
    ^bb0(%e: f32, %ne: i64, %f: index):
      %j = softmax.index 1
      %at = arith.addi %j, %f : index
      %length = arith.index_cast %ne : i64 to index
      %valid = arith.cmpi slt, %at, %length : index
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %valid, %e, %ninf : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %ne: i64, %f: index, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
