// What ops on memrefs read and write, and what may move.
// RUN: softmax-opt %s --cse --loop-invariant-code-motion --split-input-file | FileCheck %s

// On tensors an op is pure: twins are one.
// CHECK-LABEL: func @pure
//       CHECK:   %[[P:.*]] = softmax.softmax
//   CHECK-NOT:   softmax.softmax
//       CHECK:   return %[[P]], %[[P]]
func.func @pure(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// On memrefs it writes.
// CHECK-LABEL: func @writes
//       CHECK:   memref.load
//       CHECK:   softmax.softmax
//       CHECK:   memref.load
func.func @writes(%x: memref<8xf32>) -> (f32, f32) {
  %c0 = arith.constant 0 : index
  %0 = memref.load %x[%c0] : memref<8xf32>
  softmax.softmax dimensions = [0] ins(%x : memref<8xf32>) outs(%x : memref<8xf32>)
  %1 = memref.load %x[%c0] : memref<8xf32>
  return %0, %1 : f32, f32
}

// -----

// Invariant ops leave a loop that may run no time ...
// CHECK-LABEL: func @hoisted
//       CHECK:   softmax.generic
//       CHECK:   scf.for
#id = affine_map<(i, j) -> (i, j)>
func.func @hoisted(%x: tensor<4x8xf32>, %n: index) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<4x8xf32> {
    %0 = softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
      ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>)
      result { ^bb0(%e: f32): softmax.yield %e : f32 } -> tensor<4x8xf32>
    scf.yield %0 : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}

// -----

// ... but not one whose region may divide by zero.
// CHECK-LABEL: func @not_hoisted
//       CHECK:   scf.for
//       CHECK:     softmax.generic
#id = affine_map<(i, j) -> (i, j)>
func.func @not_hoisted(%x: tensor<4x8xi32>, %n: index) -> tensor<4x8xi32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<4x8xi32> {
    %0 = softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
      ins(%x : tensor<4x8xi32>) outs(%x : tensor<4x8xi32>)
      result {
      ^bb0(%e: i32):
        %one = arith.constant 1 : i32
        %q = arith.divsi %one, %e : i32
        softmax.yield %q : i32
      } -> tensor<4x8xi32>
    scf.yield %0 : tensor<4x8xi32>
  }
  return %r : tensor<4x8xi32>
}
