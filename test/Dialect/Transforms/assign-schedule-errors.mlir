// RUN: softmax-opt %s --verify-diagnostics --softmax-assign-schedule=target=x86-64

// What a target does not have.
func.func @any_length(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  // expected-error @+1 {{schedule: 'scalable' has vectors of any length, which target 'x86-64' does not have; leave scalable out}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = false, group = 64, block = 4096>,
      alternatives = [<layout = row, strategy = scalable, lanes = 4, vectors = 1, staging = recompute, tail = masked, scalable = true>,
                      <layout = any, strategy = packed, lanes = 4, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
