// lanes_rows: short rows, transposed in registers on their way in and out; code for
// every four lengths; rows that do not fill a vector are walked one by one.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 force-strategy=lanes_rows" --convert-softmax-to-vector --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @rows
// CHECK:       arith.cmpi sle, {{.*}}, %c16
// CHECK:       arith.cmpi sge, {{.*}}, %c8
// CHECK:       scf.index_switch
// CHECK-NEXT:  case 1 {
// CHECK:         vector.shuffle {{.*}} [0, 8, 1, 9, 4, 12, 5, 13] : vector<8xf32>, vector<8xf32>
// CHECK:         vector.shuffle {{.*}} [0, 1, 8, 9, 4, 5, 12, 13]
// CHECK:         vector.shuffle {{.*}} [0, 1, 2, 3, 8, 9, 10, 11]
// CHECK:         llvm.call_intrinsic "llvm.x86.avx2.permps"
// CHECK:       case 3 {
// CHECK:       default {
// CHECK-NOT:   nontemporal
func.func @rows(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// -----

// A known length has its own code, and no guard of it.

// CHECK-LABEL: func.func @ten
// CHECK-NOT:   scf.index_switch
// CHECK:       vector.shuffle
func.func @ten(%x: memref<?x10xf32>, %y: memref<?x10xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x10xf32>) outs(%y : memref<?x10xf32>)
  return
}

// -----

// f64: half the lanes.

// CHECK-LABEL: func.func @wide
// CHECK:       vector.shuffle {{.*}} : vector<4xf64>, vector<4xf64>
func.func @wide(%x: memref<?x5xf64>, %y: memref<?x5xf64>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x5xf64>) outs(%y : memref<?x5xf64>)
  return
}
