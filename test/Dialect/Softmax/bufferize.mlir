// RUN: softmax-opt %s --split-input-file \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN: | FileCheck %s

// In place: the logits' buffer becomes the result's, without an allocation or
// a copy.
// CHECK-LABEL: func @in_place
//  CHECK-SAME:   (%[[X:.*]]: memref<?x10xf32>)
//   CHECK-NOT:   alloc
//   CHECK-NOT:   copy
//       CHECK:   softmax.softmax dimensions = [1] ins(%[[X]] : memref<?x10xf32>) outs(%[[X]] : memref<?x10xf32>)
//   CHECK-NOT:   alloc
//   CHECK-NOT:   copy
//       CHECK:   return
func.func @in_place(%x: tensor<?x10xf32> {bufferization.writable = true}) -> tensor<?x10xf32> {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%x : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// -----

// The same for every element-wise operand: here the bias.
// CHECK-LABEL: func @bias_in_place
//  CHECK-SAME:   (%[[X:.*]]: memref<4x8xf32>, %[[B:.*]]: memref<4x8xf32>)
//   CHECK-NOT:   alloc
//   CHECK-NOT:   copy
//       CHECK:   softmax.log_softmax {{.*}}ins(%[[X]] : {{.*}}bias(%[[B]] : {{.*}}outs(%[[B]] :
//   CHECK-NOT:   copy
//       CHECK:   return
func.func @bias_in_place(%x: tensor<4x8xf32>, %b: tensor<4x8xf32> {bufferization.writable = true}) -> tensor<4x8xf32> {
  %p = softmax.log_softmax dimensions = [0, 1] ins(%x : tensor<4x8xf32>) bias(%b : tensor<4x8xf32>)
         outs(%b : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %p : tensor<4x8xf32>
}

// -----

// softmax.generic, with a scalar operand, an input of another map and a second
// destination; the regions move along.
// CHECK-LABEL: func @generic_in_place
//  CHECK-SAME:   (%[[X:.*]]: memref<?x?xf32>, %[[B:.*]]: memref<?xf32>, %[[S:.*]]: f32, %[[L:.*]]: memref<?xf32>)
//   CHECK-NOT:   alloc
//   CHECK-NOT:   copy
//       CHECK:   softmax.generic
//       CHECK:     ins(%[[X]], %[[B]], %[[S]] : memref<?x?xf32>, memref<?xf32>, f32)
//  CHECK-SAME:     outs(%[[X]], %[[L]] : memref<?x?xf32>, memref<?xf32>)
//       CHECK:     logit
//       CHECK:     row
//       CHECK:     result
//   CHECK-NOT:   copy
//       CHECK:   return
func.func @generic_in_place(%x: tensor<?x?xf32> {bufferization.writable = true}, %b: tensor<?xf32>, %s: f32,
                            %l: tensor<?xf32> {bufferization.writable = true}) -> (tensor<?x?xf32>, tensor<?xf32>) {
  %p, %lse = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> ()>,
            affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>]
    ins(%x, %b, %s : tensor<?x?xf32>, tensor<?xf32>, f32) outs(%x, %l : tensor<?x?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%e: f32, %be: f32, %se: f32):
      %0 = arith.mulf %e, %se : f32
      %1 = arith.addf %0, %be : f32
      softmax.yield %1 : f32
    } row {
    ^bb0(%se: f32, %max: f32, %sum: f32):
      %0 = math.log %sum : f32
      %1 = arith.addf %max, %0 : f32
      softmax.yield %1 : f32
    } result {
    ^bb0(%e: f32, %be: f32, %se: f32, %q: f32, %logq: f32):
      softmax.yield %q : f32
    } -> tensor<?x?xf32>, tensor<?xf32>
  return %p, %lse : tensor<?x?xf32>, tensor<?xf32>
}

// -----

// A destination's old contents are never read, so the logits of an op whose
// destination is a tensor.empty need no copy of it, and a tensor that is read
// later is not overwritten.
// CHECK-LABEL: func @kept
//  CHECK-SAME:   (%[[X:.*]]: memref<?x10xf32>)
//       CHECK:   %[[NEW:.*]] = memref.alloc
//   CHECK-NOT:   copy
//       CHECK:   softmax.softmax {{.*}}ins(%[[X]] : {{.*}}outs(%[[NEW]] :
//   CHECK-NOT:   copy
//       CHECK:   return %[[X]], %[[NEW]]
func.func @kept(%x: tensor<?x10xf32> {bufferization.writable = true}) -> (tensor<?x10xf32>, tensor<?x10xf32>) {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%x : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %x, %p : tensor<?x10xf32>, tensor<?x10xf32>
}

