// Text, generic text and bytecode give the same op back.
// RUN: softmax-opt %s | softmax-opt | FileCheck %s
// RUN: softmax-opt %s --mlir-print-op-generic | softmax-opt | FileCheck %s
// RUN: softmax-opt %s --emit-bytecode -o %t.mlirbc && softmax-opt %t.mlirbc | FileCheck %s

// CHECK-LABEL: func @tensor
//       CHECK:   softmax.softmax dimensions = [1] ins(%{{.*}} : tensor<?x10xf32>) outs(%{{.*}} : tensor<?x10xf32>) -> tensor<?x10xf32>
func.func @tensor(%x: tensor<?x10xf32>, %init: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%init : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// All operands at once: scale, bias and mask that broadcast, lse.
// CHECK-LABEL: func @everything
//       CHECK:   %[[R:.*]]:2 = softmax.softmax dimensions = [2] {masked_row = #softmax.masked_row<zero>} ins(%{{.*}} : tensor<4x?x?xf16>)
//  CHECK-SAME:     scale(%{{.*}} : f32) bias(%{{.*}} : tensor<4x1x?xf16>) mask(%{{.*}} : tensor<?x?xi1>)
//  CHECK-SAME:     outs(%{{.*}}, %{{.*}} : tensor<4x?x?xf16>, tensor<4x?xf32>) -> tensor<4x?x?xf16>, tensor<4x?xf32>
//       CHECK:   return %[[R]]#0, %[[R]]#1
func.func @everything(%x: tensor<4x?x?xf16>, %s: f32, %b: tensor<4x1x?xf16>, %m: tensor<?x?xi1>,
                      %i: tensor<4x?x?xf16>, %j: tensor<4x?xf32>) -> (tensor<4x?x?xf16>, tensor<4x?xf32>) {
  %q, %lse = softmax.softmax dimensions = [2] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<4x?x?xf16>)
               scale(%s : f32) bias(%b : tensor<4x1x?xf16>) mask(%m : tensor<?x?xi1>)
               outs(%i, %j : tensor<4x?x?xf16>, tensor<4x?xf32>) -> tensor<4x?x?xf16>, tensor<4x?xf32>
  return %q, %lse : tensor<4x?x?xf16>, tensor<4x?xf32>
}

