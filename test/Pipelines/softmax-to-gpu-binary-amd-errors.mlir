// What AMD's chips have not, forced or written by hand.
// RUN: not softmax-opt %s --softmax-to-gpu-binary="chip=gfx942 force-strategy=cluster_per_row" 2>&1 | FileCheck %s --check-prefix=CLUSTER
// RUN: not softmax-opt %s --softmax-to-gpu-binary="chip=gfx942" 2>&1 | FileCheck %s --check-prefix=WRITTEN
// RUN: not softmax-opt %s --softmax-to-gpu-binary="chip=gfx1100" 2>&1 | FileCheck %s --check-prefix=WARPS
// CLUSTER: amd-errors.mlir:[[#@LINE+4]]:{{.*}} error: {{.*}}strategy 'cluster_per_row' is of NVIDIA's GPUs; use block_online, or no strategy
// WRITTEN: error: {{.*}}strategy 'cluster_per_row' is of NVIDIA's GPUs; use block_online
// WARPS: error: {{.*}}an alternative has warps of 64 threads, and chip 'gfx1100' of 32; write warp_size = 32
func.func @chosen(%x: memref<4x40000xf32>, %y: memref<4x40000xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x40000xf32>) outs(%y : memref<4x40000xf32>)
  return
}

func.func @written(%x: memref<4x9000xf32>, %y: memref<4x9000xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    {softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 8192>, alternatives = [
      <max_columns = 16384, strategy = cluster_per_row, threads = 256, lanes = 4, vectors = 8, cluster = 2, warp_size = 64>,
      <strategy = block_online, threads = 256, lanes = 4, vectors = 8, warp_size = 64>]>}
    ins(%x : memref<4x9000xf32>) outs(%y : memref<4x9000xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
