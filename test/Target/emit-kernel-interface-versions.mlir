// RUN: softmax-opt %s --softmax-emit-kernel-interface --split-input-file | FileCheck %s

// Two versions: what the running CPU can run is asked for once, when the library is
// loaded.  That it is picked rightly is tested by running it
// (test/Integration/Cross/versions.test).

module attributes {softmax.versions = ["x86-64-v4", "x86-64"]} {
// CHECK: llvm.func internal @__softmax_body_k.x86_64_v4(
// CHECK-NOT: softmax.version
// CHECK: llvm.func internal @__softmax_body_k.x86_64(
llvm.func @k.x86_64_v4(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {
    softmax.version = "x86-64-v4", softmax.kernel = {operands = []}} {
  llvm.return
}
llvm.func @k__workspace_size.x86_64_v4() -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  llvm.return %zero : i64
}
llvm.func @k.x86_64(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {
    softmax.version = "x86-64", softmax.kernel = {operands = []}} {
  llvm.return
}
llvm.func @k__workspace_size.x86_64() -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  llvm.return %zero : i64
}
}
// CHECK: llvm.mlir.global internal @__softmax_cpu_version(0 : i32)
// CHECK-LABEL: llvm.func internal @__softmax_pick_version() -> i32
// CHECK: llvm.inline_asm has_side_effects {{.*}}cpuid
// CHECK: llvm.inline_asm has_side_effects "xgetbv"
// CHECK-LABEL: llvm.func internal @__softmax_load()
// CHECK: llvm.call @__softmax_pick_version()
// CHECK: llvm.mlir.global_ctors ctors = [@__softmax_load]
// CHECK-LABEL: llvm.func internal @__softmax_get_version() -> i32
// CHECK: llvm.load %{{.*}} atomic monotonic
// CHECK-LABEL: llvm.func internal @__softmax_call_k() -> i32
// CHECK: %[[VERSION:.*]] = llvm.call @__softmax_get_version()
// CHECK: llvm.call @__softmax_check_k(
// CHECK: llvm.icmp "eq" %[[VERSION]],
// CHECK: llvm.call @k__workspace_size.x86_64_v4()
// CHECK: llvm.call @k__workspace_size.x86_64()
// CHECK: llvm.call @__softmax_body_k.x86_64_v4(
// CHECK: llvm.call @__softmax_body_k.x86_64(
// CHECK: llvm.func @k() -> (i32 {llvm.signext}) attributes {softmax.kernel =

// -----

// One version that not every CPU runs.  9 with the number of its message.
module attributes {softmax.versions = ["aarch64,bf16"]} {
llvm.func @k.aarch64_bf16(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {
    softmax.version = "aarch64,bf16", softmax.kernel = {operands = []}} {
  llvm.return
}
llvm.func @k__workspace_size.aarch64_bf16() -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  llvm.return %zero : i64
}
}
// CHECK: llvm.func extern_weak @getauxval(i64) -> i64
// CHECK-LABEL: llvm.func internal @__softmax_pick_version() -> i32
// CHECK-NOT: inline_asm
// CHECK-LABEL: llvm.func internal @__softmax_call_k() -> i32
// CHECK: %[[VERSION:.*]] = llvm.call @__softmax_get_version()
// CHECK: %[[NONE:.*]] = llvm.mlir.constant(1 : i32)
// CHECK: llvm.icmp "eq" %[[VERSION]], %[[NONE]]
// CHECK: llvm.mlir.constant(9 : i32)
// CHECK: llvm.call @__softmax_check_k(
