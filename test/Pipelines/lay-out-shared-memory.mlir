// Vector accesses need shared memory that is aligned to them; dynamic shared
// memory is of no kernel.
// RUN: softmax-opt %s --pass-pipeline='builtin.module(gpu.module(softmax-lay-out-shared-memory))' | FileCheck %s

gpu.module @kernels {
  // CHECK: llvm.mlir.global internal @four() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<4 x f32>
  llvm.mlir.global internal @four() {addr_space = 3 : i32} : !llvm.array<4 x f32>
  // CHECK: llvm.mlir.global internal @two() {addr_space = 3 : i32} : !llvm.array<2 x f32>
  llvm.mlir.global internal @two() {addr_space = 3 : i32} : !llvm.array<2 x f32>
  // CHECK: llvm.mlir.global internal @given() {addr_space = 3 : i32, alignment = 32 : i64} : !llvm.array<8 x f32>
  llvm.mlir.global internal @given() {addr_space = 3 : i32, alignment = 32 : i64} : !llvm.array<8 x f32>
  // CHECK: llvm.mlir.global internal @global() {addr_space = 1 : i32} : !llvm.array<8 x f32>
  llvm.mlir.global internal @global() {addr_space = 1 : i32} : !llvm.array<8 x f32>
  // CHECK: llvm.mlir.global external @dynamic() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
  llvm.mlir.global internal @dynamic() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
}
