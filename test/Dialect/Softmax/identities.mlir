// Canonicalizations that are identities of the family, and what keeps them back.
// RUN: softmax-opt %s --canonicalize --split-input-file | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
// log(softmax) is log_softmax under afn; a second result stays.
// CHECK-LABEL: func @log_of_softmax
//       CHECK:   %[[R:.*]]:2 = softmax.log_softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%{{.*}}) scale(%{{.*}}) outs(
//   CHECK-NOT:   math.log
//       CHECK:   return %[[R]]#0, %[[R]]#1
func.func @log_of_softmax(%x: tensor<?x?xf16>, %s: f32, %e: tensor<?x?xf16>, %l: tensor<?xf32>) -> (tensor<?x?xf16>, tensor<?xf32>) {
  %p, %lse = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<?x?xf16>) scale(%s : f32) outs(%e, %l : tensor<?x?xf16>, tensor<?xf32>) -> tensor<?x?xf16>, tensor<?xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<?x?xf16>) outs(%e : tensor<?x?xf16>) {
  ^bb0(%a: f16, %o: f16):
    %1 = math.log %a fastmath<afn> : f16
    linalg.yield %1 : f16
  } -> tensor<?x?xf16>
  return %0, %lse : tensor<?x?xf16>, tensor<?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// CHECK-LABEL: func @exp_of_log_softmax
//       CHECK:   softmax.softmax dimensions = [1]
//   CHECK-NOT:   math.exp
func.func @exp_of_log_softmax(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %p = softmax.log_softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = math.exp %a fastmath<fast> : f32
    linalg.yield %1 : f32
  } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#transposed = affine_map<(i, j) -> (j, i)>
