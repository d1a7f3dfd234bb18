// RUN: softmax-opt %s --split-input-file \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN: | FileCheck %s

// The gradient takes the place of the logits, without an allocation or a copy.
// CHECK-LABEL: func @in_place
//  CHECK-SAME:   (%[[X:.*]]: memref<?x10xf32>, %[[T:.*]]: memref<?xi64>, %[[L:.*]]: memref<?xf32>, %[[D:.*]]: memref<?xf32>)
//   CHECK-NOT:   alloc
//   CHECK-NOT:   copy
//       CHECK:   softmax.cross_entropy_backward dimensions = [1] ins(%[[X]], %[[T]], %[[L]], %[[D]] : {{.*}} outs(%[[X]] :
//   CHECK-NOT:   copy
//       CHECK:   return
func.func @in_place(%x: tensor<?x10xf32> {bufferization.writable = true}, %t: tensor<?xi64>, %l: tensor<?xf32>, %d: tensor<?xf32>) -> tensor<?x10xf32> {
  %0 = softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l, %d : tensor<?x10xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>) outs(%x : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %0 : tensor<?x10xf32>
}
