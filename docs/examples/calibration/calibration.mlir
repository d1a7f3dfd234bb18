// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What temperature scaling needs: the probabilities at a temperature T, and the
// loss with its two derivatives with respect to scale = 1/T.

#element = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#scalar = affine_map<(i, j) -> ()>

func.func @probabilities(%x: tensor<?x10xf32>, %inverse_temperature: tensor<f32>) -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %scale = tensor.extract %inverse_temperature[] : tensor<f32>
  %init = tensor.empty(%n) : tensor<?x10xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) scale(%scale : f32)
         outs(%init : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// For each row, with t its label:
//   loss      = lse - scale x[t],  lse the logarithm of sum(exp(scale x))
//   slope     = dloss/dscale = sum(p x) - x[t],  p = exp(scale x - lse)
//   curvature = d2loss/dscale2 = sum(p x x) - sum(p x)^2,  the variance of x under p
func.func @derivatives(%x: tensor<?x10xf32>, %labels: tensor<?xi64>, %inverse_temperature: tensor<f32>)
    -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %matrix = tensor.empty(%n) : tensor<?x10xf32>
  %vector = tensor.empty(%n) : tensor<?xf32>
  %scale = tensor.extract %inverse_temperature[] : tensor<f32>

  // The product with the scale becomes a part of the loss.
  %scaled = linalg.generic {indexing_maps = [#element, #scalar, #element], iterator_types = ["parallel", "parallel"]}
      ins(%x, %scale : tensor<?x10xf32>, f32) outs(%matrix : tensor<?x10xf32>) {
  ^bb0(%e: f32, %s: f32, %out: f32):
    %l = arith.mulf %e, %s : f32
    linalg.yield %l : f32
  } -> tensor<?x10xf32>
  %loss, %lse = softmax.cross_entropy dimensions = [1] ins(%scaled, %labels : tensor<?x10xf32>, tensor<?xi64>)
                  outs(%vector, %vector : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>

  // Three sums over a row, in one pass; the lse is the same for all of it.
  %slope, %curvature = softmax.generic dimensions = [1] statistics = [#softmax.sum, #softmax.sum, #softmax.sum]
    maps = [#element, #row, #scalar, #row, #row, #row]
    ins(%x, %labels, %scale, %lse : tensor<?x10xf32>, tensor<?xi64>, f32, tensor<?xf32>)
    outs(%vector, %vector : tensor<?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%e: f32, %t: i64, %s: f32, %row_lse: f32):
      %l = arith.mulf %e, %s : f32
      %logp = arith.subf %l, %row_lse : f32
      %p = math.exp %logp : f32
      %px = arith.mulf %p, %e : f32
      %pxx = arith.mulf %px, %e : f32
      %j = softmax.index 1
      %class = arith.index_cast %j : index to i64
      %hit = arith.cmpi eq, %class, %t : i64
      %zero = arith.constant 0.0 : f32
      %of_label = arith.select %hit, %e, %zero : f32
      softmax.yield %px, %pxx, %of_label : f32, f32, f32
    } row {
    ^bb0(%t: i64, %s: f32, %row_lse: f32, %mean: f32, %square: f32, %of_label: f32):
      %slope_of_row = arith.subf %mean, %of_label : f32
      %0 = arith.mulf %mean, %mean : f32
      %variance = arith.subf %square, %0 : f32
      softmax.yield %slope_of_row, %variance : f32, f32
    } -> tensor<?xf32>, tensor<?xf32>
  return %loss, %slope, %curvature : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}
