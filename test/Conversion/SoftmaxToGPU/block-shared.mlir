// Rows in shared memory: three sweeps, the second with barriers, the first alone
// reads global memory; between them the blocks' statistics are merged.
// RUN: softmax-opt %s --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_90 force-strategy=block_shared" --convert-softmax-to-gpu | FileCheck %s
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_90 force-strategy=block_shared" | FileCheck %s --check-prefix=PTX

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
// CHECK: gpu.shuffle idx
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

