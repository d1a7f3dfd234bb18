// RUN: softmax-opt %s | softmax-opt | FileCheck %s
// RUN: softmax-opt %s --mlir-print-op-generic | softmax-opt | FileCheck %s
// RUN: softmax-opt %s --softmax-generalize | FileCheck %s --check-prefix=GENERIC
// RUN: softmax-opt %s --softmax-decompose | FileCheck %s --check-prefix=LINALG
// RUN: softmax-opt %s --softmax-to-llvm | FileCheck %s --check-prefix=LLVM

// LLVM-LABEL: llvm.func @stats
// LINALG-LABEL: func @stats(
// LINALG-NOT:     softmax.
// CHECK-LABEL: func @stats(
// CHECK:         %[[R:.*]]:2 = softmax.stats dimensions = [1] ins(%{{.*}} : tensor<?x?xf16>) outs(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf64>) -> tensor<?xf32>, tensor<?xf64>
// GENERIC-LABEL: func @stats(
// GENERIC:         softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp<wide_sum = true>]
// GENERIC-SAME:      softmax.named = "stats"
// GENERIC:         ^bb0(%[[M:.*]]: f32, %[[S:.*]]: f64):
// GENERIC-NEXT:      softmax.yield %[[M]], %[[S]] : f32, f64
func.func @stats(%x: tensor<?x?xf16>, %i: tensor<?xf32>, %j: tensor<?xf64>) -> (tensor<?xf32>, tensor<?xf64>) {
  %m, %s = softmax.stats dimensions = [1] ins(%x : tensor<?x?xf16>) outs(%i, %j : tensor<?xf32>, tensor<?xf64>) -> tensor<?xf32>, tensor<?xf64>
  return %m, %s : tensor<?xf32>, tensor<?xf64>
}

// The maximum of the parts, then the sum relative to it, in f64; equal
// infinities have the weight 1 (C-INF-4).
// CHECK-LABEL: func @merge(
// CHECK:         softmax.merge dimensions = [0] ins(%{{.*}}, %{{.*}} : tensor<4x?xf32>, tensor<4x?xf64>) outs(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf64>)
// GENERIC-LABEL: func @merge(
// GENERIC:         %[[MAX:.*]] = softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
// GENERIC:         %[[SUM:.*]] = softmax.generic dimensions = [0] statistics = [#softmax.sum]
// GENERIC-SAME:      ins(%{{.*}}, %{{.*}}, %[[MAX]] :
// GENERIC:           %[[D:.*]] = arith.subf %{{.*}}, %{{.*}} : f64
// GENERIC:           %[[E:.*]] = math.exp %[[D]] : f64
// GENERIC:           %[[SAME:.*]] = arith.cmpf oeq
// GENERIC:           arith.select %[[SAME]], %{{.*}}, %[[E]] : f64
// GENERIC:         return %[[MAX]], %[[SUM]]
// LINALG-LABEL: func @merge(
// LINALG-NOT:     softmax.
// LLVM-LABEL: llvm.func @merge
func.func @merge(%ms: tensor<4x?xf32>, %ss: tensor<4x?xf64>, %i: tensor<?xf32>, %j: tensor<?xf64>) -> (tensor<?xf32>, tensor<?xf64>) {
  %m, %s = softmax.merge dimensions = [0] ins(%ms, %ss : tensor<4x?xf32>, tensor<4x?xf64>) outs(%i, %j : tensor<?xf32>, tensor<?xf64>) -> tensor<?xf32>, tensor<?xf64>
  return %m, %s : tensor<?xf32>, tensor<?xf64>
}

// On memrefs, several dimensions, f64.
// CHECK-LABEL: func @buffers(
// CHECK:         softmax.stats dimensions = [0, 2] ins(%{{.*}} : memref<3x?x5xf64>) outs(%{{.*}}, %{{.*}} : memref<?xf64>, memref<?xf64>)
// CHECK:         softmax.merge dimensions = [0] ins(%{{.*}}, %{{.*}} : memref<?xf64>, memref<?xf64>) outs(%{{.*}}, %{{.*}} : memref<f64>, memref<f64>)
// GENERIC-LABEL: func @buffers(
// GENERIC-COUNT-3: softmax.generic
// LLVM-LABEL: llvm.func @buffers
func.func @buffers(%x: memref<3x?x5xf64>, %m: memref<?xf64>, %s: memref<?xf64>, %a: memref<f64>, %b: memref<f64>) {
  softmax.stats dimensions = [0, 2] ins(%x : memref<3x?x5xf64>) outs(%m, %s : memref<?xf64>, memref<?xf64>)
  softmax.merge dimensions = [0] ins(%m, %s : memref<?xf64>, memref<?xf64>) outs(%a, %b : memref<f64>, memref<f64>)
  return
}
