// Canonicalization of softmax.generic.
// RUN: softmax-opt %s --canonicalize --split-input-file | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#scalar = affine_map<(i, j) -> ()>
// The unused inputs (one of them row-invariant, one a scalar) leave with their
// maps and with their arguments in all three regions.
// CHECK-LABEL: func @unused_inputs
//  CHECK-SAME:   (%[[X:[^:]*]]: tensor<?x?xf32>
//       CHECK:   softmax.generic {{.*}} maps = [#[[ID:.*]], #[[ID]], #{{.*}}] ins(%[[X]] : tensor<?x?xf32>)
//       CHECK:   ^bb0(%{{[^:]*}}: f32):
//       CHECK:   } row {
//  CHECK-NEXT:   ^bb0(%[[MAX:[^:]*]]: f32, %{{[^:]*}}: f32):
//  CHECK-NEXT:   softmax.yield %[[MAX]]
//       CHECK:   } result {
//  CHECK-NEXT:   ^bb0(%{{[^:]*}}: f32, %[[P:[^:]*]]: f32, %{{[^:]*}}: f32):
//  CHECK-NEXT:   softmax.yield %[[P]]
func.func @unused_inputs(%x: tensor<?x?xf32>, %a: tensor<?xf32>, %b: tensor<?x?xi8>, %s: f32, %i: tensor<?x?xf32>, %l: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>) {
  %0:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#row, #id, #id, #scalar, #id, #row]
    ins(%a, %x, %b, %s : tensor<?xf32>, tensor<?x?xf32>, tensor<?x?xi8>, f32) outs(%i, %l : tensor<?x?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%ae: f32, %e: f32, %be: i8, %se: f32):
      softmax.yield %e : f32
    } row {
    ^bb0(%ae: f32, %se: f32, %max: f32, %sum: f32):
      softmax.yield %max : f32
    } result {
    ^bb0(%ae: f32, %e: f32, %be: i8, %se: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x?xf32>, tensor<?xf32>
  return %0#0, %0#1 : tensor<?x?xf32>, tensor<?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#column = affine_map<(i, j) -> (j)>
// Unused but needed: the only input to name dimension 1; the one that knows its
// static size; the one that makes the compute type f64 (C-TYPE-2).
// CHECK-LABEL: func @inputs_kept
//       CHECK:   softmax.generic {{.*}} ins(%{{.*}}, %{{.*}} : memref<?xf32>, memref<?xf32>)
//       CHECK:   softmax.generic {{.*}} ins(%{{.*}}, %{{.*}} : memref<?x?xf32>, memref<8xi8>)
//       CHECK:   softmax.generic {{.*}} ins(%{{.*}}, %{{.*}} : memref<?x?xf32>, memref<?xf64>)
func.func @inputs_kept(%r: memref<?xf32>, %c: memref<?xf32>, %x: memref<?x?xf32>, %k: memref<8xi8>, %d: memref<?xf64>, %l: memref<?xf32>, %l64: memref<?xf64>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#row, #column, #row]
    ins(%r, %c : memref<?xf32>, memref<?xf32>) outs(%l : memref<?xf32>)
    logit { ^bb0(%e: f32, %ce: f32): softmax.yield %e : f32 }
    row { ^bb0(%e: f32, %s: f32): softmax.yield %s : f32 }
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #column, #row]
    ins(%x, %k : memref<?x?xf32>, memref<8xi8>) outs(%l : memref<?xf32>)
    logit { ^bb0(%e: f32, %ke: i8): softmax.yield %e : f32 }
    row { ^bb0(%s: f32): softmax.yield %s : f32 }
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row, #row]
    ins(%x, %d : memref<?x?xf32>, memref<?xf64>) outs(%l : memref<?xf32>)
    logit {
    ^bb0(%e: f32, %de: f64):
      %0 = arith.extf %e : f32 to f64
      softmax.yield %0 : f64
    } row {
    ^bb0(%de: f64, %s: f64):
      %0 = arith.truncf %s : f64 to f32
      softmax.yield %0 : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func @duplicate_inputs
//       CHECK:   softmax.generic {{.*}} ins(%{{[^,]*}} : memref<?x?xf32>)
//       CHECK:   ^bb0(%[[E:.*]]: f32):
//  CHECK-NEXT:   arith.mulf %[[E]], %[[E]]
func.func @duplicate_inputs(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id, #id]
    ins(%x, %x : memref<?x?xf32>, memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    logit {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.mulf %a, %b : f32
      softmax.yield %0 : f32
    } result {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %0 = arith.divf %b, %s : f32
      softmax.yield %0 : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#transposed = affine_map<(i, j) -> (j, i)>
// Through another map it is another input.
// CHECK-LABEL: func @transposed_input
//       CHECK:   softmax.generic {{.*}} ins(%[[X:.*]], %[[X]] : memref<?x?xf32>, memref<?x?xf32>)
func.func @transposed_input(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #transposed, #id]
    ins(%x, %x : memref<?x?xf32>, memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    result {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.mulf %a, %b : f32
      softmax.yield %0 : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// The second of three statistics is not used.
// CHECK-LABEL: func @unused_statistic
//       CHECK:   statistics = [#softmax.max_sumexp, #softmax.sum]
//       CHECK:   ^bb0(%[[E:.*]]: f32):
//  CHECK-NEXT:   %[[N:.*]] = arith.negf %[[E]]
//  CHECK-NEXT:   softmax.yield %[[E]], %[[N]] : f32, f32
//       CHECK:   result {
//  CHECK-NEXT:   ^bb0(%{{[^:]*}}: f32, %[[P:[^:]*]]: f32, %{{[^:]*}}: f32, %[[S:[^:]*]]: f32):
//  CHECK-NEXT:   arith.mulf %[[P]], %[[S]]
func.func @unused_statistic(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum, #softmax.sum] maps = [#id, #id]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    logit {
    ^bb0(%a: f32):
      %n = arith.negf %a : f32
      %q = arith.mulf %a, %a : f32
      softmax.yield %a, %q, %n : f32, f32, f32
    } result {
    ^bb0(%a: f32, %p: f32, %logp: f32, %s: f32, %t: f32):
      %0 = arith.mulf %p, %t : f32
      softmax.yield %0 : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// Without its last statistic an op has no logit region.
// CHECK-LABEL: func @no_statistic
//       CHECK:   statistics = []
//   CHECK-NOT:   logit
//       CHECK:   result
func.func @no_statistic(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    logit {
    ^bb0(%a: f32):
      softmax.yield %a : f32
    } result {
    ^bb0(%a: f32, %p: f32, %logp: f32):
      %0 = arith.negf %a : f32
      softmax.yield %0 : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func @duplicate_statistics
//       CHECK:   statistics = [#softmax.sum]
//       CHECK:   ^bb0(%{{.*}}: f32, %[[S:.*]]: f32):
//  CHECK-NEXT:   arith.mulf %[[S]], %[[S]]
func.func @duplicate_statistics(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum, #softmax.sum] maps = [#id, #id]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    logit {
    ^bb0(%a: f32):
      softmax.yield %a, %a : f32, f32
    } result {
    ^bb0(%a: f32, %s: f32, %t: f32):
      %0 = arith.mulf %s, %t : f32
      softmax.yield %0 : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// The first handed-on value is an input of the result region too, the second
// is not used; the row region has nothing left to do.
// CHECK-LABEL: func @handed_on
//       CHECK:   logit
//   CHECK-NOT:   row
//       CHECK:   result {
//  CHECK-NEXT:   ^bb0(%[[A:[^:]*]]: f32, %[[F:[^:]*]]: f32, %[[P:[^:]*]]: f32, %{{[^:]*}}: f32):
//  CHECK-NEXT:   arith.mulf %[[P]], %[[F]]
func.func @handed_on(%x: memref<?x?xf32>, %f: memref<?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #row, #id]
    ins(%x, %f : memref<?x?xf32>, memref<?xf32>) outs(%y : memref<?x?xf32>)
    logit {
    ^bb0(%a: f32, %fe: f32):
      softmax.yield %a : f32
    } row {
    ^bb0(%fe: f32, %max: f32, %sum: f32):
      %0 = arith.addf %max, %sum : f32
      softmax.yield %fe, %0 : f32, f32
    } result {
    ^bb0(%a: f32, %fe: f32, %p: f32, %logp: f32, %h: f32, %unused: f32):
      %0 = arith.mulf %p, %h : f32
      softmax.yield %0 : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// A per-row value stays when another is dropped.
// CHECK-LABEL: func @handed_on_after_per_row
//       CHECK:   row {
//  CHECK-NEXT:   ^bb0(%[[MAX:[^:]*]]: f32, %[[SUM:[^:]*]]: f32):
//  CHECK-NEXT:   softmax.yield %[[MAX]], %[[SUM]] : f32, f32
//       CHECK:   result {
//  CHECK-NEXT:   ^bb0(%{{[^:]*}}: f32, %[[P:[^:]*]]: f32, %{{[^:]*}}: f32, %[[H:[^:]*]]: f32):
//  CHECK-NEXT:   arith.mulf %[[P]], %[[H]]
func.func @handed_on_after_per_row(%x: memref<?x?xf32>, %y: memref<?x?xf32>, %l: memref<?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id, #row]
    ins(%x : memref<?x?xf32>) outs(%y, %l : memref<?x?xf32>, memref<?xf32>)
    logit {
    ^bb0(%a: f32):
      softmax.yield %a : f32
    } row {
    ^bb0(%max: f32, %sum: f32):
      %0 = arith.addf %max, %sum : f32
      softmax.yield %max, %0, %sum : f32, f32, f32
    } result {
    ^bb0(%a: f32, %p: f32, %logp: f32, %unused: f32, %h: f32):
      %0 = arith.mulf %p, %h : f32
      softmax.yield %0 : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// The unused lse leaves, with the row region.
// CHECK-LABEL: func @unused_lse
//       CHECK:   %[[P:.*]] = softmax.generic {{.*}} {note = "kept"} {{.*}} outs(%{{.*}} : tensor<?x?xf32>) logit
//   CHECK-NOT:   row
//       CHECK:   result
//       CHECK:   } -> tensor<?x?xf32>
//       CHECK:   return %[[P]]
func.func @unused_lse(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %l: tensor<?xf32>) -> tensor<?x?xf32> {
  %0:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id, #row] {note = "kept"}
    ins(%x : tensor<?x?xf32>) outs(%y, %l : tensor<?x?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%a: f32):
      softmax.yield %a : f32
    } row {
    ^bb0(%max: f32, %sum: f32):
      %0 = arith.addf %max, %sum : f32
      softmax.yield %0 : f32
    } result {
    ^bb0(%a: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x?xf32>, tensor<?xf32>
  return %0#0 : tensor<?x?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// Only the lse is used: the result region leaves.
// CHECK-LABEL: func @only_lse
//       CHECK:   %[[L:.*]] = softmax.generic {{.*}} outs(%{{.*}} : tensor<?xf32>) logit
//       CHECK:   row
//   CHECK-NOT:   result
//       CHECK:   } -> tensor<?xf32>
//       CHECK:   return %[[L]]
func.func @only_lse(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %l: tensor<?xf32>) -> tensor<?xf32> {
  %0:3 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id, #id, #row]
    ins(%x : tensor<?x?xf32>) outs(%y, %y, %l : tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%a: f32):
      softmax.yield %a : f32
    } row {
    ^bb0(%max: f32, %sum: f32):
      %0 = arith.addf %max, %sum : f32
      softmax.yield %0 : f32
    } result {
    ^bb0(%a: f32, %p: f32, %logp: f32):
      softmax.yield %p, %logp : f32, f32
    } -> tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xf32>
  return %0#2 : tensor<?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func @memref_cast
//   CHECK-NOT:   memref.cast
//       CHECK:   softmax.generic {{.*}} ins(%{{.*}} : memref<4x8xf32>) outs(%{{.*}} : memref<?x?xf32>)
func.func @memref_cast(%x: memref<4x8xf32>, %y: memref<?x?xf32>) {
  %0 = memref.cast %x : memref<4x8xf32> to memref<?x8xf32>
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%0 : memref<?x8xf32>) outs(%y : memref<?x?xf32>)
    result { ^bb0(%a: f32): softmax.yield %a : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func @tensor_cast
//       CHECK:   %[[R:.*]] = softmax.generic {{.*}} ins(%{{.*}} : tensor<4x8xf32>) outs(%{{.*}} : tensor<?x8xf32>)
func.func @tensor_cast(%x: tensor<4x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tensor.cast %x : tensor<4x8xf32> to tensor<?x?xf32>
  %1 = softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%0 : tensor<?x?xf32>) outs(%y : tensor<?x8xf32>)
    result { ^bb0(%a: f32): softmax.yield %a : f32 } -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func @filled_destination
//   CHECK-NOT:   linalg.fill
//       CHECK:   softmax.generic
func.func @filled_destination(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : tensor<4x8xf32>) outs(%f : tensor<4x8xf32>)
    result { ^bb0(%a: f32): softmax.yield %a : f32 } -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
