// RUN: softmax-opt %s --softmax-differentiate | FileCheck %s
// RUN: softmax-opt %s --softmax-differentiate=with-results | FileCheck %s --check-prefix=RESULTS
// RUN: softmax-opt %s "--softmax-differentiate=functions=selected,mixed arguments=1 suffix=_grad" | FileCheck %s --check-prefix=SELECTED
// RUN: not softmax-opt %s "--softmax-differentiate=functions=missing" 2>&1 | FileCheck %s --check-prefix=MISSING
// What is made lowers to every target.
// RUN: softmax-opt %s --softmax-differentiate --softmax-to-llvm | FileCheck %s --check-prefix=LLVM
// RUN: softmax-opt %s --softmax-differentiate --softmax-decompose | FileCheck %s --check-prefix=LINALG
// LLVM: llvm.func @scaled_vjp
// LLVM-NOT: {{softmax\.[a-z_]+ dimensions}}
// LINALG: func.func @scaled_vjp
// LINALG-NOT: {{softmax\.[a-z_]+ dimensions}}
// MISSING: error: softmax-differentiate: there is no function '@missing' in this module

// The backward op multiplies by the scale; a value that only sizes are taken of
// is not computed.
// CHECK-LABEL: func.func @scaled(
// CHECK-NOT: softmax.differentiate
// CHECK-LABEL: func.func @scaled_vjp(
// CHECK-SAME: %[[X:.*]]: tensor<?x10xf32>, %[[S:.*]]: f32, %[[DY:.*]]: tensor<?x10xf32>) -> tensor<?x10xf32> {
// CHECK: %[[Y:.*]] = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%[[X]] : tensor<?x10xf32>) scale(%[[S]] : f32)
// CHECK: %[[DX:.*]] = softmax.softmax_backward dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%[[DY]], %[[Y]] : tensor<?x10xf32>, tensor<?x10xf32>) scale(%[[S]] : f32)
// CHECK-NEXT: return %[[DX]] : tensor<?x10xf32>
// RESULTS-LABEL: func.func @scaled_vjp(
// RESULTS: %[[Y:.*]] = softmax.softmax
// RESULTS: return %[[Y]], %{{.*}} : tensor<?x10xf32>, tensor<?x10xf32>
func.func @scaled(%x: tensor<?x10xf32>, %s: f32) -> tensor<?x10xf32> attributes {softmax.differentiate = array<i64: 0>} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %i = tensor.empty(%n) : tensor<?x10xf32>
  %y = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<?x10xf32>) scale(%s : f32) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// All floats; C-TYPE-2: what is between narrow types is f32, and rounded once.
// The label's type has no gradient.
// CHECK-LABEL: func.func @bias_vjp(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf16>, %[[B:.*]]: tensor<8xbf16>, %[[M:.*]]: tensor<4x8xi1>, %[[DY:.*]]: tensor<4x8xf16>) -> (tensor<4x8xf16>, tensor<8xbf16>) {
// CHECK: %[[Y:.*]] = softmax.log_softmax
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: %[[KEPT:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[M]] :
// CHECK: arith.select
// CHECK: %[[G:.*]] = softmax.log_softmax_backward dimensions = [1] ins(%[[KEPT]], %[[Y]] : tensor<4x8xf32>, tensor<4x8xf16>) outs(%{{.*}} : tensor<4x8xf32>)
// CHECK: %[[DB:.*]] = softmax.generic dimensions = [0] statistics = [#softmax.sum]
// CHECK-SAME: ins(%[[G]] : tensor<4x8xf32>) outs(%{{.*}} : tensor<8xf32>)
// CHECK: ins(%[[G]] : tensor<4x8xf32>)
// CHECK: arith.truncf %{{.*}} : f32 to f16
// CHECK: ins(%[[DB]] : tensor<8xf32>)
// CHECK: arith.truncf %{{.*}} : f32 to bf16
func.func @bias(%x: tensor<4x8xf16>, %b: tensor<8xbf16>, %m: tensor<4x8xi1>) -> tensor<4x8xf16> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<4x8xf16>
  %y = softmax.log_softmax dimensions = [1] ins(%x : tensor<4x8xf16>) bias(%b : tensor<8xbf16>) mask(%m : tensor<4x8xi1>) outs(%i : tensor<4x8xf16>) -> tensor<4x8xf16>
  return %y : tensor<4x8xf16>
}

