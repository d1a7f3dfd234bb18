// RUN: softmax-opt %s --softmax-decompose --split-input-file -verify-diagnostics

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @topk(%x: tensor<4x8xf32>, %i: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@below {{'softmax.generic' op cannot be decomposed to linalg: one of its statistics is not evaluated by passes over the row; take it out of the op, or compute it by a sort}}
  %v = softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 2>] maps = [#id, #row]
    ins(%x : tensor<4x8xf32>) outs(%i : tensor<4x2xf32>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } row {
    ^bb0(%values: vector<2xf32>, %indices: vector<2xi64>):
      softmax.yield %values : vector<2xf32>
    } -> tensor<4x2xf32>
  return %v : tensor<4x2xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @rows(%x: memref<4x8xf32>, %y: memref<4x8xf32>, %begin: index, %end: index) {
  // expected-error@below {{cannot be decomposed to linalg: it covers a range of rows; decompose before a row range is added}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf32>) rows(%begin, %end)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } result {
    ^bb0(%e: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @vector_per_row(%x: tensor<4x8xf32>, %i: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@below {{cannot be decomposed to linalg: its row region yields a vector for a destination; yield scalars to one destination each}}
  %v = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #row]
    ins(%x : tensor<4x8xf32>) outs(%i : tensor<4x2xf32>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } row {
    ^bb0(%max: f32, %sum: f32):
      %v = vector.from_elements %max, %sum : vector<2xf32>
      softmax.yield %v : vector<2xf32>
    } -> tensor<4x2xf32>
  return %v : tensor<4x2xf32>
}
