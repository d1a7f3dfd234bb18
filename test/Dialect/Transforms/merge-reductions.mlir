// softmax-fuse-elementwise: several reductions of the same rows in one pass.
// RUN: softmax-opt %s --softmax-fuse-elementwise=report --split-input-file --verify-diagnostics | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// Softmax beside cross-entropy: one exponential per element, and the sum that
// picks the label beside it.
// CHECK-LABEL: func @cross_entropy(
//  CHECK-SAME:   %[[X:.*]]: tensor<?x?xf32>, %[[T:.*]]: tensor<?xi64>,
//       CHECK:   %[[R:.*]]:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum]
//  CHECK-SAME:   ins(%[[X]], %[[T]] : tensor<?x?xf32>, tensor<?xi64>)
//       CHECK:   logit {
//  CHECK-NEXT:   ^bb0(%[[E:.*]]: f32, %[[TE:.*]]: i64):
//       CHECK:     %[[PICK:.*]] = arith.select
//  CHECK-NEXT:     softmax.yield %[[E]], %[[PICK]] : f32, f32
//  CHECK-NEXT:   } row {
//  CHECK-NEXT:   ^bb0(%{{.*}}: i64, %[[M:.*]]: f32, %[[S:.*]]: f32, %[[XT:.*]]: f32):
//  CHECK-NEXT:     %[[LOG:.*]] = math.log %[[S]]
//  CHECK-NEXT:     %[[D:.*]] = arith.subf %[[M]], %[[XT]]
//  CHECK-NEXT:     %[[LOSS:.*]] = arith.addf %[[D]], %[[LOG]]
//  CHECK-NEXT:     softmax.yield %[[LOSS]] : f32
//  CHECK-NEXT:   } result {
//  CHECK-NEXT:   ^bb0(%{{.*}}: f32, %{{.*}}: i64, %[[P:.*]]: f32, %{{.*}}: f32, %{{.*}}: f32):
//  CHECK-NEXT:     softmax.yield %[[P]]
//   CHECK-NOT:   softmax.generic
//       CHECK:   return %[[R]]#0, %[[R]]#1
func.func @cross_entropy(%x: tensor<?x?xf32>, %t: tensor<?xi64>, %e: tensor<?x?xf32>, %l: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>) {
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  // expected-remark @below {{'softmax.generic' is merged with the op before it over the same rows, which are read once}}
  %loss = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum] maps = [#id, #row, #row]
    ins(%x, %t : tensor<?x?xf32>, tensor<?xi64>) outs(%l : tensor<?xf32>)
    logit {
    ^bb0(%a: f32, %te: i64):
      %j = softmax.index 1
      %0 = arith.index_cast %j : index to i64
      %here = arith.cmpi eq, %0, %te : i64
      %zero = arith.constant 0.0 : f32
      %pick = arith.select %here, %a, %zero : f32
      softmax.yield %a, %pick : f32, f32
    } row {
    ^bb0(%te: i64, %m: f32, %s: f32, %xt: f32):
      %0 = math.log %s : f32
      %1 = arith.subf %m, %xt : f32
      %2 = arith.addf %1, %0 : f32
      softmax.yield %2 : f32
    } -> tensor<?xf32>
  return %p, %loss : tensor<?x?xf32>, tensor<?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// The logits are the same where the same operations make them, in whatever
// order their inputs stand; values are handed on by both.
// CHECK-LABEL: func @same_logits
//       CHECK:   statistics = [#softmax.max_sumexp]
//       CHECK:     arith.mulf
//   CHECK-NOT:     arith.mulf
//       CHECK:   row {
//       CHECK:     softmax.yield %[[M:.*]], %[[S:.*]] : f32, f32
//       CHECK:   ^bb0(%{{.*}}: f32, %{{.*}}: f32, %[[P:.*]]: f32, %[[LOGP:.*]]: f32, %[[H:.*]]: f32, %[[G:.*]]: f32):
//  CHECK-NEXT:     %[[A:.*]] = arith.mulf %[[P]], %[[H]]
//  CHECK-NEXT:     %[[B:.*]] = arith.addf %[[LOGP]], %[[G]]
//  CHECK-NEXT:     softmax.yield %[[A]], %[[B]]
//   CHECK-NOT:   softmax.generic
func.func @same_logits(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  // expected-note @below {{with this operation}}
  %p = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id, #id]
    ins(%x, %y : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>)
    logit {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.mulf %a, %b : f32
      softmax.yield %0 : f32
    } row {
    ^bb0(%m: f32, %s: f32):
      softmax.yield %m : f32
    } result {
    ^bb0(%a: f32, %b: f32, %q: f32, %logq: f32, %h: f32):
      %0 = arith.mulf %q, %h : f32
      softmax.yield %0 : f32
    } -> tensor<?x?xf32>
  // expected-remark @below {{is merged with}}
  %q = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id, #id]
    ins(%y, %x : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>)
    logit {
    ^bb0(%b: f32, %a: f32):
      %0 = arith.mulf %a, %b : f32
      softmax.yield %0 : f32
    } row {
    ^bb0(%m: f32, %s: f32):
      softmax.yield %s : f32
    } result {
    ^bb0(%b: f32, %a: f32, %r: f32, %logr: f32, %g: f32):
      %0 = arith.addf %logr, %g : f32
      softmax.yield %0 : f32
    } -> tensor<?x?xf32>
  return %p, %q : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

// An lse does not depend on what a masked row gives: the policy of the other
// holds (C-INF-2).
// CHECK-LABEL: func @masked_row
//       CHECK:   statistics = [#softmax.max_sumexp<masked_row = zero>]
//   CHECK-NOT:   softmax.generic
func.func @masked_row(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>, %l: tensor<?xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  // expected-note @below {{with this operation}}
  %lse = softmax.logsumexp dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  // expected-remark @below {{is merged with}}
  %p = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %lse, %p : tensor<?xf32>, tensor<?x?xf32>
}

// -----

// One statistic more, without a region in common.
// CHECK-LABEL: func @sum_beside
//       CHECK:   %[[R:.*]]:2 = softmax.generic dimensions = [1] statistics = [#softmax.sum, #softmax.max_sumexp]
//       CHECK:   return %[[R]]#1, %[[R]]#0
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @sum_beside(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>, %l: tensor<?xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  // expected-note @below {{with this operation}}
  %s = softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row] ins(%x : tensor<?x?xf32>) outs(%l : tensor<?xf32>)
    logit { ^bb0(%a: f32): softmax.yield %a : f32 }
    row { ^bb0(%t: f32): softmax.yield %t : f32 } -> tensor<?xf32>
  // expected-remark @below {{is merged with}}
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %s, %p : tensor<?xf32>, tensor<?x?xf32>
}

// -----

// Not one pass: other dimensions, two exponentials per element, other policies
// for masked rows.
// CHECK-LABEL: func @apart
// CHECK-COUNT-4: softmax.generic
func.func @apart(%x: tensor<8x8xf32>, %s: f32, %e: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) {
  // expected-note @below {{with this operation}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  // expected-remark @below {{'softmax.softmax' is not fused: both read one tensor, but over different dimensions}}
  // expected-note @below {{with this operation}}
  %1 = softmax.softmax dimensions = [0] ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  // expected-remark @below {{'softmax.softmax' is not fused: both form exponentials, of different logits or with another masked_row, and one pass keeps those of one of them}}
  // expected-remark @below {{'softmax.softmax' is not fused: both read one tensor, but over different dimensions}}
  %2 = softmax.softmax dimensions = [1] ins(%x : tensor<8x8xf32>) scale(%s : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  // expected-remark @below {{'softmax.softmax' is not fused: both form exponentials, of different logits or with another masked_row, and one pass keeps those of one of them}}
  // expected-remark @below {{'softmax.softmax' is not fused: both read one tensor, but over different dimensions}}
  %3 = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0, %1, %2, %3 : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#transposed = affine_map<(i, j) -> (j, i)>
#row = affine_map<(i, j) -> (i)>
// Nor where one depends on the other, or an operand would change how the rows
// of the other lie in memory, or the types it computes in (C-TYPE-2).
// CHECK-LABEL: func @dependent
// CHECK-COUNT-4: softmax.generic
func.func @dependent(%x: tensor<8x8xf32>, %e: tensor<8x8xf32>, %l: tensor<8xf32>, %d: tensor<8xf64>) -> (tensor<8x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf64>) {
  // expected-note @below {{with this operation}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  // expected-remark @below {{'softmax.generic' is not fused: one depends on the other's results}}
  %1 = softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id, #row] ins(%x, %0 : tensor<8x8xf32>, tensor<8x8xf32>) outs(%l : tensor<8xf32>)
    logit {
    ^bb0(%a: f32, %b: f32):
      %m = arith.mulf %a, %b : f32
      softmax.yield %m : f32
    }
    row { ^bb0(%t: f32): softmax.yield %t : f32 } -> tensor<8xf32>
  // expected-remark @below {{'softmax.generic' is not fused: an operand is transposed, so that the rows of both together would be laid out unlike those of one}}
  %2 = softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #transposed, #row] ins(%x, %e : tensor<8x8xf32>, tensor<8x8xf32>) outs(%l : tensor<8xf32>)
    logit {
    ^bb0(%a: f32, %b: f32):
      %m = arith.mulf %a, %b : f32
      softmax.yield %m : f32
    }
    row { ^bb0(%t: f32): softmax.yield %t : f32 } -> tensor<8xf32>
  // expected-remark @below {{'softmax.logsumexp' is not fused: they have different compute types (C-TYPE-2)}}
  %3 = softmax.logsumexp dimensions = [1] ins(%x : tensor<8x8xf32>) outs(%d : tensor<8xf64>) -> tensor<8xf64>
  return %0, %1, %2, %3 : tensor<8x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf64>
}
