// What the pass is for: after it, bufferization neither allocates nor copies.
//
// RUN: softmax-opt %s --softmax-results-to-destinations="layout=dynamic" --eliminate-empty-tensors \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=fully-dynamic-layout-map" \
// RUN:   --canonicalize | FileCheck %s --implicit-check-not=memref.alloc --implicit-check-not=memref.copy
// RUN: softmax-opt %s --softmax-results-to-destinations --eliminate-empty-tensors \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   --canonicalize | FileCheck %s --implicit-check-not=memref.alloc --implicit-check-not=memref.copy

// CHECK-LABEL: func.func @softmax(
// CHECK-SAME:    %[[X:[^ ]*]]: memref<?x10xf32{{.*}}>, %[[D:[^ ]*]]: memref<?x10xf32{{.*}}>)
// CHECK:         softmax.generic {{.*}} ins(%[[X]] : {{.*}}) outs(%[[D]] : {{.*}})
func.func @softmax(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %i = tensor.empty(%n) : tensor<?x10xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// CHECK-LABEL: func.func @all_operands(
// CHECK-SAME:    %[[X:[^ ]*]]: memref<4x?x?xf16{{.*}}>, %[[S:[^ ]*]]: f32, %[[M:[^ ]*]]: memref<?x?xi8{{.*}}>, %[[D0:[^ ]*]]: memref<4x?x?xf16{{.*}}>, %[[D1:[^ ]*]]: memref<4x?xf32{{.*}}>)
// CHECK:         softmax.generic {{.*}} ins(%[[X]], %[[S]], %[[M]] : {{.*}}) outs(%[[D0]], %[[D1]] : {{.*}})
func.func @all_operands(%i: tensor<4x?x?xf16>, %j: tensor<4x?xf32>, %x: tensor<4x?x?xf16>, %s: f32,
                        %m: tensor<?x?xi1>) -> (tensor<4x?x?xf16>, tensor<4x?xf32>) {
  %p, %lse = softmax.softmax dimensions = [2] ins(%x : tensor<4x?x?xf16>) scale(%s : f32) mask(%m : tensor<?x?xi1>)
    outs(%i, %j : tensor<4x?x?xf16>, tensor<4x?xf32>) -> tensor<4x?x?xf16>, tensor<4x?xf32>
  return %p, %lse : tensor<4x?x?xf16>, tensor<4x?xf32>
}

// The destination named as the input in the text costs nothing either.
// CHECK-LABEL: func.func @in_place_text(
// CHECK-SAME:    %[[X:[^ ]*]]: memref<8x9xf32{{.*}}>, %[[D:[^ ]*]]: memref<8x9xf32{{.*}}>)
// CHECK:         softmax.generic {{.*}} ins(%[[X]] : {{.*}}) outs(%[[D]] : {{.*}})
func.func @in_place_text(%x: tensor<8x9xf32>) -> tensor<8x9xf32> {
  %p = softmax.softmax dimensions = [0] ins(%x : tensor<8x9xf32>) outs(%x : tensor<8x9xf32>) -> tensor<8x9xf32>
  return %p : tensor<8x9xf32>
}

// Rank 0: the destination is seen with the op's rank.
// CHECK-LABEL: func.func @rank_zero(
// CHECK-SAME:    %[[X:[^ ]*]]: memref<f32{{.*}}>, %[[D:[^ ]*]]: memref<f32{{.*}}>)
// CHECK-DAG:     %[[XE:.*]] = memref.expand_shape %[[X]]
// CHECK-DAG:     %[[DE:.*]] = memref.expand_shape %[[D]]
// CHECK:         softmax.generic {{.*}} ins(%[[XE]] : {{.*}}) outs(%[[DE]] : {{.*}})
func.func @rank_zero(%x: tensor<f32>) -> tensor<f32> {
  %e = tensor.expand_shape %x [] output_shape [1] : tensor<f32> into tensor<1xf32>
  %i = tensor.empty() : tensor<1xf32>
  %p = softmax.softmax dimensions = [0] ins(%e : tensor<1xf32>) outs(%i : tensor<1xf32>) -> tensor<1xf32>
  %r = tensor.collapse_shape %p [] : tensor<1xf32> into tensor<f32>
  return %r : tensor<f32>
}

// The accumulator goes to the destination, and the product is added there.
// CHECK-LABEL: func.func @accumulate(
// CHECK-SAME:    %[[C:[^ ]*]]: memref<4x5xf32{{[^%]*}}>, %[[D:[^ ]*]]: memref<4x5xf32{{[^%]*}}>)
// CHECK:         linalg.copy ins(%[[C]] : {{.*}}) outs(%[[D]] :
// CHECK:         linalg.matmul {{.*}} outs(%[[D]] :
func.func @accumulate(%a: tensor<4x?xf32>, %b: tensor<?x5xf32>, %c: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %s = linalg.matmul ins(%a, %b : tensor<4x?xf32>, tensor<?x5xf32>) outs(%c : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %s : tensor<4x5xf32>
}
