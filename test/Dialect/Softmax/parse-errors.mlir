// Errors in the text of softmax.generic.
// RUN: softmax-opt %s --split-input-file -verify-diagnostics

// A value of a region that is given up, used before the op.
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @early_use(%x: memref<?x?xf32>, %l: memref<?xf32>) {
  %r = arith.addf %z, %z : f32
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row]
    ins(%x : memref<?x?xf32>) outs(%l : memref<?xf32>)
    logit {
    ^bb0(%e: f32):
      %z = arith.constant 1.0 : f32
      softmax.yield %z : f32
    } row {
    ^bb0(%sum: f32):
      // expected-error@+1 {{expected three consecutive dots for an ellipsis}}
      %b = arith.addf %sum, %sum : .
      softmax.yield %b : f32
    }
  return
}

// -----

// Regions come in order.
#id = affine_map<(i, j) -> (i, j)>
func.func @order(%x: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id]
    ins(%x : memref<?x?xf32>) outs(%x : memref<?x?xf32>)
    result { ^bb0(%e: f32, %s: f32): softmax.yield %s : f32 }
    // expected-error@+1 {{custom op 'logit' is unknown}}
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @dimensions(%x: memref<?x?xf32>) {
  // expected-error@+1 {{expected 'dimensions'}}
  softmax.generic statistics = [#softmax.sum] maps = [#id, #id] ins(%x : memref<?x?xf32>) outs(%x : memref<?x?xf32>)
  return
}
