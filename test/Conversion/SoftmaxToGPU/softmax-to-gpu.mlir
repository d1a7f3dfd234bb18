// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_90" | FileCheck %s --check-prefix=SCHEDULE
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_90" --convert-softmax-to-gpu="native=nvvm" | FileCheck %s
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_100" | FileCheck %s --check-prefix=WIDE

// What sizes decide is decided: one kernel, no guard on the host.
// SCHEDULE: #softmax.gpu_schedule<numeric = <block = 8192>, alternatives = [<max_columns = 512, strategy = warp_per_row, threads = 128, lanes = 4, vectors = 4, rows = 4>]>
// WIDE: strategy = warp_per_row, threads = 128, lanes = 8, vectors = 2, rows = 4
// CHECK-LABEL: func.func @short
// CHECK-SAME: softmax.gpu_kernels = [{alternative = #softmax.gpu_alternative<{{.*}}>, columns = [array<i64: -1, 512>], launches = [{name = "short_warp_per_row_512", rows_per_block = 4 : i64, threads = 128 : i64}], rows = [array<i64: 0, 0>]}]
// CHECK-NOT: scf.if
// CHECK: gpu.launch {{.*}} module(@softmax_kernels) function(@short_warp_per_row_512)
// A row is whole vectors but for its alignment: all but the last are read
// without a question.
// CHECK-COUNT-3: vector.load %{{.*}} {alignment = 16 : i64} : memref<576460752303423488xf32>, vector<4xf32>
// CHECK: scf.if
// CHECK: vector.load %{{.*}} {alignment = 16 : i64}
// No barrier among the threads of a warp.
// CHECK-NOT: gpu.barrier
// CHECK: gpu.shuffle xor
// CHECK-NOT: gpu.barrier
// CHECK: return
func.func @short(%x: memref<?x512xf32>, %y: memref<?x512xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x512xf32>) outs(%y : memref<?x512xf32>)
  return
}

// -----

// CHECK-LABEL: func.func @block
// CHECK: gpu.launch {{.*}} function(@block_block_per_row_4096) workgroup(
// One barrier for the maximum, one for the sum.
// CHECK: gpu.barrier
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: return
func.func @block(%x: memref<64x4096xbf16>, %y: memref<64x4096xbf16>) {
  softmax.softmax dimensions = [1] ins(%x : memref<64x4096xbf16>) outs(%y : memref<64x4096xbf16>)
  return
}

// -----

// Rows of any length: guards on the host, the last kernel without one.
// SCHEDULE: alternatives = [<max_columns = 32, strategy = rows_per_warp
// SCHEDULE-SAME: strategy = block_per_row
// SCHEDULE-SAME: <strategy = block_online, threads = 256, lanes = 4, vectors = 8>]>
// CHECK-LABEL: func.func @any
// CHECK: arith.cmpi sle, %{{.*}}, %c32
// CHECK: scf.if
// CHECK: gpu.launch
// CHECK: gpu.launch {{.*}} function(@any_block_online)
// Two sweeps over the row's blocks.
// CHECK: scf.for
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK-NOT: gpu.barrier
// CHECK: return
func.func @any(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// -----

// Rows side by side: four, two or one, as the size of the last dimension and
// the addresses allow, which all threads find alike.
// SCHEDULE: alternatives = [<max_columns = 9, strategy = lanes_inner, threads = 128, lanes = 4, vectors = 9, rows = 512>]>
// CHECK-LABEL: func.func @inner
// CHECK-SAME: launches = [{name = "inner_lanes_inner_by_4_9", rows_per_block = 512 : i64, threads = 128 : i64}]
// CHECK: gpu.launch
// CHECK: memref.extract_aligned_pointer_as_index
// CHECK: scf.if
// CHECK-COUNT-9: vector.load %{{.*}} {alignment = 16 : i64} : memref<576460752303423488xf32>, vector<4xf32>
// CHECK-COUNT-9: vector.store %{{.*}} {alignment = 16 : i64} : memref<576460752303423488xf32>, vector<4xf32>
// CHECK: else
// CHECK: scf.if
// CHECK: scf.for
// CHECK-COUNT-9: vector.load %{{.*}} {alignment = 8 : i64} : memref<576460752303423488xf32>, vector<2xf32>
// CHECK: else
// CHECK: scf.for
// CHECK-COUNT-9: vector.load %{{.*}} {alignment = 4 : i64} : memref<576460752303423488xf32>, vector<1xf32>
// CHECK: return
func.func @inner(%x: memref<100x9x4096xf32>, %y: memref<100x9x4096xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<100x9x4096xf32>) outs(%y : memref<100x9x4096xf32>)
  return
}

// -----

// Of an odd size only single rows, and no question.
// CHECK-LABEL: func.func @odd
// CHECK: function(@odd_lanes_inner_9)
// CHECK-NOT: memref.extract_aligned_pointer_as_index
// CHECK-COUNT-9: vector.load %{{.*}} {alignment = 4 : i64} : memref<576460752303423488xf32>, vector<1xf32>
// CHECK: return
func.func @odd(%x: memref<100x9x4095xf32>, %y: memref<100x9x4095xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<100x9x4095xf32>) outs(%y : memref<100x9x4095xf32>)
  return
}

// -----

// Padded rows: strides are multiples of four, and the size is not.
// CHECK-LABEL: func.func @padded
// CHECK: gpu.launch
// CHECK-NOT: vector<4xf32>
// CHECK: vector.load %{{.*}} {alignment = 8 : i64} : memref<576460752303423488xf32>, vector<2xf32>
// CHECK: return
func.func @padded(%x: memref<100x9x6xf32, strided<[72, 8, 1]>>, %y: memref<100x9x6xf32, strided<[72, 8, 1]>>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>]
    {softmax.gpu_schedule = #softmax.gpu_schedule<numeric = <block = 16>, alternatives = [<max_columns = 9, strategy = lanes_inner, threads = 128, lanes = 4, vectors = 9, rows = 512>]>}
    ins(%x : memref<100x9x6xf32, strided<[72, 8, 1]>>) outs(%y : memref<100x9x6xf32, strided<[72, 8, 1]>>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
