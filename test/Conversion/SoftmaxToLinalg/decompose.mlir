// RUN: softmax-opt %s --softmax-decompose --canonicalize --split-input-file | FileCheck %s

// Maxima from -inf ignoring NaN, sums in f64 from -0.0, then the results in the
// destination; nothing but the row statistics is allocated (C-SUM-1, C-NAN-1).
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func @softmax(
// CHECK-SAME:    %[[X:.*]]: tensor<?x10xf32>, %[[I:.*]]: tensor<?x10xf32>)
// CHECK-DAG:     %[[NINF:.*]] = arith.constant 0xFF800000 : f32
// CHECK-DAG:     %[[NZERO:.*]] = arith.constant -0.000000e+00 : f64
// CHECK:         %[[DIM:.*]] = tensor.dim %[[X]]
// CHECK:         tensor.empty(%[[DIM]]) : tensor<?xf32>
// CHECK:         %[[F0:.*]] = linalg.fill ins(%[[NINF]] : f32)
// CHECK:         %[[MAX:.*]] = linalg.generic {indexing_maps = [#[[ID]], #[[ROW]]], iterator_types = ["parallel", "reduction"]}
// CHECK-SAME:      ins(%[[X]] : tensor<?x10xf32>) outs(%[[F0]] : tensor<?xf32>)
// CHECK:           arith.cmpf ogt
// CHECK:           arith.select
// CHECK:         %[[F1:.*]] = linalg.fill ins(%[[NZERO]] : f64)
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]}
// CHECK-SAME:      ins(%[[X]], %[[MAX]] : tensor<?x10xf32>, tensor<?xf32>) outs(%[[F1]] : tensor<?xf64>)
// CHECK:           math.exp
// CHECK:           arith.extf %{{.*}} : f32 to f64
// CHECK:           arith.addf %{{.*}} : f64
// CHECK:         %[[P:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK-SAME:      ins(%[[X]], %[[MAX]], %[[SUM]] : tensor<?x10xf32>, tensor<?xf32>, tensor<?xf64>) outs(%[[I]] : tensor<?x10xf32>)
// CHECK:           arith.divf
// CHECK:         return %[[P]]
func.func @softmax(%x: tensor<?x10xf32>, %i: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// -----

// Row arguments need the third pass, and the row region stands over the
// parallel dimensions alone, in the order of the destination's map.
// CHECK-DAG: #[[T:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-DAG: #[[I2:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func @row(
// CHECK-SAME:    %[[X:.*]]: tensor<4x5x6xf64>, %[[S:.*]]: tensor<4xf64>, %[[I:.*]]: tensor<6x4xf64>)
// CHECK-COUNT-3: iterator_types = ["parallel", "reduction", "parallel"]
// CHECK:         %[[R:.*]] = linalg.generic {indexing_maps = [#{{.*}}, #[[I2]], #[[I2]], #[[I2]], #[[T]]], iterator_types = ["parallel", "parallel"]}
// CHECK-SAME:      ins(%[[S]], {{.*}}) outs(%[[I]] : tensor<6x4xf64>)
// CHECK-NOT:       arith.truncf
// CHECK:           linalg.index 1 : index
// CHECK:         return %[[R]]
func.func @row(%x: tensor<4x5x6xf64>, %s: tensor<4xf64>, %i: tensor<6x4xf64>) -> tensor<6x4xf64> {
  %l = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0)>,
            affine_map<(d0, d1, d2) -> (d2, d0)>]
    ins(%x, %s : tensor<4x5x6xf64>, tensor<4xf64>) outs(%i : tensor<6x4xf64>)
    logit {
    ^bb0(%e: f64, %v: f64):
      softmax.yield %e : f64
    } row {
    ^bb0(%v: f64, %max: f64, %sum: f64):
      %d2 = softmax.index 2
      %k = arith.index_cast %d2 : index to i64
      %f = arith.sitofp %k : i64 to f64
      %a = arith.addf %max, %f : f64
      %b = arith.mulf %a, %sum : f64
      %c = arith.mulf %b, %v : f64
      softmax.yield %c : f64
    } -> tensor<6x4xf64>
  return %l : tensor<6x4xf64>
}

