// RUN: softmax-opt %s --split-input-file \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN: | FileCheck %s

// In place in either input, without an allocation or a copy.
// CHECK-LABEL: func @in_place
//  CHECK-SAME:   (%[[DY:.*]]: memref<?x10xf32>, %[[Y:.*]]: memref<?x10xf32>)
//   CHECK-NOT:   alloc
//   CHECK-NOT:   copy
//       CHECK:   softmax.softmax_backward dimensions = [1] ins(%[[DY]], %[[Y]] : {{.*}} outs(%[[DY]] :
//       CHECK:   softmax.log_softmax_backward dimensions = [1] ins(%[[DY]], %[[Y]] : {{.*}} outs(%[[Y]] :
//   CHECK-NOT:   copy
//       CHECK:   return
func.func @in_place(%dy: tensor<?x10xf32> {bufferization.writable = true}, %y: tensor<?x10xf32> {bufferization.writable = true}) -> tensor<?x10xf32> {
  %0 = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<?x10xf32>, tensor<?x10xf32>) outs(%dy : tensor<?x10xf32>) -> tensor<?x10xf32>
  %1 = softmax.log_softmax_backward dimensions = [1] ins(%0, %y : tensor<?x10xf32>, tensor<?x10xf32>) outs(%y : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %1 : tensor<?x10xf32>
}
