// SPIR-V for Vulkan by the schedules of the other GPUs.
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=vulkan:subgroup=8 format=dialect" | FileCheck %s
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=vulkan:subgroup=8 format=dialect force-strategy=block_online" | FileCheck %s --check-prefix=ONLINE
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=vulkan:subgroup=64 format=bin" | FileCheck %s --check-prefix=BINARY

// CHECK-LABEL: func.func @softmax
// Rows may be more than one dimension of a grid has workgroups.
// CHECK: gpu.launch_func @softmax_kernels::@softmax_block_per_row_5120
// CHECK: spirv.module @__spv__softmax_kernels Logical GLSL450 requires #spirv.vce<v1.3, [{{.*}}Float64{{.*}}], [{{.*}}SPV_KHR_float_controls{{.*}}]>
// CHECK: spirv.GlobalVariable @softmax_block_per_row_5120_arg_1 bind(0, 0) {aliased} : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>
// CHECK: spirv.func @softmax_block_per_row_5120() "None"
// CHECK-NOT: spirv.GL.Fma
// CHECK: spirv.GroupNonUniformShuffleXor <Subgroup>
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory>
// CHECK: spirv.FAdd {{.*}} {no_contraction}
// CHECK: spirv.GroupNonUniformIAdd <Subgroup> <Reduce>
// CHECK: spirv.EntryPoint "GLCompute" @softmax_block_per_row_5120
// CHECK: spirv.ExecutionMode @softmax_block_per_row_5120 "LocalSize", 256, 1, 1
// ONLINE: spirv.func @softmax_block_online
// BINARY: gpu.binary @softmax_kernels [#gpu.object<#spirv.target_env<{{.*}}subgroup_size = 64>>, bin =
func.func @softmax(%x: memref<4x5000xf32>, %y: memref<4x5000xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x5000xf32>) outs(%y : memref<4x5000xf32>)
  return
}
