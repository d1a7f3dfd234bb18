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

// -----

// A strategy on a shape that it cannot do.

func.func @row_layout(%x: memref<4x4xf32>, %y0: memref<4x4xf32>) {
  // expected-error @+1 {{'pipe3' needs the softmax dimensions to be one contiguous run of every operand, which the operands' types rule out; use packed or lanes_inner}}
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<4x4xf32>) outs(%y0 : memref<4x4xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = row, max_columns = 64, min_rows = 1, strategy = pipe3, lanes = 8, vectors = 4, rows = 8, staging = scratch, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @inner_layout(%x: memref<?x?xf32>, %y0: memref<?x?xf32>) {
  // expected-error @+1 {{'lanes_inner' needs the last dimension to be contiguous and not a softmax dimension}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y0 : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = inner, strategy = lanes_inner, lanes = 8, vectors = 2, staging = recompute, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @log_panels(%x: memref<?x?xf32>, %y0: memref<?x?xf32>) {
  // expected-error @+1 {{'panels' packs the exponentials of one statistic: that takes results that need neither %logp nor a second statistic; use lanes_inner}}
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y0 : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = inner, max_columns = 64, strategy = panels, lanes = 8, vectors = 2, staging = scratch, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %logp : f32 }
  return
}

// -----

func.func @nothing_to_reduce(%x: memref<?x?xf32>, %y0: memref<?x?xf32>) {
  // expected-error @+1 {{'pipe3' overlaps reductions with results, but the op reduces nothing; use three_pass or online}}
  softmax.generic dimensions = [1] statistics = []
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y0 : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = row, max_columns = 64, min_rows = 1, strategy = pipe3, lanes = 8, vectors = 4, rows = 8, staging = scratch, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

func.func @two_results(%x: memref<?x?xf32>, %y0: memref<?x?xf32>, %y1: memref<?x?xf32>) {
  // expected-error @+1 {{'online' stores past the caches one element-wise result, but the op has 2; use stores = ordinary}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y0, %y1 : memref<?x?xf32>, memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = row, strategy = online, lanes = 8, vectors = 4, staging = recompute, tail = masked, stores = nontemporal>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p, %logp : f32, f32 }
  return
}

// -----

// Scratch above the bound.

func.func @unbounded_scratch(%x: memref<?x?xf32>, %y0: memref<?x?xf32>) {
  // expected-error @+1 {{'three_pass' keeps a row in scratch, of which it may take 16777216 bytes: say max_columns = 4194304 or less, or staging = recompute}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y0 : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = row, strategy = three_pass, lanes = 8, vectors = 4, staging = scratch, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @much_scratch(%x: memref<?x?xf32>, %y0: memref<?x?xf32>) {
  // expected-error @+1 {{'panels' would take 512 bytes of scratch for each of 40000 columns, more than the bound of 16777216; say max_columns = 32768 or less, or staging = recompute}}
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y0 : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
                alternatives = [<layout = inner, max_columns = 40000, strategy = panels, lanes = 8, vectors = 8, staging = scratch, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

// Exponentials as pairs do not fit a destination.

func.func @pairs_in_output(%x: memref<?x?xf32>, %y0: memref<?x?xf32>) {
  // expected-error @+1 {{'three_pass' cannot stage exponentials in the destination}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y0 : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096, accuracy = strict>,
                alternatives = [<layout = row, strategy = three_pass, lanes = 8, vectors = 4, staging = output, tail = masked>,
                                <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

// A selection takes single rows.

func.func @lanes_select(%x: memref<?x?xf32>, %v: memref<?x5xf32>, %c: memref<?x5xi64>) {
  // expected-error @+1 {{'lanes_rows' computes a row per lane, but the op selects elements of single rows; use three_pass, pipe3 or packed}}
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 5>]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>]
    ins(%x : memref<?x?xf32>) outs(%v, %c : memref<?x5xf32>, memref<?x5xi64>)
    schedule = <numeric = <exp = table16, fma = true, group = 64, block = 4096>,
      alternatives = [<layout = row, max_columns = 16, min_rows = 16, strategy = lanes_rows, lanes = 16, vectors = 1, staging = recompute, tail = masked>,
                      <layout = any, strategy = packed, lanes = 16, vectors = 1, staging = recompute, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<5xf32>, %columns: vector<5xi64>):
      softmax.yield %values, %columns : vector<5xf32>, vector<5xi64> }
  return
}