// The gradient of a scalar is a tensor of rank 0: a sum over everything.
// CHECK-LABEL: func.func @temperature_vjp(
// CHECK-SAME: -> (tensor<4x8xf32>, tensor<f32>) {
// CHECK: %[[P:.*]] = softmax.softmax
// CHECK-NOT: softmax.softmax_backward
// CHECK: arith.mulf
// CHECK: %[[DS:.*]] = softmax.generic dimensions = [0, 1] statistics = [#softmax.sum]
// CHECK: return %{{.*}}, %[[DS]] :
func.func @temperature(%x: tensor<4x8xf32>, %s: f32) -> tensor<4xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<4xf32>
  %l = softmax.logsumexp dimensions = [1] ins(%x : tensor<4x8xf32>) scale(%s : f32) outs(%i : tensor<4xf32>) -> tensor<4xf32>
  return %l : tensor<4xf32>
}

// Without an lse the loss itself is not computed again.
// CHECK-LABEL: func.func @loss_vjp(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[T:.*]]: tensor<4xi64>, %[[G:.*]]: tensor<4xf32>)
// CHECK-NOT: softmax.cross_entropy dimensions
// CHECK: %[[L:.*]] = softmax.logsumexp dimensions = [1] ins(%[[X]] : tensor<4x8xf32>)
// CHECK: softmax.cross_entropy_backward dimensions = [1] {ignore_index = -100 : i64, label_smoothing = 1.000000e-01 : f64} ins(%[[X]], %[[T]], %[[L]], %[[G]] :
func.func @loss(%x: tensor<4x8xf32>, %t: tensor<4xi64>) -> tensor<4xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<4xf32>
  %l = softmax.cross_entropy dimensions = [1] {ignore_index = -100 : i64, label_smoothing = 1.000000e-01 : f64}
    ins(%x, %t : tensor<4x8xf32>, tensor<4xi64>) outs(%i : tensor<4xf32>) -> tensor<4xf32>
  return %l : tensor<4xf32>
}

// Products stay products of matrices: dA = dC B^T and dB = A^T dC. What the
// product is added to has its gradient; a value that is used twice the sum.
// CHECK-LABEL: func.func @matmul_vjp(
// CHECK-SAME: %[[A:.*]]: tensor<4x5xf32>, %[[B:.*]]: tensor<5x6xf32>, %[[C:.*]]: tensor<4x6xf32>, %[[DY:.*]]: tensor<4x6xf32>, %[[DC:.*]]: tensor<4x6xf32>)
// CHECK: %[[DA:.*]] = linalg.matmul indexing_maps = [#{{.*}}, #{{.*}}, #{{.*}}] ins(%[[DY]], %[[B]] :
// CHECK: %[[DB:.*]] = linalg.matmul indexing_maps = [#{{.*}}, #{{.*}}, #{{.*}}] ins(%[[A]], %[[DY]] :
// CHECK: %[[SUM:.*]] = linalg.add ins(%[[DC]], %[[DY]] :
// CHECK: return %[[DA]], %[[DB]], %[[SUM]]
func.func @matmul(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>, %c: tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>) attributes {softmax.differentiate} {
  %y = linalg.matmul ins(%a, %b : tensor<4x5xf32>, tensor<5x6xf32>) outs(%c : tensor<4x6xf32>) -> tensor<4x6xf32>
  return %y, %c : tensor<4x6xf32>, tensor<4x6xf32>
}

// Products of narrow matrices add in f32. The second adds to what the first
// gave.
// CHECK-LABEL: func.func @narrow_vjp(
// CHECK: %[[FIRST:.*]] = linalg.matmul {{.*}} ins(%{{.*}}, %{{.*}} : tensor<4x6xf32>, tensor<5x6xf16>) outs(%{{.*}} : tensor<4x5xf32>)
// CHECK: linalg.matmul {{.*}} outs(%[[FIRST]] : tensor<4x5xf32>)
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @narrow(%a: tensor<4x5xf16>, %b: tensor<5x6xf16>, %z: tensor<4x6xf16>) -> (tensor<4x6xf16>, tensor<4x6xf16>) attributes {softmax.differentiate = array<i64: 0>} {
  %y = linalg.matmul ins(%a, %b : tensor<4x5xf16>, tensor<5x6xf16>) outs(%z : tensor<4x6xf16>) -> tensor<4x6xf16>
  %u = linalg.matmul ins(%a, %b : tensor<4x5xf16>, tensor<5x6xf16>) outs(%y : tensor<4x6xf16>) -> tensor<4x6xf16>
  return %y, %u : tensor<4x6xf16>, tensor<4x6xf16>
}

