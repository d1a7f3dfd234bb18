// Functions of softmax ops are inlined, regions and all.
// RUN: softmax-opt %s --inline | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
func.func private @named(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
func.func private @generic(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id]
    ins(%x : tensor<4x8xf32>) outs(%i : tensor<4x8xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result {
    ^bb0(%e: f32, %s: f32):
      %0 = arith.divf %e, %s : f32
      softmax.yield %0 : f32
    } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func @caller
//   CHECK-NOT:   call
//       CHECK:   %[[P:.*]] = softmax.softmax
//       CHECK:   %[[Q:.*]] = softmax.generic {{.*}} ins(%[[P]] :
//       CHECK:   arith.divf
//       CHECK:   return %[[Q]]
func.func @caller(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = call @named(%x, %i) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = call @generic(%0, %i) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
