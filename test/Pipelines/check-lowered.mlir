// RUN: softmax-opt %s --softmax-check-lowered -split-input-file -verify-diagnostics

func.func @left(%x: memref<?x?xf32>) {
  // expected-error @+1 {{no pass of this pipeline lowers this operation here}}
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%x : memref<?x?xf32>)
  return
}

// -----

// One message per op, not one per yield.
func.func @generic(%x: memref<?x?xf32>) {
  // expected-error @+1 {{no pass of this pipeline lowers this operation here}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%x : memref<?x?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @nothing() {
  return
}
