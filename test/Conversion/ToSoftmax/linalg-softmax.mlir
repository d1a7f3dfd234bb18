// Form P10: linalg.softmax itself.
// RUN: softmax-opt %s --softmax-raise --split-input-file | FileCheck %s
// RUN: softmax-opt %s --softmax-raise=report --split-input-file -verify-diagnostics -o /dev/null

// CHECK-LABEL: func @tensors
// CHECK-SAME: (%[[X:.*]]: tensor<2x?x10xf32>, %[[INIT:.*]]: tensor<2x?x10xf32>)
func.func @tensors(%x: tensor<2x?x10xf32>, %init: tensor<2x?x10xf32>) -> tensor<2x?x10xf32> {
  // CHECK: %[[P:.*]] = softmax.softmax dimensions = [1] ins(%[[X]] : tensor<2x?x10xf32>) outs(%[[INIT]] : tensor<2x?x10xf32>)
  // CHECK: return %[[P]]
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.softmax dimension(1) ins(%x : tensor<2x?x10xf32>) outs(%init : tensor<2x?x10xf32>) -> tensor<2x?x10xf32>
  return %p : tensor<2x?x10xf32>
}

// -----

// CHECK-LABEL: func @memrefs
func.func @memrefs(%x: memref<?x10xbf16, strided<[?, 1]>>, %y: memref<?x10xbf16>) {
  // CHECK: softmax.softmax dimensions = [0] ins(%{{.*}} : memref<?x10xbf16, strided<[?, 1]>>) outs(%{{.*}} : memref<?x10xbf16>)
  // CHECK-NOT: linalg.softmax
  // expected-remark@+1 {{raised to softmax.softmax}}
  linalg.softmax dimension(0) ins(%x : memref<?x10xbf16, strided<[?, 1]>>) outs(%y : memref<?x10xbf16>)
  return
}

// -----

// C-TYPE-1: integers crash upstream's decomposition; they stay where they are.
// CHECK-LABEL: func @integers
func.func @integers(%x: tensor<4x10xi32>, %init: tensor<4x10xi32>) -> tensor<4x10xi32> {
  // CHECK: linalg.softmax dimension(1)
  // expected-remark@+1 {{not raised: elements of 'i32' are neither f16, bf16, f32 nor f64 (C-TYPE-1)}}
  %p = linalg.softmax dimension(1) ins(%x : tensor<4x10xi32>) outs(%init : tensor<4x10xi32>) -> tensor<4x10xi32>
  return %p : tensor<4x10xi32>
}

// -----

// CHECK-LABEL: func @f8
func.func @f8(%x: memref<4x10xf8E4M3FN>) {
  // CHECK: linalg.softmax dimension(1)
  // expected-remark@+1 {{not raised: elements of 'f8E4M3FN'}}
  linalg.softmax dimension(1) ins(%x : memref<4x10xf8E4M3FN>) outs(%x : memref<4x10xf8E4M3FN>)
  return
}