// Gradients that operands have in common are computed once: the logits' and the
// bias's of tanh(x + b), of which the bias's is summed.
// CHECK-LABEL: func.func @common_vjp(
// CHECK: %[[G:.*]] = linalg.generic
// CHECK: math.tanh
// CHECK-NOT: linalg.generic
// CHECK: %[[DB:.*]] = softmax.generic dimensions = [0] statistics = [#softmax.sum] {{.*}} ins(%[[G]] :
// CHECK: return %[[G]], %[[DB]]
func.func @common(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<4x8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
    ins(%x, %b : tensor<4x8xf32>, tensor<8xf32>) outs(%i : tensor<4x8xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %0 = arith.addf %a, %c : f32
    %1 = math.tanh %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// A sum, a difference, and a product by a constant compute nothing of the
// forward function; a square reads its operand once.
// CHECK-LABEL: func.func @linear_vjp(
// CHECK-SAME: %[[X:.*]]: tensor<8xf32>, %[[Y:.*]]: tensor<8xf32>, %[[D:.*]]: tensor<8xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[X]], %[[D]] :
// CHECK-NOT: math
// CHECK: return %{{.*}}, %[[D]]
func.func @linear(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<8xf32>
  %e = linalg.exp ins(%x : tensor<8xf32>) outs(%i : tensor<8xf32>) -> tensor<8xf32>
  %n = linalg.floor ins(%e : tensor<8xf32>) outs(%i : tensor<8xf32>) -> tensor<8xf32>
  %q = linalg.elementwise kind = #linalg.elementwise_kind<mul> ins(%x, %x : tensor<8xf32>, tensor<8xf32>) outs(%i : tensor<8xf32>) -> tensor<8xf32>
  %0 = linalg.add ins(%q, %y : tensor<8xf32>, tensor<8xf32>) outs(%i : tensor<8xf32>) -> tensor<8xf32>
  %1 = linalg.add ins(%0, %n : tensor<8xf32>, tensor<8xf32>) outs(%i : tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// Named ops that only move elements, and a map with a body of its own.
// CHECK-LABEL: func.func @moved_vjp(
// CHECK: return %{{.*}} : tensor<4x8xf32>
func.func @moved(%x: tensor<4x8xf32>) -> tensor<8x4xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<8x4xf32>
  %t = linalg.transpose ins(%x : tensor<4x8xf32>) outs(%i : tensor<8x4xf32>) permutation = [1, 0]
  %c = linalg.copy ins(%t : tensor<8x4xf32>) outs(%i : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = linalg.map { math.exp } ins(%c : tensor<8x4xf32>) outs(%i : tensor<8x4xf32>)
  return %y : tensor<8x4xf32>
}

// Nothing depends on the argument: zeros. Effects stay.
// CHECK-LABEL: func.func @unused_vjp(
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>, %[[Y:.*]]: tensor<4xf32>, %[[M:.*]]: memref<1xf32>, %{{.*}}: tensor<4xf32>)
// CHECK: memref.store %{{.*}}, %[[M]]
// CHECK: %[[Z:.*]] = linalg.fill {{.*}} -> tensor<?xf32>
// CHECK: return %[[Z]]
func.func @unused(%x: tensor<?xf32>, %y: tensor<4xf32>, %m: memref<1xf32>) -> tensor<4xf32> attributes {softmax.differentiate = array<i64: 0>} {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  memref.store %one, %m[%c0] : memref<1xf32>
  return %y : tensor<4xf32>
}

// Named by an option, which numbers the argument too; an attribute's own numbers
// prevail.
// CHECK-LABEL: func.func private @selected(
// CHECK-NOT: @selected_vjp
// SELECTED: func.func @scaled_grad({{.*}} -> tensor<?x10xf32> {
// SELECTED: func.func private @selected_grad({{.*}} -> tensor<4xf32> {
// SELECTED: func.func @mixed_grad(%{{.*}}: tensor<4x5xf32>, %{{.*}}: tensor<5x6xf64>, %{{.*}}: tensor<4x6xf64>) -> tensor<5x6xf64>
// SELECTED: linalg.matmul
// SELECTED-NOT: linalg.matmul
func.func private @selected(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.mulf %x, %y : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// The gradient of the f32 matrix is rounded from products in f64: no named op
// says that.
// CHECK-LABEL: func.func @mixed_vjp(
// CHECK: linalg.generic {{.*}}"reduction"
// CHECK: arith.mulf %{{.*}}, %{{.*}} : f64
// CHECK: arith.truncf %{{.*}} : f64 to f32
func.func @mixed(%a: tensor<4x5xf32>, %b: tensor<5x6xf64>) -> tensor<4x6xf64> attributes {softmax.differentiate} {
  %z = arith.constant 0.0 : f64
  %e = tensor.empty() : tensor<4x6xf64>
  %i = linalg.fill ins(%z : f64) outs(%e : tensor<4x6xf64>) -> tensor<4x6xf64>
  %y = linalg.matmul ins(%a, %b : tensor<4x5xf32>, tensor<5x6xf64>) outs(%i : tensor<4x6xf64>) -> tensor<4x6xf64>
  return %y : tensor<4x6xf64>
}
