// RUN: softmax-opt %s --softmax-convert-kernels-to-spirv=subgroup-size=8 | FileCheck %s
// RUN: softmax-opt %s --pass-pipeline='builtin.module(softmax-convert-kernels-to-spirv{subgroup-size=8},spirv.module(spirv-lower-abi-attrs,softmax-decorate-spirv,spirv-update-vce))' | FileCheck %s --check-prefix=FINAL
// RUN: softmax-opt %s --pass-pipeline='builtin.module(softmax-convert-kernels-to-spirv{subgroup-size=8},spirv.module(spirv-lower-abi-attrs,softmax-decorate-spirv,spirv-update-vce),softmax-serialize-spirv)' | FileCheck %s --check-prefix=BINARY

// Of an f16 buffer there are two variables, both of integers, at its binding;
// the size and the scalar are push constants, the f64 at a multiple of 8.
// CHECK-LABEL: spirv.module
// CHECK: spirv.GlobalVariable @[[SHARED:.*]] : !spirv.ptr<!spirv.struct<(!spirv.array<4 x f32>)>, Workgroup>
// CHECK: spirv.func @kernel(
// CHECK-SAME: !spirv.ptr<!spirv.struct<(!spirv.rtarray<i16, stride=2> [0])>, StorageBuffer> {spirv.interface_var_abi = #spirv.interface_var_abi<(0, 0)>}
// CHECK-SAME: !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xi16>, stride=8> [0])>, StorageBuffer> {spirv.interface_var_abi = #spirv.interface_var_abi<(0, 0)>}
// CHECK-SAME: !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer> {spirv.interface_var_abi = #spirv.interface_var_abi<(0, 1)>}
// CHECK-SAME: !spirv.ptr<!spirv.struct<(!spirv.array<4 x i32, stride=4> [0])>, PushConstant>
// Threads are numbered by subgroup and lane.
// CHECK-DAG: SubgroupLocalInvocationId
// CHECK-DAG: SubgroupId
// A maximum that passes over NaN.
// CHECK: spirv.GL.FMax
// CHECK: spirv.IsNan
// CHECK-COUNT-2: spirv.GL.FMax
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>
// CHECK: spirv.GroupNonUniformIAdd <Subgroup> <Reduce>
// A product with 0 is a selection.
// CHECK-NOT: spirv.FMul
// CHECK: spirv.Return
// The original stays for those who launch it.
// CHECK: gpu.module @kernels
// CHECK: gpu.func @kernel(%{{.*}}: index, %{{.*}}: f64, %{{.*}}: memref<1024xf16>

// FINAL: spirv.module @__spv__kernels Logical GLSL450 requires #spirv.vce<v1.3,
// FINAL-SAME: SignedZeroInfNanPreserve
// FINAL-SAME: SPV_KHR_float_controls
// FINAL-DAG: spirv.GlobalVariable @kernel_arg_0 bind(0, 0) {aliased}
// FINAL-DAG: spirv.GlobalVariable @kernel_arg_1 bind(0, 0) {aliased}
// FINAL-DAG: spirv.GlobalVariable @kernel_arg_2 bind(0, 1) {aliased}
// FINAL-DAG: spirv.GlobalVariable @kernel_arg_3 : !spirv.ptr<{{.*}}, PushConstant>
// FINAL: spirv.FAdd {{.*}} {no_contraction}
// FINAL-DAG: spirv.ExecutionMode @kernel "LocalSize", 32, 1, 1
// FINAL-DAG: spirv.ExecutionMode @kernel "SignedZeroInfNanPreserve", 32
// FINAL-DAG: spirv.ExecutionMode @kernel "RoundingModeRTE", 32
// FINAL-DAG: spirv.ExecutionMode @kernel "RoundingModeRTE", 64

// BINARY-NOT: spirv.module
// BINARY-NOT: gpu.module
// BINARY: gpu.binary @kernels [#gpu.object<#spirv.target_env<{{.*}}, bin = "\03\02#\07

gpu.module @kernels {
  gpu.func @kernel(%n: index, %s: f64, %x: memref<1024xf16>, %y: memref<1024xf32>)
      workgroup(%buffer: memref<4xf32, #gpu.address_space<workgroup>>)
      kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %zero = arith.constant 0.0 : f32
    %thread = gpu.thread_id x
    %base = memref.extract_aligned_pointer_as_index %x : memref<1024xf16> -> index
    %place = arith.addi %thread, %base : index
    %at = arith.muli %place, %c4 : index
    %inside = arith.cmpi slt, %at, %n : index
    %v = scf.if %inside -> (vector<4xf16>) {
      %loaded = vector.load %x[%at] {alignment = 8 : i64} : memref<1024xf16>, vector<4xf16>
      scf.yield %loaded : vector<4xf16>
    } else {
      %none = arith.constant dense<0.0> : vector<4xf16>
      scf.yield %none : vector<4xf16>
    }
    %e = memref.load %x[%thread] : memref<1024xf16>
    %bits = arith.bitcast %v : vector<4xf16> to vector<4xi16>
    %ebits = arith.bitcast %e : f16 to i16
    %wide = arith.extui %bits : vector<4xi16> to vector<4xi32>
    %ewide = arith.extui %ebits : i16 to i32
    %f = arith.bitcast %wide : vector<4xi32> to vector<4xf32>
    %ef = arith.bitcast %ewide : i32 to f32
    %most = vector.reduction <maxnumf>, %f : vector<4xf32> into f32
    memref.store %most, %buffer[%c0] : memref<4xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    %other = memref.load %buffer[%c0] : memref<4xf32, #gpu.address_space<workgroup>>
    %sum = arith.addf %other, %ef : f32
    %total = gpu.subgroup_reduce add %ewide uniform : (i32) -> i32
    %totalf = arith.bitcast %total : i32 to f32
    %nothing = arith.mulf %totalf, %zero : f32
    %sf = arith.truncf %s : f64 to f32
    %a = arith.addf %sum, %nothing : f32
    %b = arith.addf %a, %sf : f32
    memref.store %b, %y[%thread] : memref<1024xf32>
    gpu.return
  }
}
