// RUN: softmax-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(softmax-generalize,softmax-assign-gpu-schedule,func.func(convert-softmax-to-gpu))'

func.func @topk(%x: memref<4x100xf32>, %v: memref<4x3xf32>, %i: memref<4x3xi64>) {
  // expected-error @+1 {{gpu schedule: strategy 'block_shared' has no list of the largest elements, which the op selects; use block_online}}
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 3>]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>]
    {softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 8192, exp = native>, alternatives = [
      <max_columns = 16384, strategy = block_shared, threads = 256, lanes = 4, vectors = 8>]>}
    ins(%x : memref<4x100xf32>) outs(%v, %i : memref<4x3xf32>, memref<4x3xi64>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%w: vector<3xf32>, %k: vector<3xi64>): softmax.yield %w, %k : vector<3xf32>, vector<3xi64> }
  return
}

// -----

func.func @outer(%x: memref<4x100xf32>, %y: memref<4x100xf32>) {
  // expected-error @+1 {{has rows that are not contiguous as far as the operands' types tell, which strategy 'warp_per_row' does not run; make the softmax dimensions the last ones of a row-major memref, or use lanes_inner}}
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    {softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 16>, alternatives = [
      <max_columns = 4, strategy = warp_per_row, threads = 128, lanes = 4, vectors = 1, rows = 4>]>}
    ins(%x : memref<4x100xf32>) outs(%y : memref<4x100xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @partial(%x: memref<4x5x6xf32>, %b: memref<6xf32>, %y: memref<4x5x6xf32>) {
  // expected-error @+1 {{has an operand of type 'memref<6xf32>' that is constant along a softmax dimension and varies along another, which no GPU schedule reads}}
  softmax.generic dimensions = [1, 2] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (k)>, affine_map<(i, j, k) -> (i, j, k)>]
    ins(%x, %b : memref<4x5x6xf32>, memref<6xf32>) outs(%y : memref<4x5x6xf32>)
    logit { ^bb0(%e: f32, %f: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %f: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @bits(%x: memref<4x100xf32>, %m: memref<4x100xi1>, %y: memref<4x100xf32>) {
  // expected-error @+1 {{kernels take no i1; pass one byte per element}}
  softmax.softmax dimensions = [1] ins(%x : memref<4x100xf32>) mask(%m : memref<4x100xi1>) outs(%y : memref<4x100xf32>)
  return
}

// -----

func.func @numeric(%x: memref<4x100xf32>, %y: memref<4x100xf32>) {
  // expected-error @+1 {{its numeric part is #softmax.gpu_numeric<block = 4096>, but in mode 'default' it must be #softmax.gpu_numeric<block = 8192>}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    {softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 4096>, alternatives = [
      <max_columns = 128, strategy = warp_per_row, threads = 128, lanes = 4, vectors = 1, rows = 4>]>}
    ins(%x : memref<4x100xf32>) outs(%y : memref<4x100xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

func.func @incomplete(%x: memref<4x?xf32>, %y: memref<4x?xf32>) {
  // expected-error @+1 {{has rows that no alternative of its GPU schedule takes: the last one, 'warp_per_row', takes up to 128 columns; end the schedule with block_online}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    {softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 8192>, alternatives = [
      <max_columns = 128, strategy = warp_per_row, threads = 128, lanes = 4, vectors = 1, rows = 4>]>}
    ins(%x : memref<4x?xf32>) outs(%y : memref<4x?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

// expected-error @+1 {{gpu alternative: strategy 'warp_per_row' holds rows of up to 128 elements: max_columns must be between 1 and that}}
func.func private @capacity() attributes {a = #softmax.gpu_alternative<max_columns = 129, strategy = warp_per_row, threads = 128, lanes = 4, vectors = 1, rows = 4>}

// -----

// expected-error @+1 {{gpu alternative: a thread holds 1 to 32 elements of a row, not vectors x lanes = 16 x 4}}
func.func private @registers() attributes {a = #softmax.gpu_alternative<strategy = block_online, threads = 128, lanes = 4, vectors = 16>}

// -----

// expected-error @+1 {{gpu schedule: strategy 'block_online' must hold a block of 8192 elements}}
func.func private @online() attributes {a = #softmax.gpu_schedule<numeric = <block = 8192>, alternatives = [<strategy = block_online, threads = 128, lanes = 4, vectors = 8>]>}

// -----

// expected-error @+1 {{gpu alternative: warp_size must be a power of two from 4 to 128, not 48}}
func.func private @warps() attributes {a = #softmax.gpu_alternative<strategy = block_online, threads = 128, lanes = 4, vectors = 8, warp_size = 48>}

// -----

// expected-error @+1 {{gpu alternative: strategy 'warp_per_row' computes a row per warp: rows must be threads / 64 = 2, not 4}}
func.func private @wavefronts() attributes {a = #softmax.gpu_alternative<max_columns = 128, strategy = warp_per_row, threads = 128, lanes = 4, vectors = 1, rows = 4, warp_size = 64>}

// -----

func.func @native(%x: memref<4x100xf16>, %y: memref<4x100xf16>) {
  // expected-error @+1 {{has a GPU schedule with exp = native, an instruction of NVIDIA's and AMD's chips; run convert-softmax-to-gpu with native=nvvm or native=rocdl, or use exp = scaled}}
  softmax.softmax dimensions = [1] ins(%x : memref<4x100xf16>) outs(%y : memref<4x100xf16>)
  return
}

// -----

// expected-error @+1 {{gpu alternative: strategy 'cluster_per_row' has clusters of 2, 4, 8 or 16 blocks, not 3}}
func.func private @three() attributes {a = #softmax.gpu_alternative<max_columns = 10000, strategy = cluster_per_row, threads = 256, lanes = 4, vectors = 8, cluster = 3>}

// -----

// expected-error @+1 {{gpu alternative: strategy 'block_online' has no clusters: leave cluster out, not 2}}
func.func private @none() attributes {a = #softmax.gpu_alternative<strategy = block_online, threads = 256, lanes = 4, vectors = 8, cluster = 2>}

// -----

// expected-error @+1 {{gpu alternative: strategy 'block_shared' needs memory for a row: give max_columns}}
func.func private @memory() attributes {a = #softmax.gpu_alternative<strategy = block_shared, threads = 256, lanes = 4, vectors = 8>}

// -----

// expected-error @+1 {{gpu schedule: strategy 'block_per_row' with rows of more than 8192 columns holds whole blocks of them: threads x vectors x lanes must be a multiple of 8192, not 12288}}
func.func private @groups() attributes {a = #softmax.gpu_schedule<numeric = <block = 8192>, alternatives = [<max_columns = 10000, strategy = block_per_row, threads = 512, lanes = 4, vectors = 6>]>}

// -----

// expected-error @+1 {{gpu alternative: strategy 'lanes_inner' has as many rows per thread as lanes: rows must be threads x lanes = 512, not 128}}
func.func private @rows_of_a_thread() attributes {a = #softmax.gpu_alternative<strategy = lanes_inner, threads = 128, lanes = 4, vectors = 16, rows = 128>}

// -----

// expected-error @+1 {{gpu alternative: a thread holds 1 to 32 elements of a row, not vectors = 33}}
func.func private @inner_registers() attributes {a = #softmax.gpu_alternative<strategy = lanes_inner, threads = 128, lanes = 4, vectors = 33, rows = 512>}

// -----

// expected-error @+1 {{gpu schedule: strategy 'lanes_inner' must hold a block of 16 elements}}
func.func private @inner_block() attributes {a = #softmax.gpu_schedule<numeric = <block = 16>, alternatives = [<strategy = lanes_inner, threads = 128, lanes = 4, vectors = 8, rows = 512>]>}
