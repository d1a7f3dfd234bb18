// Losses: text, generic text and bytecode give the same op back.
// RUN: softmax-opt %s | softmax-opt | FileCheck %s
// RUN: softmax-opt %s --mlir-print-op-generic | softmax-opt | FileCheck %s
// RUN: softmax-opt %s --emit-bytecode -o %t.mlirbc && softmax-opt %t.mlirbc | FileCheck %s

// CHECK-LABEL: func @classes
//       CHECK:   %[[R:.*]]:2 = softmax.cross_entropy dimensions = [1] ins(%{{.*}}, %{{.*}} : tensor<?x10xf32>, tensor<?xi64>) outs(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
//       CHECK:   softmax.cross_entropy_backward dimensions = [1] ins(%{{.*}}, %{{.*}}, %[[R]]#1, %[[R]]#0 : tensor<?x10xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>) outs(%{{.*}} : tensor<?x10xf32>) -> tensor<?x10xf32>
func.func @classes(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?x10xf32> {
  %loss, %l = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%a, %b : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
  %dx = softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l, %loss : tensor<?x10xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>) outs(%x : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %dx : tensor<?x10xf32>
}

// Attributes; defaults are not printed. The lse is optional.
// CHECK-LABEL: func @attributes
//       CHECK:   softmax.cross_entropy dimensions = [0] {ignore_index = -100 : i64, label_smoothing = 1.000000e-01 : f64, masked_row = #softmax.masked_row<zero>} ins(%{{.*}}, %{{.*}} : memref<?x?xbf16>, memref<?xi32>) outs(%{{.*}} : memref<?xf32>)
//       CHECK:   softmax.cross_entropy dimensions = [0] ins(%{{.*}}, %{{.*}} : memref<?x?xbf16>, memref<?xi32>) outs(%{{.*}} : memref<?xf32>){{$}}
//       CHECK:   softmax.cross_entropy_backward dimensions = [0] {ignore_index = 3 : i64} ins(%{{.*}}, %{{.*}}, %[[L:.*]], %[[L]] : memref<?x?xbf16>, memref<?xi32>, memref<?xf32>, memref<?xf32>) outs(%{{.*}} : memref<?x?xbf16>)
func.func @attributes(%x: memref<?x?xbf16>, %t: memref<?xi32>, %l: memref<?xf32>) {
  softmax.cross_entropy dimensions = [0] {ignore_index = -100 : i64, label_smoothing = 0.1 : f64, masked_row = #softmax.masked_row<zero>}
    ins(%x, %t : memref<?x?xbf16>, memref<?xi32>) outs(%l : memref<?xf32>)
  softmax.cross_entropy dimensions = [0] {label_smoothing = 0.0 : f64} ins(%x, %t : memref<?x?xbf16>, memref<?xi32>) outs(%l : memref<?xf32>)
  softmax.cross_entropy_backward dimensions = [0] {ignore_index = 3 : i64, masked_row = #softmax.masked_row<nan>}
    ins(%x, %t, %l, %l : memref<?x?xbf16>, memref<?xi32>, memref<?xf32>, memref<?xf32>) outs(%x : memref<?x?xbf16>)
  return
}

// Probabilities: joint dimensions, one row, a type of their own; C-TYPE-2: one
// f64 makes loss and lse f64.
// CHECK-LABEL: func @probabilities
//       CHECK:   softmax.cross_entropy dimensions = [0, 1] ins(%{{.*}}, %{{.*}} : memref<2x3xf32>, memref<2x3xf64>) outs(%{{.*}}, %{{.*}} : memref<f64>, memref<f64>)
//       CHECK:   softmax.cross_entropy_backward dimensions = [0, 1] ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : memref<2x3xf32>, memref<2x3xf64>, memref<f64>, memref<f64>) outs(%{{.*}} : memref<2x3xf16>)
func.func @probabilities(%x: memref<2x3xf32>, %t: memref<2x3xf64>, %l: memref<f64>, %k: memref<f64>, %dx: memref<2x3xf16>) {
  softmax.cross_entropy dimensions = [0, 1] ins(%x, %t : memref<2x3xf32>, memref<2x3xf64>) outs(%l, %k : memref<f64>, memref<f64>)
  softmax.cross_entropy_backward dimensions = [0, 1] ins(%x, %t, %l, %l : memref<2x3xf32>, memref<2x3xf64>, memref<f64>, memref<f64>) outs(%dx : memref<2x3xf16>)
  return
}
