// RUN: softmax-opt %s --softmax-emit-kernel-interface | FileCheck %s

// A vector kernel with a row range.  What the entry points do is tested by
// running them (test/Integration/CABI); here, what there is and what is hidden.

// CHECK-DAG: llvm.func extern_weak @TVMFFIErrorSetRaisedFromCStr(!llvm.ptr, !llvm.ptr)
// CHECK-DAG: llvm.func @free(!llvm.ptr)
// CHECK-DAG: llvm.func @malloc(i64) -> !llvm.ptr

// CHECK-LABEL: llvm.func internal @__softmax_body_k(
// CHECK-NOT: softmax.name
// CHECK-NOT: softmax.kernel
// CHECK-SAME: attributes {sym_visibility = "private"}
llvm.func @k(%a: !llvm.ptr {softmax.name = "x"}, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64,
             %s: f32,
             %f: !llvm.ptr, %g: !llvm.ptr, %h: i64, %i: i64, %j: i64,
             %begin: i64, %end: i64,
             %w0: !llvm.ptr, %w1: !llvm.ptr, %w2: i64, %w3: i64, %w4: i64) attributes {
    llvm.emit_c_interface,
    softmax.kernel = {single_op = true, op = "softmax", operands = [
      {name = "x", kind = "input", type = tensor<?xbf16>, shape = ["n"]},
      {name = "s", kind = "scalar", type = f32},
      {name = "y", kind = "output", type = tensor<?xbf16>, shape = ["n"]}]}} {
  llvm.return
}
// CHECK: llvm.func internal @k__units(
llvm.func @k__units(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64, %s: f32,
                    %f: !llvm.ptr, %g: !llvm.ptr, %h: i64, %i: i64, %j: i64) -> i64 {
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.return %one : i64
}
// CHECK: llvm.func internal @k__workspace_size(
llvm.func @k__workspace_size(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64, %s: f32,
                             %f: !llvm.ptr, %g: !llvm.ptr, %h: i64, %i: i64, %j: i64) -> i64 {
  %size = llvm.mlir.constant(256 : i64) : i64
  llvm.return %size : i64
}
// CHECK: llvm.func internal @helper()
llvm.func @helper() {
  llvm.return
}
// CHECK: llvm.mlir.global internal @table(
llvm.mlir.global external @table(42 : i64) : i64

// DLTensor: data, device, rank, type, shape, strides, offset.
// CHECK-LABEL: llvm.func internal @__softmax_check_k(
// CHECK-SAME: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr) -> i32
// CHECK: llvm.getelementptr %{{.*}}[0, 2] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(ptr, struct<(i32, i32)>, i32, struct<(i8, i8, i16)>, ptr, ptr, i64)>
// bf16 is code 4, 16 bits.
// CHECK: %[[CODE:.*]] = llvm.load %{{.*}} -> i8
// CHECK: %[[BITS:.*]] = llvm.load %{{.*}} -> i8
// CHECK: %[[FOUR:.*]] = llvm.mlir.constant(4 : i8)
// CHECK: llvm.icmp "ne" %[[CODE]], %[[FOUR]]
// CHECK: %[[SIXTEEN:.*]] = llvm.mlir.constant(16 : i8)
// CHECK: llvm.icmp "ne" %[[BITS]], %[[SIXTEEN]]

// CHECK-LABEL: llvm.func internal @__softmax_call_k(
// CHECK-SAME: !llvm.ptr, %[[SCALE:[a-z0-9]+]]: f64, %{{[a-z0-9]+}}: !llvm.ptr) -> i32
// CHECK: llvm.call @__softmax_check_k(
// CHECK: llvm.fptrunc %[[SCALE]] : f64 to f32
// CHECK: %[[WORKSPACE:.*]] = llvm.call @malloc(
// CHECK: llvm.call @__softmax_body_k(
// CHECK: llvm.call @free(%[[WORKSPACE]])
// CHECK-LABEL: llvm.func @k(
// CHECK-SAME: !llvm.ptr, %{{[a-z0-9]+}}: f64, %{{[a-z0-9]+}}: !llvm.ptr) -> (i32 {llvm.signext}) attributes {softmax.kernel =
// CHECK-LABEL: llvm.func @k_units({{.*}}) -> i64
// CHECK-LABEL: llvm.func @k_workspace_size({{.*}}) -> i64
// CHECK-LABEL: llvm.func @k_range(
// CHECK-SAME: i64, %{{[a-z0-9]+}}: i64, %{{[a-z0-9]+}}: !llvm.ptr) -> (i32 {llvm.signext})
// CHECK-NOT: @malloc
// CHECK-LABEL: llvm.func @_mlir_ciface_k(
// CHECK-SAME: !llvm.ptr, %{{[a-z0-9]+}}: f32, %{{[a-z0-9]+}}: !llvm.ptr) -> (i32 {llvm.signext})
// CHECK-LABEL: llvm.func @__tvm_ffi_k(
// CHECK-SAME: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: i32, %{{[a-z0-9]+}}: !llvm.ptr) -> (i32 {llvm.signext})
