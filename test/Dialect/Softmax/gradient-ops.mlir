// Gradients: text, generic text and bytecode give the same op back.
// RUN: softmax-opt %s | softmax-opt | FileCheck %s
// RUN: softmax-opt %s --mlir-print-op-generic | softmax-opt | FileCheck %s
// RUN: softmax-opt %s --emit-bytecode -o %t.mlirbc && softmax-opt %t.mlirbc | FileCheck %s

// CHECK-LABEL: func @tensor
//       CHECK:   %[[DX:.*]] = softmax.softmax_backward dimensions = [1] ins(%{{.*}}, %{{.*}} : tensor<?x10xf32>, tensor<?x10xf32>) outs(%{{.*}} : tensor<?x10xf32>) -> tensor<?x10xf32>
//       CHECK:   return %[[DX]]
func.func @tensor(%dy: tensor<?x10xf32>, %y: tensor<?x10xf32>, %i: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %dx = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<?x10xf32>, tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %dx : tensor<?x10xf32>
}

// Joint dimensions, scale, in place; the default of masked_row is not printed.
// CHECK-LABEL: func @memref
//       CHECK:   softmax.log_softmax_backward dimensions = [0, 2] ins(%{{.*}}, %[[Y:.*]] : memref<3x4x5xf32>, memref<3x4x5xf32>) scale(%{{.*}} : f32) outs(%[[Y]] : memref<3x4x5xf32>){{$}}
func.func @memref(%dy: memref<3x4x5xf32>, %y: memref<3x4x5xf32>, %s: f32) {
  softmax.log_softmax_backward dimensions = [0, 2] {masked_row = #softmax.masked_row<nan>}
    ins(%dy, %y : memref<3x4x5xf32>, memref<3x4x5xf32>) scale(%s : f32) outs(%y : memref<3x4x5xf32>)
  return
}

// C-TYPE-1, C-TYPE-2: three element types, and one f64 makes scale f64.
// CHECK-LABEL: func @types
//       CHECK:   softmax.softmax_backward dimensions = [0] {masked_row = #softmax.masked_row<zero>} ins(%{{.*}}, %{{.*}} : memref<?x?xf16>, memref<?x?xbf16>) scale(%{{.*}} : f64) outs(%{{.*}} : memref<?x?xf64>)
//       CHECK:   softmax.log_softmax_backward dimensions = [1] ins(%{{.*}}, %{{.*}} : memref<?x?xbf16>, memref<?x?xf16>) outs(%{{.*}} : memref<?x?xf16>)
func.func @types(%a: memref<?x?xf16>, %b: memref<?x?xbf16>, %c: memref<?x?xf64>, %s: f64) {
  softmax.softmax_backward dimensions = [0] {masked_row = #softmax.masked_row<zero>} ins(%a, %b : memref<?x?xf16>, memref<?x?xbf16>)
    scale(%s : f64) outs(%c : memref<?x?xf64>)
  softmax.log_softmax_backward dimensions = [1] ins(%b, %a : memref<?x?xbf16>, memref<?x?xf16>) outs(%a : memref<?x?xf16>)
  return
}

// Static and dynamic sizes of one dimension may meet (C-SHAPE-1); empty rows
// (C-AXIS-2).
// CHECK-LABEL: func @sizes
//       CHECK:   ins(%{{.*}}, %{{.*}} : tensor<4x?xf32>, tensor<?x8xf32>) outs(%{{.*}} : tensor<?x?xf32>)
//       CHECK:   ins(%{{.*}}, %{{.*}} : tensor<7x0xf32>, tensor<7x0xf32>)
func.func @sizes(%dy: tensor<4x?xf32>, %y: tensor<?x8xf32>, %i: tensor<?x?xf32>, %e: tensor<7x0xf32>) {
  %0 = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x?xf32>, tensor<?x8xf32>) outs(%i : tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = softmax.softmax_backward dimensions = [1] ins(%e, %e : tensor<7x0xf32>, tensor<7x0xf32>) outs(%e : tensor<7x0xf32>) -> tensor<7x0xf32>
  return
}
