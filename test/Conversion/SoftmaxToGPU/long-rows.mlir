// Rows of several blocks of the numeric part.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_90" --convert-softmax-to-gpu | FileCheck %s
// RUN: softmax-opt %s --split-input-file --softmax-to-gpu-binary="chip=sm_90" | FileCheck %s --check-prefix=PTX

// In shared memory: three sweeps, the second with barriers, the first alone
// reads global memory.
// CHECK-LABEL: func.func @shared
// CHECK: gpu.launch {{.*}} dynamic_shared_memory_size %{{.*}} {{.*}}function(@shared_block_shared_24576)
// CHECK: gpu.dynamic_shared_memory
// CHECK: scf.for
// CHECK: vector.load %{{.*}} : memref<576460752303423488xf32>, vector<4xf32>
// CHECK-NOT: gpu.barrier
// CHECK: vector.store %{{.*}} : memref<24576xf32, #gpu.address_space<workgroup>>, vector<4xf32>
// CHECK: scf.for
// CHECK-NOT: memref<576460752303423488xf32>, vector<4xf32>
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK-NOT: gpu.barrier
// CHECK: return
// PTX: .extern .shared .align 16 .b8 __dynamic_shmem__0[]
// PTX-SAME: .visible .entry shared_block_shared_24576(
// PTX-SAME: st.shared.v4.b32
// PTX-SAME: ld.shared.v4.b32
func.func @shared(%x: memref<?x20000xf32>, %y: memref<?x20000xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x20000xf32>) outs(%y : memref<?x20000xf32>)
  return
}

// -----

// Over a cluster: its blocks meet twice.
// CHECK-LABEL: func.func @cluster
// CHECK-SAME: launches = [{blocks_per_row = 4 : i64, cluster = 4 : i64, name = "cluster_cluster_per_row_98304", shared_bytes = 98304 : i64, threads = 256 : i64}]
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
