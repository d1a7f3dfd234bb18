// RUN: softmax-opt %s --softmax-copies-to-loops | FileCheck %s

// No copy becomes a call of MLIR's runner library.
// RUN: softmax-opt %s --softmax-to-llvm | FileCheck %s --check-prefix=LLVM
// LLVM: llvm.func @strided
// LLVM-NOT: memrefCopy

// Contiguous copies stay, and become memcpy.
// CHECK-LABEL: func.func @contiguous
func.func @contiguous(%a: memref<?x4xf32>, %b: memref<?x4xf32>) {
  // CHECK: memref.copy
  memref.copy %a, %b : memref<?x4xf32> to memref<?x4xf32>
  return
}

// CHECK-LABEL: func.func @strided
// CHECK-SAME: (%[[A:.*]]: memref<?x4xf32, strided<[?, ?], offset: ?>>, %[[B:.*]]: memref<?x4xf32>)
func.func @strided(%a: memref<?x4xf32, strided<[?, ?], offset: ?>>, %b: memref<?x4xf32>) {
  // CHECK-DAG: %[[ROWS:.*]] = memref.dim %[[A]], %{{.*}}
  // CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[ROWS]]
  // CHECK: scf.for %[[J:.*]] =
  // CHECK: %[[E:.*]] = memref.load %[[A]][%[[I]], %[[J]]]
  // CHECK: memref.store %[[E]], %[[B]][%[[I]], %[[J]]]
  // CHECK-NOT: memref.copy
  memref.copy %a, %b : memref<?x4xf32, strided<[?, ?], offset: ?>> to memref<?x4xf32>
  return
}

// One element is contiguous wherever it lies.
// CHECK-LABEL: func.func @scalar
func.func @scalar(%a: memref<f32, strided<[], offset: ?>>, %b: memref<f32>) {
  // CHECK: memref.copy
  memref.copy %a, %b : memref<f32, strided<[], offset: ?>> to memref<f32>
  return
}
