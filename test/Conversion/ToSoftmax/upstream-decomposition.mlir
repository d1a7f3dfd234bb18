// Form P9: what linalg.softmax decomposes itself into, made by the stock
// mlir-opt as the test runs, alone and after upstream's own fusion.
// RUN: mlir-opt %s --transform-interpreter -o %t.mlir
// RUN: FileCheck %s --check-prefix=FORM < %t.mlir
// RUN: softmax-opt %t.mlir --softmax-raise | FileCheck %s
// RUN: mlir-opt %t.mlir --linalg-fuse-elementwise-ops --canonicalize --cse | softmax-opt --softmax-raise | FileCheck %s --check-prefix=FUSED
// RUN: mlir-opt %t.mlir --linalg-specialize-generic-ops | softmax-opt --softmax-raise | FileCheck %s
// RUN: mlir-opt %t.mlir --linalg-morph-ops=generic-to-named | softmax-opt --softmax-raise | FileCheck %s

// The form is as the matcher expects it; should a later version print another,
// this says so.
// FORM-LABEL: func @f32
// FORM: arith.constant 0xFFC00000 : f32
// FORM: arith.maxnumf
// FORM: math.exp
// FORM: arith.addf
// FORM: arith.divf
// FORM-NOT: linalg.softmax dimension

// CHECK-LABEL: func @f32
// CHECK-SAME: (%[[X:.*]]: tensor<?x10xf32>, %[[INIT:.*]]: tensor<?x10xf32>)
// CHECK: softmax.softmax dimensions = [1] ins(%[[X]] : tensor<?x10xf32>) outs(%[[INIT]] : tensor<?x10xf32>)
// CHECK-NOT: linalg.
// CHECK-LABEL: func @f16
// CHECK: softmax.softmax dimensions = [0] ins(%{{.*}} : tensor<4x5x6xf16>)
// CHECK-NOT: linalg.
// CHECK-LABEL: func @bf16
// CHECK: softmax.softmax dimensions = [1] ins(%{{.*}} : tensor<4x?x6xbf16>)
// CHECK-NOT: linalg.
// CHECK-LABEL: func @f64
// CHECK: softmax.softmax dimensions = [0] ins(%{{.*}} : tensor<?xf64>)
// CHECK-NOT: linalg.
// CHECK: named_sequence

// FUSED-LABEL: func @f32
// FUSED: softmax.softmax dimensions = [1]
// FUSED-NOT: linalg.
// FUSED-LABEL: func @f16
// FUSED: softmax.softmax dimensions = [0]
// FUSED-NOT: linalg.
// FUSED-LABEL: func @bf16
// FUSED: softmax.softmax dimensions = [1]
// FUSED-NOT: linalg.
// FUSED-LABEL: func @f64
// FUSED: softmax.softmax dimensions = [0]
// FUSED-NOT: linalg.
// FUSED: named_sequence

module attributes {transform.with_named_sequence} {
  func.func @f32(%x: tensor<?x10xf32>, %init: tensor<?x10xf32>) -> tensor<?x10xf32> {
    %p = linalg.softmax dimension(1) ins(%x : tensor<?x10xf32>) outs(%init : tensor<?x10xf32>) -> tensor<?x10xf32>
    return %p : tensor<?x10xf32>
  }
  func.func @f16(%x: tensor<4x5x6xf16>, %init: tensor<4x5x6xf16>) -> tensor<4x5x6xf16> {
    %p = linalg.softmax dimension(0) ins(%x : tensor<4x5x6xf16>) outs(%init : tensor<4x5x6xf16>) -> tensor<4x5x6xf16>
    return %p : tensor<4x5x6xf16>
  }
  func.func @bf16(%x: tensor<4x?x6xbf16>, %init: tensor<4x?x6xbf16>) -> tensor<4x?x6xbf16> {
    %p = linalg.softmax dimension(1) ins(%x : tensor<4x?x6xbf16>) outs(%init : tensor<4x?x6xbf16>) -> tensor<4x?x6xbf16>
    return %p : tensor<4x?x6xbf16>
  }
  func.func @f64(%x: tensor<?xf64>, %init: tensor<?xf64>) -> tensor<?xf64> {
    %p = linalg.softmax dimension(0) ins(%x : tensor<?xf64>) outs(%init : tensor<?xf64>) -> tensor<?xf64>
    return %p : tensor<?xf64>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %softmax = transform.structured.match ops{["linalg.softmax"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.structured.decompose_interface %softmax : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
