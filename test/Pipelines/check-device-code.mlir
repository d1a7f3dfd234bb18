// RUN: softmax-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(gpu.module(softmax-resolve-device-functions,softmax-check-device-code))' | FileCheck %s

gpu.module @resolved {
  // CHECK-LABEL: gpu.module @resolved
  // CHECK-NOT: __nv
  // CHECK: llvm.intr.fma
  // CHECK: llvm.intr.fabs
  llvm.func @__nv_fmaf(f32, f32, f32) -> f32
  llvm.func @__nv_fabs(f64) -> f64
  llvm.func @f(%x: f32, %d: f64) -> f64 {
    %0 = llvm.call @__nv_fmaf(%x, %x, %x) : (f32, f32, f32) -> f32
    %1 = llvm.call @__nv_fabs(%d) : (f64) -> f64
    llvm.return %1 : f64
  }
}

// -----

gpu.module @unresolved {
  llvm.func @__nv_sinf(f32) -> f32
  llvm.func @f(%x: f32) -> f32 {
    // expected-error @+1 {{becomes a call of '__nv_sinf', which device code could not resolve}}
    %0 = llvm.call @__nv_sinf(%x) : (f32) -> f32
    llvm.return %0 : f32
  }
}

// -----

gpu.module @left {
  llvm.func @f(%x: f32) -> f32 {
    // expected-error @+1 {{'arith.addf' op has no lowering to device code in this pipeline}}
    %0 = arith.addf %x, %x : f32
    llvm.return %0 : f32
  }
}
