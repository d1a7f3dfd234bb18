// Routing among experts: the probabilities of the three largest logits of a row,
// and their columns.
#element = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @route(%x: tensor<?x?xf32>, %w: tensor<?x3xf32>, %e: tensor<?x3xi32>) -> (tensor<?x3xf32>, tensor<?x3xi32>) {
  %weights, %experts = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = 3>]
    maps = [#element, #row, #row]
    ins(%x : tensor<?x?xf32>) outs(%w, %e : tensor<?x3xf32>, tensor<?x3xi32>)
    logit { ^bb0(%l: f32): softmax.yield %l, %l : f32, f32 }
    row { ^bb0(%max: f32, %sum: f32, %values: vector<3xf32>, %columns: vector<3xi64>):
      %maxes = vector.broadcast %max : f32 to vector<3xf32>
      %below = arith.subf %values, %maxes : vector<3xf32>
      %exp = math.exp %below : vector<3xf32>
      %sums = vector.broadcast %sum : f32 to vector<3xf32>
      %p = arith.divf %exp, %sums : vector<3xf32>
      %c = arith.trunci %columns : vector<3xi64> to vector<3xi32>
      softmax.yield %p, %c : vector<3xf32>, vector<3xi32> }
    -> tensor<?x3xf32>, tensor<?x3xi32>
  return %weights, %experts : tensor<?x3xf32>, tensor<?x3xi32>
}
