// Folds and canonicalizations of the named ops.
// RUN: softmax-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func @unit_scale
//   CHECK-NOT:   scale
//       CHECK:   softmax.softmax {{.*}} ins(%{{.*}} : tensor<4x8xf32>) outs(
func.func @unit_scale(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %one = arith.constant 1.0 : f32
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) scale(%one : f32) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// C-TYPE-2: the scale of 1 makes the compute type f64; it stays.
// CHECK-LABEL: func @unit_scale_f64
//       CHECK:   softmax.softmax {{.*}} scale(%{{.*}} : f64)
func.func @unit_scale_f64(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %one = arith.constant 1.0 : f64
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) scale(%one : f64) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// C-TEMP-1: a scale of 0 is no uniform row where the row has an infinity.
// CHECK-LABEL: func @zero_scale
//       CHECK:   softmax.softmax {{.*}} scale(
func.func @zero_scale(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) scale(%zero : f32) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// C-NAN-1, C-INF-1: rows of one element are not the constant 1.
// CHECK-LABEL: func @one_element
//       CHECK:   softmax.softmax
func.func @one_element(%x: tensor<4x1xf32>, %i: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x1xf32>) outs(%i : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %0 : tensor<4x1xf32>
}

// -----

// CHECK-LABEL: func @zero_bias
//   CHECK-NOT:   bias
//       CHECK:   softmax.logsumexp
//   CHECK-NOT:   bias
//       CHECK:   return
func.func @zero_bias(%x: tensor<4x8xf16>, %i: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant dense<0.0> : tensor<8xf16>
  %0 = softmax.logsumexp dimensions = [1] ins(%x : tensor<4x8xf16>) bias(%zero : tensor<8xf16>) outs(%i : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// log_softmax of the row [-0] is -0; with a bias of +0 it is +0.
// CHECK-LABEL: func @zero_bias_of_log
//       CHECK:   softmax.log_softmax {{.*}} bias(
func.func @zero_bias_of_log(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant dense<0.0> : tensor<8xf32>
  %0 = softmax.log_softmax dimensions = [1] ins(%x : tensor<4x8xf32>) bias(%zero : tensor<8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// x + -0 is x for every x.
// CHECK-LABEL: func @negative_zero_bias_of_log
//   CHECK-NOT:   bias
//       CHECK:   softmax.log_softmax
//   CHECK-NOT:   bias
//       CHECK:   return
func.func @negative_zero_bias_of_log(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant dense<-0.0> : tensor<8xf32>
  %0 = softmax.log_softmax dimensions = [1] ins(%x : tensor<4x8xf32>) bias(%zero : tensor<8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// A bias that is the same everywhere still rounds the logits.
// CHECK-LABEL: func @constant_bias
//       CHECK:   softmax.softmax {{.*}} bias(
func.func @constant_bias(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %b = arith.constant dense<1.0> : tensor<8xf32>
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) bias(%b : tensor<8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @true_mask
//   CHECK-NOT:   mask
//       CHECK:   softmax.softmax
//   CHECK-NOT:   mask
//       CHECK:   return
func.func @true_mask(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = arith.constant dense<true> : tensor<4x8xi1>
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) mask(%m : tensor<4x8xi1>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @other_masks
//       CHECK:   softmax.softmax {{.*}} mask(
//       CHECK:   softmax.softmax {{.*}} mask(
func.func @other_masks(%x: tensor<2x2xf32>, %i: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %f = arith.constant dense<false> : tensor<2xi1>
  %m = arith.constant dense<[true, false]> : tensor<2xi1>
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<2x2xf32>) mask(%f : tensor<2xi1>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = softmax.softmax dimensions = [1] ins(%x : tensor<2x2xf32>) mask(%m : tensor<2xi1>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// CHECK-LABEL: func @unused_lse
//       CHECK:   %[[P:.*]] = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>, note = "kept"} ins(%{{.*}} : tensor<4x8xf32>) outs(%{{.*}} : tensor<4x8xf32>) -> tensor<4x8xf32>
//       CHECK:   return %[[P]]
func.func @unused_lse(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>, %l: tensor<4xf32>) -> tensor<4x8xf32> {
  %0:2 = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>, note = "kept"} ins(%x : tensor<4x8xf32>)
           outs(%i, %l : tensor<4x8xf32>, tensor<4xf32>) -> tensor<4x8xf32>, tensor<4xf32>
  return %0#0 : tensor<4x8xf32>
}

// -----

// C-TYPE-2: the f64 lse says that the probabilities are computed in f64.
// CHECK-LABEL: func @unused_lse_f64
//       CHECK:   softmax.softmax {{.*}} -> tensor<4x8xf32>, tensor<4xf64>
func.func @unused_lse_f64(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>, %l: tensor<4xf64>) -> tensor<4x8xf32> {
  %0:2 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%i, %l : tensor<4x8xf32>, tensor<4xf64>) -> tensor<4x8xf32>, tensor<4xf64>
  return %0#0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @only_lse
//  CHECK-SAME:   (%[[X:.*]]: tensor<4x8xf32>, %[[S:.*]]: f32, %[[I:.*]]: tensor<4x8xf32>, %[[L:.*]]: tensor<4xf32>)
//       CHECK:   %[[R:.*]] = softmax.logsumexp dimensions = [1] ins(%[[X]] : tensor<4x8xf32>) scale(%[[S]] : f32) outs(%[[L]] : tensor<4xf32>) -> tensor<4xf32>
//       CHECK:   return %[[R]]
func.func @only_lse(%x: tensor<4x8xf32>, %s: f32, %i: tensor<4x8xf32>, %l: tensor<4xf32>) -> tensor<4xf32> {
  %0:2 = softmax.log_softmax dimensions = [1] ins(%x : tensor<4x8xf32>) scale(%s : f32)
           outs(%i, %l : tensor<4x8xf32>, tensor<4xf32>) -> tensor<4x8xf32>, tensor<4xf32>
  return %0#1 : tensor<4xf32>
}

// -----

// Neither result: the op has no effect.
// CHECK-LABEL: func @no_result_used
//  CHECK-NEXT:   return
func.func @no_result_used(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>, %l: tensor<4xf32>) {
  %0:2 = softmax.log_softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%i, %l : tensor<4x8xf32>, tensor<4xf32>) -> tensor<4x8xf32>, tensor<4xf32>
  return
}

// -----

// On memrefs every destination is an effect.
// CHECK-LABEL: func @memref_effects
//       CHECK:   softmax.softmax {{.*}} outs(%{{.*}}, %{{.*}} : memref<4x8xf32>, memref<4xf32>)
func.func @memref_effects(%x: memref<4x8xf32>, %l: memref<4xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x8xf32>) outs(%x, %l : memref<4x8xf32>, memref<4xf32>)
  return
}

// -----

// What filled the destination is dead.
// CHECK-LABEL: func @filled_destination
//  CHECK-SAME:   (%[[X:.*]]: tensor<4x8xf32>)
//  CHECK-NEXT:   %[[E:.*]] = tensor.empty()
//  CHECK-NEXT:   %[[P:.*]] = softmax.softmax {{.*}} outs(%[[E]] :
//  CHECK-NEXT:   return %[[P]]
func.func @filled_destination(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%f : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// The logits were computed into the destination: in place on purpose.
// CHECK-LABEL: func @in_place
//       CHECK:   %[[Y:.*]] = softmax.log_softmax
//       CHECK:   softmax.softmax {{.*}} ins(%[[Y]] : {{.*}} outs(%[[Y]] :
func.func @in_place(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = softmax.log_softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = softmax.softmax dimensions = [1] ins(%y : tensor<4x8xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// Casts that lose sizes or layouts are seen through, on memrefs ...
// CHECK-LABEL: func @memref_cast
//   CHECK-NOT:   memref.cast
//       CHECK:   softmax.softmax {{.*}} ins(%{{.*}} : memref<4x8xf32>) mask(%{{.*}} : memref<8xi1>) outs(%{{.*}} : memref<?x?xf32>)
func.func @memref_cast(%x: memref<4x8xf32>, %m: memref<8xi1>, %y: memref<?x?xf32>) {
  %0 = memref.cast %x : memref<4x8xf32> to memref<?x?xf32, strided<[?, ?], offset: ?>>
  %1 = memref.cast %m : memref<8xi1> to memref<?xi1>
  softmax.softmax dimensions = [1] ins(%0 : memref<?x?xf32, strided<[?, ?], offset: ?>>) mask(%1 : memref<?xi1>) outs(%y : memref<?x?xf32>)
  return
}

// -----

// ... and on tensors, where the result is cast instead.
// CHECK-LABEL: func @tensor_cast
//       CHECK:   %[[P:.*]] = softmax.softmax {{.*}} ins(%{{.*}} : tensor<4x8xf32>) outs(%{{.*}} : tensor<4x8xf32>) -> tensor<4x8xf32>
//       CHECK:   tensor.cast %[[P]] : tensor<4x8xf32> to tensor<?x?xf32>
func.func @tensor_cast(%x: tensor<4x8xf32>, %i: tensor<4x8xf32>) -> tensor<?x?xf32> {
  %0 = tensor.cast %x : tensor<4x8xf32> to tensor<?x?xf32>
  %1 = tensor.cast %i : tensor<4x8xf32> to tensor<?x?xf32>
  %2 = softmax.softmax dimensions = [1] ins(%0 : tensor<?x?xf32>) outs(%1 : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %2 : tensor<?x?xf32>
}

// -----

// A cast that adds sizes stays, and so does one whose sizes contradict another
// operand's: the op would not verify.
// CHECK-LABEL: func @casts_kept
//  CHECK-SAME:   (%[[X:.*]]: memref<?x?xf32>, %[[B:.*]]: memref<7xf32>, %[[Y:.*]]: memref<4x8xf32>)
//   CHECK-DAG:   %[[X1:.*]] = memref.cast %[[X]]
//   CHECK-DAG:   %[[B1:.*]] = memref.cast %[[B]]
//       CHECK:   ins(%[[X1]] : memref<4x8xf32>) bias(%[[B1]] : memref<?xf32>)
func.func @casts_kept(%x: memref<?x?xf32>, %b: memref<7xf32>, %y: memref<4x8xf32>) {
  %0 = memref.cast %x : memref<?x?xf32> to memref<4x8xf32>
  %1 = memref.cast %b : memref<7xf32> to memref<?xf32>
  softmax.softmax dimensions = [1] ins(%0 : memref<4x8xf32>) bias(%1 : memref<?xf32>) outs(%y : memref<4x8xf32>)
  return
}
