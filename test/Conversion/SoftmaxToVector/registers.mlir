// registers: a static short row is one unrolled body, no guard but for its layout, no scratch; the
// last two elements are read by a mask and stored by themselves.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 force-strategy=registers" --convert-softmax-to-vector --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @registers
// CHECK-NOT:   memref.alloc(
// CHECK:       scf.for
// CHECK:         vector.load {{.*}} vector<8xf32>
// CHECK:         vector.maskedload {{.*}} vector<8xf32>
// CHECK-NOT:     scf.for
// CHECK:         vector.reduction <maxnumf>
// CHECK:         arith.extf {{.*}} vector<8xf32> to vector<8xf64>
// CHECK-NOT:     vector.maskedstore
// CHECK:         vector.store {{.*}} vector<8xf32>
// CHECK:         vector.store {{.*}} vector<2xf32>
// CHECK-NOT:   softmax.generic
func.func @registers(%x: memref<?x10xf32>, %y: memref<?x10xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x10xf32>) outs(%y : memref<?x10xf32>)
  return
}

// -----

// Of dynamic length: a body for every number of vectors.

// CHECK-LABEL: func.func @dynamic
// CHECK:       arith.cmpi sle
// CHECK:       scf.index_switch
// CHECK:       case 14
// CHECK:       default
func.func @dynamic(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// -----

// 16-bit rows on a target without 16-bit masks: the tail is read
// and stored in pieces, as bits.

// CHECK-LABEL: func.func @narrow
// CHECK-NOT:   vector.maskedload
// CHECK:       vector.load {{.*}} vector<4xf16>
// CHECK:       vector.bitcast {{.*}} : vector<4xf16> to vector<4xi16>
// CHECK:       vector.bitcast {{.*}} : vector<4xi16> to vector<4xf16>
// CHECK:       vector.store {{.*}} vector<4xf16>
// CHECK-NOT:   vector.maskedstore
func.func @narrow(%x: memref<?x100xf16>, %y: memref<?x100xf16>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x100xf16>) outs(%y : memref<?x100xf16>)
  return
}