// The default of masked_row is not printed.
// CHECK-LABEL: func @joint_dimensions_on_memrefs
//       CHECK:   softmax.log_softmax dimensions = [0, 2] ins(%{{.*}} : memref<3x4x5xf32>) outs(%{{.*}} : memref<3x4x5xf32>){{$}}
func.func @joint_dimensions_on_memrefs(%x: memref<3x4x5xf32>, %y: memref<3x4x5xf32>) {
  softmax.log_softmax dimensions = [0, 2] {masked_row = #softmax.masked_row<nan>} ins(%x : memref<3x4x5xf32>) outs(%y : memref<3x4x5xf32>)
  return
}

// CHECK-LABEL: func @logsumexp
//       CHECK:   softmax.logsumexp dimensions = [1] ins(%{{.*}} : tensor<?x10xf16>) outs(%{{.*}} : tensor<?xf32>) -> tensor<?xf32>
func.func @logsumexp(%x: tensor<?x10xf16>, %init: tensor<?xf32>) -> tensor<?xf32> {
  %l = softmax.logsumexp dimensions = [1] ins(%x : tensor<?x10xf16>) outs(%init : tensor<?xf32>) -> tensor<?xf32>
  return %l : tensor<?xf32>
}

// Strides, offsets and memory spaces of memrefs; the lse of a vector has rank 0.
// CHECK-LABEL: func @memref_layouts
//       CHECK:   softmax.softmax dimensions = [0] ins(%{{.*}} : memref<?xf32, strided<[?], offset: ?>, 1>) mask(%{{.*}} : memref<?xi1>) outs(%{{.*}}, %{{.*}} : memref<?xbf16>, memref<f32>)
func.func @memref_layouts(%x: memref<?xf32, strided<[?], offset: ?>, 1>, %m: memref<?xi1>, %y: memref<?xbf16>, %l: memref<f32>) {
  softmax.softmax dimensions = [0] ins(%x : memref<?xf32, strided<[?], offset: ?>, 1>) mask(%m : memref<?xi1>)
    outs(%y, %l : memref<?xbf16>, memref<f32>)
  return
}

// C-TYPE-1, C-TYPE-2: types of input and output are independent, and one f64
// makes the compute type, and so scale and lse, f64.
// CHECK-LABEL: func @types
//       CHECK:   ins(%{{.*}} : memref<2x3xbf16>) outs(%{{.*}}, %{{.*}} : memref<2x3xf32>, memref<2xf32>)
//       CHECK:   ins(%{{.*}} : memref<2x3xf32>) outs(%{{.*}} : memref<2x3xf16>)
//       CHECK:   ins(%{{.*}} : memref<2x3xf16>) scale(%{{.*}} : f64) outs(%{{.*}}, %{{.*}} : memref<2x3xf64>, memref<2xf64>)
//       CHECK:   ins(%{{.*}} : memref<2x3xf64>) outs(%{{.*}} : memref<2x3xf64>)
//       CHECK:   ins(%{{.*}} : memref<2x3xf64>) scale(%{{.*}} : f64) bias(%{{.*}} : memref<3xf16>) outs(%{{.*}} : memref<2xf64>)
func.func @types(%f16: memref<2x3xf16>, %bf16: memref<2x3xbf16>, %f32: memref<2x3xf32>, %f64: memref<2x3xf64>,
                 %l32: memref<2xf32>, %l64: memref<2xf64>, %s: f64, %b: memref<3xf16>) {
  softmax.softmax dimensions = [1] ins(%bf16 : memref<2x3xbf16>) outs(%f32, %l32 : memref<2x3xf32>, memref<2xf32>)
  softmax.log_softmax dimensions = [1] ins(%f32 : memref<2x3xf32>) outs(%f16 : memref<2x3xf16>)
  softmax.softmax dimensions = [1] ins(%f16 : memref<2x3xf16>) scale(%s : f64) outs(%f64, %l64 : memref<2x3xf64>, memref<2xf64>)
  softmax.log_softmax dimensions = [0] ins(%f64 : memref<2x3xf64>) outs(%f64 : memref<2x3xf64>)
  softmax.logsumexp dimensions = [1] ins(%f64 : memref<2x3xf64>) scale(%s : f64) bias(%b : memref<3xf16>) outs(%l64 : memref<2xf64>)
  return
}

// C-AXIS-1: every dimension, all of them at once, rank 5; empty rows (C-AXIS-2).
// CHECK-LABEL: func @ranks
//       CHECK:   dimensions = [0] ins(%{{.*}} : tensor<1x2x3x4x5xf32>)
//       CHECK:   dimensions = [0, 1, 2, 3, 4] ins(%{{.*}} : tensor<1x2x3x4x5xf32>) outs(%{{.*}}, %{{.*}} : tensor<1x2x3x4x5xf32>, tensor<f32>)
//       CHECK:   dimensions = [1, 3] ins(%{{.*}} : tensor<1x2x3x4x5xf32>) outs(%{{.*}} : tensor<1x3x5xf32>)
//       CHECK:   dimensions = [1] ins(%{{.*}} : tensor<7x0xf32>)
func.func @ranks(%x: tensor<1x2x3x4x5xf32>, %l: tensor<f32>, %m: tensor<1x3x5xf32>, %e: tensor<7x0xf32>) {
  %0 = softmax.softmax dimensions = [0] ins(%x : tensor<1x2x3x4x5xf32>) outs(%x : tensor<1x2x3x4x5xf32>) -> tensor<1x2x3x4x5xf32>
  %1, %2 = softmax.log_softmax dimensions = [0, 1, 2, 3, 4] ins(%x : tensor<1x2x3x4x5xf32>)
             outs(%x, %l : tensor<1x2x3x4x5xf32>, tensor<f32>) -> tensor<1x2x3x4x5xf32>, tensor<f32>
  %3 = softmax.logsumexp dimensions = [1, 3] ins(%x : tensor<1x2x3x4x5xf32>) outs(%m : tensor<1x3x5xf32>) -> tensor<1x3x5xf32>
  %4 = softmax.softmax dimensions = [1] ins(%e : tensor<7x0xf32>) outs(%e : tensor<7x0xf32>) -> tensor<7x0xf32>
  return
}

// softmax.generic on memrefs, with every region.
// CHECK-LABEL: func @generic
//       CHECK:   softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#{{.*}}, #{{.*}}, #{{.*}}, #{{.*}}]
//  CHECK-SAME:     ins(%{{.*}}, %{{.*}} : memref<?x?xbf16>, memref<?xi8>) outs(%{{.*}}, %{{.*}} : memref<?x?xbf16>, memref<?xf32>)
//  CHECK-SAME:     logit {
//  CHECK-NEXT:     ^bb0(%{{.*}}: bf16, %{{.*}}: i8):
//       CHECK:       softmax.yield %{{.*}} : f32
//       CHECK:     } row {
//  CHECK-NEXT:     ^bb0(%{{.*}}: f32, %{{.*}}: f32):
//       CHECK:       softmax.yield %{{.*}} : f32
//       CHECK:     } result {
//  CHECK-NEXT:     ^bb0(%{{.*}}: bf16, %{{.*}}: i8, %{{.*}}: f32, %{{.*}}: f32):
//       CHECK:       softmax.yield %{{.*}} : bf16
//       CHECK:     }
//  CHECK-NEXT:   return
func.func @generic(%x: memref<?x?xbf16>, %keep: memref<?xi8>, %y: memref<?x?xbf16>, %lse: memref<?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>]
    ins(%x, %keep : memref<?x?xbf16>, memref<?xi8>) outs(%y, %lse : memref<?x?xbf16>, memref<?xf32>)
    logit {
    ^bb0(%e: bf16, %k: i8):
      %0 = arith.extf %e : bf16 to f32
      %zero = arith.constant 0 : i8
      %on = arith.cmpi ne, %k, %zero : i8
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %on, %0, %ninf : f32
      softmax.yield %l : f32
    } row {
    ^bb0(%max: f32, %sum: f32):
      %0 = math.log %sum : f32
      %l = arith.addf %max, %0 : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: bf16, %k: i8, %p: f32, %logp: f32):
      %r = arith.truncf %p : f32 to bf16
      softmax.yield %r : bf16
    }
  return
}

