// RUN: softmax-opt %s --split-input-file --verify-diagnostics --convert-softmax-to-vector

func.func @unscheduled(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  // expected-error @+1 {{has no schedule; run softmax-assign-schedule before convert-softmax-to-vector}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @named(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  // expected-error @+1 {{has no lowering of its own; run softmax-generalize before convert-softmax-to-vector}}
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// -----

// Exponentials cannot wait in a destination of another type.

func.func @staging(%x: memref<?x?xf16>, %y: memref<?x?xf16>) {
  // expected-error @+1 {{'three_pass' cannot stage exponentials in the destination}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf16>) outs(%y : memref<?x?xf16>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = row, strategy = three_pass, lanes = 8, vectors = 4, staging = output, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f16): %l = arith.extf %e : f16 to f32  softmax.yield %l : f32 }
    result { ^bb0(%e: f16, %p: f32, %logp: f32): %r = arith.truncf %p : f32 to f16  softmax.yield %r : f16 }
  return
}

// -----

// Of a row of unknown length in registers all groups but the last are whole, or the
// order of its sum would change (C-SUM-1).

func.func @registers(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  // expected-error @+1 {{'registers' holds at most 120 elements of a row whose length is not known at compile time}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = row, max_columns = 128, strategy = registers, lanes = 8, vectors = 16, staging = recompute, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @tensors(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{has tensor operands; bufferize before convert-softmax-to-vector}}
  %r = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : tensor<4x8xf32>) outs(%y : tensor<4x8xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 } -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
