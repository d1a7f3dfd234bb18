// RUN: softmax-opt %s --softmax-add-row-range | FileCheck %s

// C-DET-1: kernels of one op can be divided by rows, any others run as a whole.

// CHECK-LABEL: func.func private @rows__units(
// CHECK-SAME: %[[X:.*]]: memref<?x?x4xf32>, %[[Y:.*]]: memref<?x?x4xf32>) -> index
// CHECK-DAG: %[[D0:.*]] = memref.dim %[[Y]], %c0
// CHECK-DAG: %[[D2:.*]] = arith.constant 4 : index
// CHECK: %[[UNITS:.*]] = arith.muli %[[D0]], %[[D2]]
// CHECK: return %[[UNITS]]
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[BEGIN:[a-z0-9]+]]: index, %[[END:[a-z0-9]+]]: index)
// CHECK-SAME: ops = [{dimensions = array<i64: 1>, statistics = [#softmax.max_sumexp]}]
// CHECK: softmax.generic
// CHECK-SAME: rows(%[[BEGIN]], %[[END]])
func.func @rows(%x: memref<?x?x4xf32>, %y: memref<?x?x4xf32>) attributes {
    softmax.kernel = {single_op = true, op = "softmax", operands = [
      {name = "logits", kind = "input", type = tensor<?x?x4xf32>, shape = ["s0", "s1", 4]},
      {name = "probabilities", kind = "output", type = tensor<?x?x4xf32>, shape = ["s0", "s1", 4]}]}} {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>]
    ins(%x : memref<?x?x4xf32>) outs(%y : memref<?x?x4xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// A vector is one row.
// CHECK-LABEL: func.func private @vector__units(
// CHECK: %[[ONE:.*]] = arith.constant 1 : index
// CHECK: return %[[ONE]]
func.func @vector(%x: memref<?xf32>, %y: memref<?xf32>) attributes {
    softmax.kernel = {single_op = true, op = "softmax", operands = [
      {name = "logits", kind = "input", type = tensor<?xf32>, shape = ["s0"]},
      {name = "probabilities", kind = "output", type = tensor<?xf32>, shape = ["s0"]}]}} {
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>]
    ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// A square operand read transposed must not be overwritten in place, though
// its type is the output's (C-SHAPE-1).
// CHECK-LABEL: func.func @transposed(
// CHECK-SAME: never_in_place = [array<i64: 1, 2>]
func.func @transposed(%x: memref<8x8xf32>, %b: memref<8x8xf32>, %y: memref<8x8xf32>) attributes {
    softmax.kernel = {single_op = true, op = "softmax", operands = [
      {name = "x", kind = "input", type = tensor<8x8xf32>, shape = [8, 8]},
      {name = "b", kind = "input", type = tensor<8x8xf32>, shape = [8, 8]},
      {name = "y", kind = "output", type = tensor<8x8xf32>, shape = [8, 8]}]}} {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x, %b : memref<8x8xf32>, memref<8x8xf32>) outs(%y : memref<8x8xf32>)
    logit { ^bb0(%e: f32, %bias: f32): %l = arith.addf %e, %bias : f32
            softmax.yield %l : f32 }
    result { ^bb0(%e: f32, %bias: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// Two ops, the second of which reads what the first wrote: no range.
// CHECK-LABEL: func.func @twice(
// CHECK-SAME: %{{[a-z0-9]+}}: memref<?x?xf32>, %{{[a-z0-9]+}}: memref<?x?xf32>)
// CHECK-NOT: rows(
// CHECK-LABEL: func.func @helper(
func.func @twice(%x: memref<?x?xf32>, %y: memref<?x?xf32>) attributes {
    softmax.kernel = {single_op = false, op = "function", operands = [
      {name = "x", kind = "input", type = tensor<?x?xf32>, shape = ["s0", "s1"]},
      {name = "y", kind = "output", type = tensor<?x?xf32>, shape = ["s0", "s1"]}]}} {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%y : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// No kernel.
func.func @helper(%x: memref<?xf32>, %y: memref<?xf32>) {
  // CHECK-NOT: rows(
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>]
    ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