// -----

// No statistic: one op. A coordinate inside a nested region is found too.
// CHECK-LABEL: func @no_statistic(
// CHECK-COUNT-1: linalg.generic
// CHECK:           %[[C:.*]] = linalg.index 1 : index
// CHECK:           scf.if
// CHECK:             arith.index_cast %[[C]]
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @no_statistic(%x: tensor<?x?xf32>, %i: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %l = softmax.generic dimensions = [1] statistics = []
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : tensor<?x?xf32>) outs(%i : tensor<?x?xf32>)
    result {
    ^bb0(%e: f32):
      %zero = arith.constant 0.0 : f32
      %positive = arith.cmpf ogt, %e, %zero : f32
      %r = scf.if %positive -> f32 {
        %d = softmax.index 1
        %k = arith.index_cast %d : index to i64
        %f = arith.sitofp %k : i64 to f32
        scf.yield %f : f32
      } else {
        scf.yield %e : f32
      }
      softmax.yield %r : f32
    } -> tensor<?x?xf32>
  return %l : tensor<?x?xf32>
}

// -----

// What nothing uses is not computed: no sum over the row is left of a
// statistic whose arguments stay idle.
// CHECK-LABEL: func @idle_statistic(
// CHECK-NOT:     reduction
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @idle_statistic(%x: tensor<?x?xf32>, %i: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %l = softmax.generic dimensions = [1] statistics = [#softmax.sum]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : tensor<?x?xf32>) outs(%i : tensor<?x?xf32>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } result {
    ^bb0(%e: f32, %sum: f32):
      %r = arith.negf %e : f32
      softmax.yield %r : f32
    } -> tensor<?x?xf32>
  return %l : tensor<?x?xf32>
}

// -----

// The logits name no softmax dimension: its size comes from the destination.
// CHECK-LABEL: func @size_from_destination(
// CHECK-SAME:    %[[X:.*]]: tensor<?xf32>, %[[I:.*]]: tensor<?x?xf32>)
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]}
// CHECK-SAME:      ins(%[[X]], %[[I]] : tensor<?xf32>, tensor<?x?xf32>)
func.func @size_from_destination(%x: tensor<?xf32>, %i: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %l = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : tensor<?xf32>) outs(%i : tensor<?x?xf32>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } result {
    ^bb0(%e: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x?xf32>
  return %l : tensor<?x?xf32>
}

// -----

// On memrefs the statistics live in buffers that are freed again; a per-row
// destination is written last.
// CHECK-LABEL: func @memref(
// CHECK-SAME:    %[[X:.*]]: memref<?x?xf16, strided<[?, ?]>>, %[[Y:.*]]: memref<?x?xf16>, %[[L:.*]]: memref<?xf32>)
// CHECK:         %[[A0:.*]] = memref.alloc(%{{.*}}) : memref<?xf32>
// CHECK:         %[[A1:.*]] = memref.alloc(%{{.*}}) : memref<?xf64>
// CHECK:         %[[A2:.*]] = memref.alloc(%{{.*}}) : memref<?xf64>
// CHECK:         outs(%[[Y]] : memref<?x?xf16>)
// CHECK:         outs(%[[L]] : memref<?xf32>)
// CHECK:         memref.dealloc %[[A0]]
// CHECK:         memref.dealloc %[[A1]]
// CHECK:         memref.dealloc %[[A2]]
func.func @memref(%x: memref<?x?xf16, strided<[?, ?]>>, %y: memref<?x?xf16>, %l: memref<?xf32>) {
  softmax.softmax dimensions = [0] ins(%x : memref<?x?xf16, strided<[?, ?]>>) outs(%y, %l : memref<?x?xf16>, memref<?xf32>)
  return
}
