// RUN: softmax-opt %s --pass-pipeline='builtin.module(gpu.module(softmax-warp-shuffles-to-rocdl{chip=gfx942}))' | FileCheck %s --check-prefixes=CHECK,GFX9
// RUN: softmax-opt %s --pass-pipeline='builtin.module(gpu.module(softmax-warp-shuffles-to-rocdl{chip=gfx1100 warp-size=32}))' | FileCheck %s --check-prefixes=CHECK,GFX11
// RUN: not softmax-opt %s --pass-pipeline='builtin.module(gpu.module(softmax-warp-shuffles-to-rocdl{chip=sm_90}))' 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: softmax-warp-shuffles-to-rocdl: 'sm_90' is no chip of AMD's

gpu.module @m {
  // CHECK-LABEL: gpu.func @exchange
  gpu.func @exchange(%f: f32, %i: i32) -> (f32, i32) {
    %w = arith.constant 32 : i32
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %c4 = arith.constant 4 : i32
    %c8 = arith.constant 8 : i32
    %c16 = arith.constant 16 : i32
    // quad_perm:[1,0,3,2], then [2,3,0,1].
    // CHECK: %[[Q:.*]] = rocdl.update.dpp {{.*}} with 177, 15, 15, true : f32
    %0, %v0 = gpu.shuffle xor %f, %c1, %w : f32
    // CHECK: rocdl.update.dpp %[[Q]], %[[Q]] with 78, 15, 15, true : f32
    %1, %v1 = gpu.shuffle xor %0, %c2, %w : f32
    // row_shl:4 for the lower four lanes, row_shr:4 for the upper ones.
    // GFX9: %[[P:.*]] = llvm.mlir.poison : f32
    // GFX9: %[[L:.*]] = rocdl.update.dpp %[[P]], %{{.*}} with 260, 15, 5, false : f32
    // GFX9: rocdl.update.dpp %[[L]], %{{.*}} with 276, 15, 10, false : f32
    // GFX11: rocdl.update.dpp {{.*}} with 356, 15, 15, true : f32
    %2, %v2 = gpu.shuffle xor %1, %c4, %w : f32
    // GFX9: rocdl.update.dpp {{.*}} with 296, 15, 15, true : f32
    // GFX11: rocdl.update.dpp {{.*}} with 360, 15, 15, true : f32
    %3, %v3 = gpu.shuffle xor %2, %c8, %w : f32
    // GFX9: %[[S:.*]] = arith.constant 16415 : i32
    // GFX9: rocdl.ds_swizzle %{{.*}}, %[[S]] : (i32, i32) -> i32
    // GFX11: rocdl.permlanex16 {{.*}} false, false : f32, i32
    %4, %v4 = gpu.shuffle xor %3, %c16, %w : f32
    // GFX9: rocdl.ds_swizzle
    // GFX11: rocdl.permlanex16 {{.*}} : i32, i32
    %5, %v5 = gpu.shuffle xor %i, %c16, %w : i32
    // CHECK-NOT: gpu.shuffle
    // CHECK: gpu.return
    gpu.return %4, %5 : f32, i32
  }

  // Left to ds_bpermute: what is no exchange, not known, wider than a
  // wavefront's half, or not of 32 bits.
  // CHECK-LABEL: gpu.func @others
  gpu.func @others(%f: f32, %i: i32, %l: i64) -> (f32, f32, f32, i64) {
    %w = arith.constant 64 : i32
    %c1 = arith.constant 1 : i32
    %c32 = arith.constant 32 : i32
    // CHECK: gpu.shuffle up
    %0, %v0 = gpu.shuffle up %f, %c1, %w : f32
    // CHECK: gpu.shuffle xor
    %1, %v1 = gpu.shuffle xor %f, %i, %w : f32
    // CHECK: gpu.shuffle xor
    %2, %v2 = gpu.shuffle xor %f, %c32, %w : f32
    // CHECK: gpu.shuffle xor
    %3, %v3 = gpu.shuffle xor %l, %c1, %w : i64
    gpu.return %0, %1, %2, %3 : f32, f32, f32, i64
  }
}