// On tensors, with a statistic of each kind, a schedule, softmax.index, a
// plain scalar operand and a broadcast size of 1.
// CHECK-LABEL: func @generic_tensor
//       CHECK:   softmax.generic dimensions = [0, 2] statistics = [#softmax.max_sumexp<masked_row = zero>, #softmax.sum]
//  CHECK-SAME:     ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3x4xf32>, index, tensor<2x1x4xf32>)
//  CHECK-SAME:     schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>, alternatives = [
//  CHECK-SAME:       <layout = row, max_columns = 128, strategy = registers, lanes = 16, vectors = 8, staging = recompute, tail = masked>,
//  CHECK-SAME:       <layout = inner, strategy = lanes_inner, lanes = 8, vectors = 2, staging = output, tail = pieces>,
//  CHECK-SAME:       <layout = any, strategy = packed, lanes = 16, vectors = 4, staging = scratch, tail = pieces>]>
//       CHECK:       softmax.index 1
//       CHECK:     } -> tensor<2x3x4xf32>
func.func @generic_tensor(%x: tensor<2x3x4xf32>, %n: index, %b: tensor<2x1x4xf32>) -> tensor<2x3x4xf32> {
  %0 = softmax.generic dimensions = [0, 2] statistics = [#softmax.max_sumexp<masked_row = zero>, #softmax.sum]
    maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> ()>, affine_map<(i, j, k) -> (i, 0, k)>, affine_map<(i, j, k) -> (i, j, k)>]
    ins(%x, %n, %b : tensor<2x3x4xf32>, index, tensor<2x1x4xf32>) outs(%x : tensor<2x3x4xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
      alternatives = [<layout = row, max_columns = 128, strategy = registers, lanes = 16, vectors = 8, staging = recompute, tail = masked>,
                      <layout = inner, strategy = lanes_inner, lanes = 8, vectors = 2, staging = output, tail = pieces>,
                      <layout = any, strategy = packed, lanes = 16, vectors = 4, staging = scratch, tail = pieces>]>
    logit {
    ^bb0(%e: f32, %last: index, %be: f32):
      %j = softmax.index 1
      %in = arith.cmpi ule, %j, %last : index
      %0 = arith.addf %e, %be : f32
      %ninf = arith.constant 0xFF800000 : f32
      %1 = arith.select %in, %0, %ninf : f32
      softmax.yield %1, %e : f32, f32
    } result {
    ^bb0(%e: f32, %last: index, %be: f32, %p: f32, %logp: f32, %sum: f32):
      %0 = arith.mulf %p, %sum : f32
      softmax.yield %0 : f32
    } -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// A range of rows.
// CHECK-LABEL: func @generic_rows
//       CHECK:   softmax.generic {{.*}} outs(%{{.*}} : memref<?x?xf32>) rows(%{{.*}}, %{{.*}}) logit
func.func @generic_rows(%x: memref<?x?xf32>, %begin: index, %end: index) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    ins(%x : memref<?x?xf32>) outs(%x : memref<?x?xf32>) rows(%begin, %end)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } result {
    ^bb0(%e: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    }
  return
}

// Attributes in places of their own.
// CHECK-LABEL: func private @attributes
//  CHECK-SAME:   a = #softmax.max_sumexp, b = #softmax.max_sumexp<masked_row = zero>, c = #softmax.sum, d = #softmax.topk<k = 5>, e = #softmax.masked_row<zero>
//  CHECK-SAME:   f = #softmax.schedule<numeric = <exp = plain, fma = false, group = 64, block = 64>, alternatives = [<layout = any, strategy = packed, lanes = 1, vectors = 1, staging = scratch, tail = masked>]>
func.func private @attributes() attributes {a = #softmax.max_sumexp, b = #softmax.max_sumexp<masked_row = zero>, c = #softmax.sum,
  d = #softmax.topk<k = 5>, e = #softmax.masked_row<zero>,
  f = #softmax.schedule<numeric = <exp = plain, fma = false, group = 64, block = 64>, alternatives = [<layout = any, strategy = packed, lanes = 1, vectors = 1, staging = scratch, tail = masked>]>}
