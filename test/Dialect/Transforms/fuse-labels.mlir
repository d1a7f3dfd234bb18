// Fusion moves the inputs of a loss; which one holds the class indices is known
// all along, so that its kernel still checks them (C-LABEL-1).
// RUN: softmax-opt %s --softmax-fuse-elementwise=report --split-input-file --verify-diagnostics | FileCheck %s
// RUN: softmax-opt %s --softmax-fuse-elementwise --softmax-results-to-destinations=layout=dynamic --split-input-file \
// RUN:   | FileCheck %s --check-prefix=KERNEL

#id = affine_map<(i, j) -> (i, j)>
// The scaled logits are no input any more: the labels are the first one, and the
// logits, an input behind them, give the number of classes.
// CHECK-LABEL: func @scaled(
//  CHECK-SAME:   %[[X:.*]]: tensor<?x10xf32>, %[[T:.*]]: tensor<?xi64>
//       CHECK:   softmax.generic
//  CHECK-SAME:   softmax.labels = {input = 0 : i64}
//  CHECK-SAME:   ins(%[[T]], %[[X]] :
// KERNEL-LABEL: func.func @scaled
//  KERNEL-SAME: labels = {classes = 10 : i64}
func.func @scaled(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %e: tensor<?x10xf32>, %l: tensor<?xf32>) -> tensor<?xf32> {
  %half = arith.constant 0.5 : f32
  // expected-remark @below {{is fused into the logit region}}
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<?x10xf32>) outs(%e : tensor<?x10xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.mulf %a, %half : f32
    linalg.yield %1 : f32
  } -> tensor<?x10xf32>
  // expected-note @below {{with this operation}}
  %loss = softmax.cross_entropy dimensions = [1] ins(%0, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  return %loss : tensor<?xf32>
}

// -----

// A softmax before the loss of the same logits: the labels come behind.
// CHECK-LABEL: func @merged(
//       CHECK:   softmax.generic
//  CHECK-SAME:   softmax.labels = {ignore = -1 : i64, input = 1 : i64}
// KERNEL-LABEL: func.func @merged
//  KERNEL-SAME: labels = {classes = 10 : i64, ignore = -1 : i64}
func.func @merged(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %e: tensor<?x10xf32>, %l: tensor<?xf32>) -> (tensor<?x10xf32>, tensor<?xf32>) {
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%e : tensor<?x10xf32>) -> tensor<?x10xf32>
  // expected-remark @below {{is merged with the op before it}}
  %loss = softmax.cross_entropy dimensions = [1] {ignore_index = -1 : i64} ins(%x, %t : tensor<?x10xf32>, tensor<?xi64>)
            outs(%l : tensor<?xf32>) -> tensor<?xf32>
  return %p, %loss : tensor<?x10xf32>, tensor<?xf32>
}

// -----

// Two losses with labels of their own stay two.
// CHECK-LABEL: func @two(
// CHECK-COUNT-2: softmax.labels = {input = 1 : i64}
// KERNEL-LABEL: func.func @two
// KERNEL-COUNT-2: labels = {classes = 10 : i64}
func.func @two(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %u: tensor<?xi64>, %a: tensor<?xf32>, %b: tensor<?xf32>)
    -> (tensor<?xf32>, tensor<?xf32>) {
  // expected-note @below {{with this operation}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%a : tensor<?xf32>) -> tensor<?xf32>
  // expected-remark @below {{is not fused: both have labels of their own, and a kernel checks one per row}}
  %1 = softmax.cross_entropy dimensions = [1] ins(%x, %u : tensor<?x10xf32>, tensor<?xi64>) outs(%b : tensor<?xf32>) -> tensor<?xf32>
  return %0, %1 : tensor<?xf32>, tensor<?xf32>
}

// -----

// One loss twice is one.
// CHECK-LABEL: func @twice(
//       CHECK:   softmax.labels = {input = 1 : i64}
//   CHECK-NOT:   softmax.labels
func.func @twice(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %a: tensor<?xf32>, %b: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  // expected-note @below {{with this operation}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%a : tensor<?xf32>) -> tensor<?xf32>
  // expected-remark @below {{is merged with the op before it}}
  %1 = softmax.logsumexp dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%b : tensor<?xf32>) -> tensor<?xf32>
  return %0, %1 : tensor<?xf32>, tensor<?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// Labels that are also another input become one input; one that is computed is no
// operand of a kernel, and its wrong classes are NaN.
// CHECK-LABEL: func @duplicate(
//       CHECK:   softmax.labels = {input = 0 : i64}
//  CHECK-SAME:   ins(%{{.*}}, %{{.*}} : tensor<?xi64>, tensor<?x10xf32>)
func.func @duplicate(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %e: tensor<?x10xf32>, %l: tensor<?xf32>) -> tensor<?xf32> {
  // expected-remark @below {{is fused into the logit region}}
  %0 = linalg.generic {indexing_maps = [#row, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t, %x : tensor<?xi64>, tensor<?x10xf32>) outs(%e : tensor<?x10xf32>) {
  ^bb0(%c: i64, %a: f32, %o: f32):
    %1 = arith.sitofp %c : i64 to f32
    %2 = arith.mulf %a, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x10xf32>
  // expected-note @below {{with this operation}}
  %loss = softmax.cross_entropy dimensions = [1] ins(%0, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  return %loss : tensor<?xf32>
}

// -----

// CHECK-LABEL: func @computed(
//       CHECK:   softmax.generic
//   CHECK-NOT:   softmax.labels
func.func @computed(%x: tensor<?x10xf32>, %t: tensor<?xi32>, %e: tensor<?xi64>, %l: tensor<?xf32>) -> tensor<?xf32> {
  // expected-remark @below {{is fused into the logit and row regions}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%t : tensor<?xi32>) outs(%e : tensor<?xi64>) {
  ^bb0(%c: i32, %o: i64):
    %1 = arith.extsi %c : i32 to i64
    linalg.yield %1 : i64
  } -> tensor<?xi64>
  // expected-note @below {{with this operation}}
  %loss = softmax.cross_entropy dimensions = [1] ins(%x, %0 : tensor<?x10xf32>, tensor<?xi64>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  return %loss : tensor<?xf32>
}
