// RUN: softmax-opt %s --canonicalize --split-input-file | FileCheck %s

// y * 1 is y, NaN included.
// CHECK-LABEL: func @unit_scale
//       CHECK:   softmax.softmax_backward dimensions = [1] ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<4x8xf32>) outs(
func.func @unit_scale(%dy: tensor<4x8xf32>, %y: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %one = arith.constant 1.0 : f32
  %0 = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x8xf32>, tensor<4x8xf32>) scale(%one : f32) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// C-TYPE-2: an f64 scale of 1 makes the computation f64.
// CHECK-LABEL: func @unit_scale_f64
//       CHECK:   scale(%{{.*}} : f64)
func.func @unit_scale_f64(%dy: tensor<4x8xf32>, %y: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %one = arith.constant 1.0 : f64
  %0 = softmax.log_softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x8xf32>, tensor<4x8xf32>) scale(%one : f64) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// A gradient that nothing uses, and what filled a destination, are dead.
// CHECK-LABEL: func @dead
//  CHECK-NEXT:   %[[E:.*]] = tensor.empty()
//  CHECK-NEXT:   %[[DX:.*]] = softmax.softmax_backward {{.*}} outs(%[[E]] :
//  CHECK-NEXT:   return %[[DX]]
func.func @dead(%dy: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%f : tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = softmax.log_softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// On memrefs the destination is an effect, and casts are seen through unless
// their sizes contradict another operand's.
// CHECK-LABEL: func @casts
//  CHECK-SAME:   (%[[DY:.*]]: memref<4x8xf32>, %[[Y:.*]]: memref<4x7xf32>, %[[DX:.*]]: memref<4x8xf32>)
//       CHECK:   %[[Y1:.*]] = memref.cast %[[Y]]
//   CHECK-NOT:   memref.cast
//       CHECK:   softmax.softmax_backward {{.*}} ins(%[[DY]], %[[Y1]] : memref<4x8xf32>, memref<?x?xf32>) outs(%[[DX]] : memref<4x8xf32>)
func.func @casts(%dy: memref<4x8xf32>, %y: memref<4x7xf32>, %dx: memref<4x8xf32>) {
  %0 = memref.cast %dy : memref<4x8xf32> to memref<?x?xf32>
  %1 = memref.cast %y : memref<4x7xf32> to memref<?x?xf32>
  softmax.softmax_backward dimensions = [1] ins(%0, %1 : memref<?x?xf32>, memref<?x?xf32>) outs(%dx : memref<4x8xf32>)
  return
}
