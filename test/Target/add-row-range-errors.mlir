// RUN: softmax-opt %s --split-input-file --verify-diagnostics --softmax-add-row-range

// expected-error @below {{the name '@k__units' is taken, but belongs to this kernel: rename the other}}
func.func @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {
    softmax.kernel = {single_op = true, op = "softmax", operands = []}} {
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>]
    ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
func.func private @k__units()

// -----

// expected-error @below {{kernel '@k' is called from within the module; a kernel is an entry point only}}
func.func @k(%x: memref<?xf32>, %y: memref<?xf32>) attributes {
    softmax.kernel = {single_op = true, op = "softmax", operands = []}} {
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>]
    ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
func.func @caller(%x: memref<?xf32>) {
  // expected-note @below {{used here}}
  call @k(%x, %x) : (memref<?xf32>, memref<?xf32>) -> ()
  return
}