// -----

// Conflict: the destination is also read through another map, transposed.  In
// place, row 1 would read what row 0 wrote.
// CHECK-LABEL: func @conflict_transposed
//  CHECK-SAME:   (%[[B:.*]]: memref<8x8xf32>)
//       CHECK:   %[[NEW:.*]] = memref.alloc
//       CHECK:   softmax.generic
//       CHECK:     ins(%[[B]], %[[B]] : {{.*}} outs(%[[NEW]] :
func.func @conflict_transposed(%b: tensor<8x8xf32> {bufferization.writable = true}) -> tensor<8x8xf32> {
  %p = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>]
    ins(%b, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%b : tensor<8x8xf32>)
    logit {
    ^bb0(%e: f32, %t: f32):
      %0 = arith.addf %e, %t : f32
      softmax.yield %0 : f32
    } result {
    ^bb0(%e: f32, %t: f32, %q: f32, %logq: f32):
      softmax.yield %q : f32
    } -> tensor<8x8xf32>
  return %p : tensor<8x8xf32>
}

// -----

// Conflict: a per-row input and a per-row destination.  The input is read for
// every element of the row, perhaps after the destination was written.
// CHECK-LABEL: func @conflict_row
//  CHECK-SAME:   (%[[X:.*]]: memref<4x8xf32>, %[[R:.*]]: memref<4xf32>, %[[Y:.*]]: memref<4x8xf32>)
//       CHECK:   %[[NEW:.*]] = memref.alloc
//       CHECK:   softmax.generic
//       CHECK:     ins(%[[X]], %[[R]] : {{.*}} outs(%[[Y]], %[[NEW]] :
func.func @conflict_row(%x: tensor<4x8xf32>, %r: tensor<4xf32> {bufferization.writable = true},
                        %y: tensor<4x8xf32> {bufferization.writable = true}) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %p, %q = softmax.generic dimensions = [1] statistics = [#softmax.sum]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>]
    ins(%x, %r : tensor<4x8xf32>, tensor<4xf32>) outs(%y, %r : tensor<4x8xf32>, tensor<4xf32>)
    logit {
    ^bb0(%e: f32, %re: f32):
      softmax.yield %e : f32
    } row {
    ^bb0(%re: f32, %sum: f32):
      softmax.yield %sum : f32
    } result {
    ^bb0(%e: f32, %re: f32, %sum: f32):
      %0 = arith.mulf %e, %re : f32
      softmax.yield %0 : f32
    } -> tensor<4x8xf32>, tensor<4xf32>
  return %p, %q : tensor<4x8xf32>, tensor<4xf32>
}

// -----

// Several operands in the loop of an scf.for stay in place too.
// CHECK-LABEL: func @loop
//  CHECK-SAME:   (%[[X:.*]]: memref<4x8xf32>)
//   CHECK-NOT:   alloc
//   CHECK-NOT:   copy
//       CHECK:   scf.for {{.*}} iter_args(%[[A:.*]] = %[[X]])
//       CHECK:     softmax.softmax {{.*}}ins(%[[A]] : {{.*}}outs(%[[A]] :
//   CHECK-NOT:   copy
//       CHECK:   return
func.func @loop(%x: tensor<4x8xf32> {bufferization.writable = true}) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x) -> tensor<4x8xf32> {
    %p = softmax.softmax dimensions = [1] ins(%a : tensor<4x8xf32>) outs(%a : tensor<4x8xf32>) -> tensor<4x8xf32>
    scf.yield %p : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}

// -----

// Ops on memrefs are left as they are.
// CHECK-LABEL: func @memrefs
//       CHECK:   softmax.logsumexp dimensions = [1] ins(%{{.*}} : memref<4x8xf32>) outs(%{{.*}} : memref<4xf32>)
func.func @memrefs(%x: memref<4x8xf32>, %y: memref<4xf32>) {
  softmax.logsumexp dimensions = [1] ins(%x : memref<4x8xf32>) outs(%y : memref<4xf32>)
  return
}
