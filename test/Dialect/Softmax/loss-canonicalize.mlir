// RUN: softmax-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func @unused_lse
//       CHECK:   %[[L:.*]] = softmax.cross_entropy dimensions = [1] {ignore_index = 0 : i64, label_smoothing = 2.500000e-01 : f64, masked_row = #softmax.masked_row<zero>, note = "kept"} ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<4xi32>) outs(%{{.*}} : tensor<4xf32>) -> tensor<4xf32>
//       CHECK:   return %[[L]]
func.func @unused_lse(%x: tensor<4x8xf32>, %t: tensor<4xi32>, %a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %0:2 = softmax.cross_entropy dimensions = [1] {ignore_index = 0 : i64, label_smoothing = 0.25 : f64, masked_row = #softmax.masked_row<zero>, note = "kept"}
    ins(%x, %t : tensor<4x8xf32>, tensor<4xi32>) outs(%a, %b : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
  return %0#0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func @only_lse
//  CHECK-SAME:   (%[[X:.*]]: tensor<4x8xf32>, %{{.*}}: tensor<4xi32>, %{{.*}}: tensor<4xf32>, %[[B:.*]]: tensor<4xf32>)
//       CHECK:   %[[L:.*]] = softmax.logsumexp dimensions = [1] ins(%[[X]] : tensor<4x8xf32>) outs(%[[B]] : tensor<4xf32>) -> tensor<4xf32>
//       CHECK:   return %[[L]]
func.func @only_lse(%x: tensor<4x8xf32>, %t: tensor<4xi32>, %a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %0:2 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4xi32>) outs(%a, %b : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
  return %0#1 : tensor<4xf32>
}

// -----

// C-TYPE-2: the lse of f32 logits computed in f64 for the labels' sake stays
// f64.
// CHECK-LABEL: func @only_lse_f64
//       CHECK:   softmax.logsumexp dimensions = [1] ins(%{{.*}} : tensor<4x8xf32>) outs(%{{.*}} : tensor<4xf64>)
func.func @only_lse_f64(%x: tensor<4x8xf32>, %t: tensor<4x8xf64>, %a: tensor<4xf64>) -> tensor<4xf64> {
  %0:2 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4x8xf64>) outs(%a, %a : tensor<4xf64>, tensor<4xf64>) -> tensor<4xf64>, tensor<4xf64>
  return %0#1 : tensor<4xf64>
}

// -----

// What filled the destination is dead, and so is a loss that nothing uses.
// CHECK-LABEL: func @dead
//  CHECK-NEXT:   %[[E:.*]] = tensor.empty()
//  CHECK-NEXT:   %[[DX:.*]] = softmax.cross_entropy_backward {{.*}} outs(%[[E]] :
//  CHECK-NEXT:   return %[[DX]]
func.func @dead(%x: tensor<4x8xf32>, %t: tensor<4xi64>, %l: tensor<4xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4xi64>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  %1 = softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l, %l : tensor<4x8xf32>, tensor<4xi64>, tensor<4xf32>, tensor<4xf32>) outs(%f : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

// Casts of memrefs are seen through.
// CHECK-LABEL: func @casts
//   CHECK-NOT:   memref.cast
//       CHECK:   softmax.cross_entropy dimensions = [1] ins(%{{.*}}, %{{.*}} : memref<4x8xf32>, memref<4xi64>) outs(%{{.*}} : memref<?xf32>)
func.func @casts(%x: memref<4x8xf32>, %t: memref<4xi64>, %l: memref<?xf32>) {
  %0 = memref.cast %x : memref<4x8xf32> to memref<?x?xf32>
  %1 = memref.cast %t : memref<4xi64> to memref<?xi64>
  softmax.cross_entropy dimensions = [1] ins(%0, %1 : memref<?x?xf32>, memref<?xi64>) outs(%l : memref<?xf32>)
  return
}
