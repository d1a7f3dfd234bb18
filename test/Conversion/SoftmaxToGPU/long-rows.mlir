// Rows of several blocks of the numeric part.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_90" --convert-softmax-to-gpu | FileCheck %s
// RUN: softmax-opt %s --split-input-file --softmax-to-gpu-binary="chip=sm_90" | FileCheck %s --check-prefix=PTX

// In registers, a group of 256 threads for each block: one read, exponentials
// once but for rows that are read again; two barriers for the blocks' statistics,
// and two for merging them.
// CHECK-LABEL: func.func @registers
// CHECK-SAME: launches = [{name = "registers_block_per_row_16384", threads = 512 : i64}]
// CHECK: vector.load %{{.*}} : memref<576460752303423488xf32>, vector<4xf32>
// CHECK: gpu.barrier
// CHECK: gpu.barrier
// CHECK: gpu.barrier
// CHECK: gpu.shuffle idx
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: return
func.func @registers(%x: memref<?x10000xf32>, %y: memref<?x10000xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x10000xf32>) outs(%y : memref<?x10000xf32>)
  return
}

// -----

// Over a cluster, in shared memory: its blocks meet twice.
// CHECK-LABEL: func.func @cluster
// CHECK-SAME: launches = [{blocks_per_row = 4 : i64, cluster = 4 : i64, name = "cluster_cluster_per_row_98304", registers = 128 : i64, shared_bytes = 98304 : i64, threads = 256 : i64}]
// CHECK: gpu.launch clusters({{.*}}) in
// CHECK: nvvm.cluster.arrive
// CHECK: nvvm.cluster.wait
// CHECK: nvvm.mapa
// CHECK: nvvm.cluster.arrive
// CHECK: nvvm.cluster.wait
// CHECK: gpu.terminator
// PTX: .visible .entry cluster_cluster_per_row_98304(
// PTX-SAME: .maxnreg 128
// PTX-SAME: .reqnctapercluster 4, 1, 1
// PTX-SAME: barrier.cluster.arrive.aligned
// PTX-SAME: barrier.cluster.wait.aligned
// PTX-SAME: mapa.shared::cluster.u64
// PTX-SAME: ld.shared::cluster
func.func @cluster(%x: memref<?x70000xf32>, %y: memref<?x70000xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x70000xf32>) outs(%y : memref<?x70000xf32>)
  return
}

// -----

// Few rows: two kernels and a workspace.
// CHECK-LABEL: func.func @split
// CHECK-SAME: launches = [{columns_per_block = 8192 : i64, name = "split_split_row_statistics", threads = 256 : i64}, {columns_per_block = 8192 : i64, name = "split_split_row_results", threads = 256 : i64}]
// CHECK-SAME: workspace_bytes = 16 : i64, workspace_columns = 8192 : i64
// CHECK: %[[MEMORY:.*]] = gpu.alloc
// CHECK: gpu.launch {{.*}}function(@split_split_row_statistics)
// CHECK: gpu.launch {{.*}}function(@split_split_row_results)
// CHECK: gpu.dealloc %[[MEMORY]]
func.func @split(%x: memref<4x1000000xf32>, %y: memref<4x1000000xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x1000000xf32>) outs(%y : memref<4x1000000xf32>)
  return
}