// Kept: without the flag the logarithm of a probability that underflows is -inf
// (linalg.log has none), a transposition, a probability with another reader.
// CHECK-LABEL: func @log_kept
// CHECK-COUNT-4: softmax.softmax
func.func @log_kept(%x: tensor<4x4xf32>, %e: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = math.log %a fastmath<nnan,ninf,nsz,arcp,reassoc,contract> : f32
    linalg.yield %1 : f32
  } -> tensor<4x4xf32>
  %q = softmax.softmax dimensions = [1] ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.log ins(%q : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %r = softmax.softmax dimensions = [1] ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.generic {indexing_maps = [#transposed, #id], iterator_types = ["parallel", "parallel"]} ins(%r : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %3 = math.log %a fastmath<afn> : f32
    linalg.yield %3 : f32
  } -> tensor<4x4xf32>
  %s = softmax.softmax dimensions = [1] ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %4 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %3 = math.log %a fastmath<afn> : f32
    linalg.yield %3 : f32
  } -> tensor<4x4xf32>
  return %0, %1, %2, %4, %s : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// The same in regions, where fusion puts them; what is rounded stays rounded.
// CHECK-LABEL: func @regions
//       CHECK:   ^bb0(%{{.*}}: f32, %[[P:.*]]: f32, %[[LOGP:.*]]: f32):
//  CHECK-NEXT:     %[[N:.*]] = arith.truncf %[[LOGP]] : f32 to f16
//  CHECK-NEXT:     %[[KEPT:.*]] = math.log %[[P]] : f32
//  CHECK-NEXT:     softmax.yield %[[LOGP]], %[[N]], %[[P]], %[[KEPT]]
func.func @regions(%x: memref<?x?xf32>, %a: memref<?x?xf32>, %b: memref<?x?xf16>, %c: memref<?x?xf32>, %d: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id, #id, #id, #id]
    ins(%x : memref<?x?xf32>) outs(%a, %b, %c, %d : memref<?x?xf32>, memref<?x?xf16>, memref<?x?xf32>, memref<?x?xf32>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } result {
    ^bb0(%e: f32, %p: f32, %logp: f32):
      %0 = math.log %p fastmath<afn> : f32
      %1 = arith.truncf %p : f32 to f16
      %2 = math.log %1 fastmath<afn> : f16
      %3 = math.exp %logp fastmath<afn> : f32
      %4 = math.log %p : f32
      softmax.yield %0, %2, %3, %4 : f32, f16, f32, f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// A constant of the row cancels, added in either order or subtracted, of the
// row, of everything, or a number, if the addition allows it.
// CHECK-LABEL: func @row_constant(
//  CHECK-SAME:   %[[X:.*]]: tensor<?x?xf32>, %{{.*}}: tensor<?xf32>, %{{.*}}: f32,
//   CHECK-NOT:   linalg
//       CHECK:   softmax.softmax dimensions = [1] ins(%[[X]]
//       CHECK:   softmax.log_softmax dimensions = [1] ins(%[[X]]
//       CHECK:   softmax.softmax dimensions = [1] ins(%[[X]]
func.func @row_constant(%x: tensor<?x?xf32>, %r: tensor<?xf32>, %c: f32, %e: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  %0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %r : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.addf %b, %a fastmath<reassoc,nnan,ninf> : f32
    linalg.yield %1 : f32
  } -> tensor<?x?xf32>
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %r : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %2 = arith.subf %a, %b fastmath<fast> : f32
    linalg.yield %2 : f32
  } -> tensor<?x?xf32>
  %q = softmax.log_softmax dimensions = [1] ins(%1 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %3 = arith.addf %a, %c fastmath<fast> : f32
    linalg.yield %3 : f32
  } -> tensor<?x?xf32>
  %s = softmax.softmax dimensions = [1] ins(%2 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p, %q, %s : tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// Kept: a NaN in it would make the row NaN; it differs along the row; c - x has
// another sign; lse depends on it.
// CHECK-LABEL: func @row_constant_kept
// CHECK-COUNT-4: linalg.generic
func.func @row_constant_kept(%x: tensor<4x4xf32>, %r: tensor<4xf32>, %e: tensor<4x4xf32>, %l: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4xf32>) {
  %0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %r : tensor<4x4xf32>, tensor<4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.addf %a, %b fastmath<reassoc,ninf> : f32
    linalg.yield %1 : f32
  } -> tensor<4x4xf32>
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %r : tensor<4x4xf32>, tensor<4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %2 = arith.addf %a, %b fastmath<fast> : f32
    linalg.yield %2 : f32
  } -> tensor<4x4xf32>
  %q = softmax.softmax dimensions = [0] ins(%1 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %r : tensor<4x4xf32>, tensor<4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %3 = arith.subf %b, %a fastmath<fast> : f32
    linalg.yield %3 : f32
  } -> tensor<4x4xf32>
  %s = softmax.softmax dimensions = [1] ins(%2 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %r : tensor<4x4xf32>, tensor<4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %4 = arith.addf %a, %b fastmath<fast> : f32
    linalg.yield %4 : f32
  } -> tensor<4x4xf32>
  %t = softmax.logsumexp dimensions = [1] ins(%3 : tensor<4x4xf32>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return %p, %q, %s, %t : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// A factor in the compute type is the op's scale, bit for bit: a scalar from
// outside, a fill, a splat; a divisor whose reciprocal is exact.
// CHECK-LABEL: func @scale(
//  CHECK-SAME:   %[[X:.*]]: tensor<4x4xf32>, %[[S:.*]]: f32,
//   CHECK-DAG:   %[[EIGHTH:.*]] = arith.constant 1.250000e-01 : f32
//   CHECK-DAG:   %[[THIRD:.*]] = arith.constant 3.000000e-01 : f32
//   CHECK-NOT:   linalg
//       CHECK:   softmax.softmax dimensions = [1] ins(%[[X]] : tensor<4x4xf32>) scale(%[[S]] : f32)
//       CHECK:   softmax.log_softmax dimensions = [1] ins(%[[X]] : tensor<4x4xf32>) scale(%[[S]] : f32)
//       CHECK:   softmax.logsumexp dimensions = [1] ins(%[[X]] : tensor<4x4xf32>) scale(%[[THIRD]] : f32)
//       CHECK:   softmax.softmax dimensions = [1] ins(%[[X]] : tensor<4x4xf32>) scale(%[[EIGHTH]] : f32)
func.func @scale(%x: tensor<4x4xf32>, %f: f32, %e: tensor<4x4xf32>, %l: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4xf32>, tensor<4x4xf32>) {
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.mulf %f, %a : f32
    linalg.yield %1 : f32
  } -> tensor<4x4xf32>
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %fill = linalg.fill ins(%f : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.mul ins(%x, %fill : tensor<4x4xf32>, tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %q = softmax.log_softmax dimensions = [1] ins(%1 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %splat = arith.constant dense<0.3> : tensor<4x4xf32>
  %2 = linalg.mul ins(%x, %splat : tensor<4x4xf32>, tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %r = softmax.logsumexp dimensions = [1] ins(%2 : tensor<4x4xf32>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %eight = arith.constant 8.0 : f32
    %4 = arith.divf %a, %eight : f32
    linalg.yield %4 : f32
  } -> tensor<4x4xf32>
  %s = softmax.softmax dimensions = [1] ins(%3 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p, %q, %r, %s : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4xf32>, tensor<4x4xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// Kept: f16 rounds the product; 1/3 is not exact; s / x; a second scale would be
// a second rounding; a product with other readers.
// CHECK-LABEL: func @scale_kept
// CHECK-COUNT-5: linalg.{{generic|mul}}
func.func @scale_kept(%x: tensor<4x4xf32>, %h: tensor<4x4xf16>, %f: f32, %e: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %splat = arith.constant dense<0.3> : tensor<4x4xf16>
  %0 = linalg.mul ins(%h, %splat : tensor<4x4xf16>, tensor<4x4xf16>) outs(%h : tensor<4x4xf16>) -> tensor<4x4xf16>
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<4x4xf16>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %three = arith.constant 3.0 : f32
    %4 = arith.divf %a, %three : f32
    linalg.yield %4 : f32
  } -> tensor<4x4xf32>
  %q = softmax.softmax dimensions = [1] ins(%1 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %eight = arith.constant 8.0 : f32
    %4 = arith.divf %eight, %a : f32
    linalg.yield %4 : f32
  } -> tensor<4x4xf32>
  %r = softmax.softmax dimensions = [1] ins(%2 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %4 = arith.mulf %a, %f : f32
    linalg.yield %4 : f32
  } -> tensor<4x4xf32>
  %s = softmax.softmax dimensions = [1] ins(%3 : tensor<4x4xf32>) scale(%f : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %4 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %5 = arith.mulf %a, %f : f32
    linalg.yield %5 : f32
  } -> tensor<4x4xf32>
  %t = softmax.softmax dimensions = [1] ins(%4 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p, %q, %r, %s, %t, %4 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

#id = affine_map<(i, j, k) -> (i, j, k)>
#k = affine_map<(i, j, k) -> (k)>
#j = affine_map<(i, j, k) -> (j)>
// A softmax dimension of size 1 beside another; in the third op it is the last
// one that has size 1, and decides the layout class.
// CHECK-LABEL: func @unit_dimensions
//       CHECK:   softmax.softmax dimensions = [2] ins
//       CHECK:   softmax.log_softmax dimensions = [1] ins
//       CHECK:   softmax.softmax dimensions = [1, 2] ins
//       CHECK:   softmax.generic dimensions = [2]
func.func @unit_dimensions(%x: memref<?x1x?xf32>, %u: memref<1x1x?xf32>, %w: memref<?x?x1xf32>, %b: memref<?xf32>) {
  softmax.softmax dimensions = [1, 2] ins(%x : memref<?x1x?xf32>) outs(%x : memref<?x1x?xf32>)
  softmax.log_softmax dimensions = [0, 1] ins(%u : memref<1x1x?xf32>) outs(%u : memref<1x1x?xf32>)
  softmax.softmax dimensions = [1, 2] ins(%w : memref<?x?x1xf32>) outs(%w : memref<?x?x1xf32>)
  softmax.generic dimensions = [1, 2] statistics = [#softmax.max_sumexp] maps = [#id, #k, #id] ins(%x, %b : memref<?x1x?xf32>, memref<?xf32>) outs(%x : memref<?x1x?xf32>)
    logit {
    ^bb0(%e: f32, %be: f32):
      %0 = arith.addf %e, %be : f32
      softmax.yield %0 : f32
    } result {
    ^bb0(%e: f32, %be: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    }
  return
}

// -----

#id = affine_map<(i, j, k) -> (i, j, k)>
#j = affine_map<(i, j, k) -> (j)>
#i = affine_map<(i, j, k) -> (i)>
// Kept: lse has the shape of the rows; an operand would become row-invariant.
// CHECK-LABEL: func @unit_dimensions_kept
//       CHECK:   softmax.softmax dimensions = [1, 2]
//       CHECK:   softmax.generic dimensions = [1, 2]
//       CHECK:   softmax.generic dimensions = [1, 2]
func.func @unit_dimensions_kept(%x: memref<?x1x?xf32>, %l: memref<?xf32>, %b: memref<1xf32>) {
  softmax.softmax dimensions = [1, 2] ins(%x : memref<?x1x?xf32>) outs(%x, %l : memref<?x1x?xf32>, memref<?xf32>)
  softmax.generic dimensions = [1, 2] statistics = [#softmax.max_sumexp] maps = [#id, #i] ins(%x : memref<?x1x?xf32>) outs(%l : memref<?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%m: f32, %s: f32): softmax.yield %m : f32 }
  softmax.generic dimensions = [1, 2] statistics = [#softmax.max_sumexp] maps = [#id, #j, #id] ins(%x, %b : memref<?x1x?xf32>, memref<1xf32>) outs(%x : memref<?x1x?xf32>)
    logit {
    ^bb0(%e: f32, %be: f32):
      %0 = arith.addf %e, %be : f32
      softmax.yield %0 : f32
    } result {
    ^bb0(%e: f32, %be: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    }
  return
}
