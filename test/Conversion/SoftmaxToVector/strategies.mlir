// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule=target=x86-64-v3 --convert-softmax-to-vector --canonicalize | FileCheck %s

// A static short row: one unrolled body, no guard, no scratch; the last two
// elements are read by a mask and stored by themselves.

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

// Dynamic rows of a contiguous memref: the sizes decide at run time, nothing
// else does.  Large tensors are streamed: the sum's loop asks for the next row,
// results go past the caches in whole vectors once they are aligned, and a
// fence ends the kernel.  Else exponentials wait in the destination.

// CHECK-LABEL: func.func @dynamic
// CHECK:       memref.alloc({{.*}}) {alignment = 64 : i64} : memref<?xf32>
// CHECK:       arith.cmpi sle
// CHECK:       scf.index_switch
// CHECK:       case 14
// CHECK:       default
// CHECK:       arith.cmpi sge
// CHECK:       scf.if
// CHECK:         memref.prefetch {{.*}}, read, locality<3>, data : memref<?xf32
// CHECK:         memref.extract_aligned_pointer_as_index
// CHECK:         vector.store {{.*}} {alignment = 32 : i64, nontemporal = true} : {{.*}}, vector<8xf32>
// CHECK:         llvm.fence seq_cst
// CHECK:       } else {
// CHECK-NOT:     memref.prefetch
// CHECK:         scf.for
// CHECK-NOT:     nontemporal
// CHECK-NOT:   memref.alloc(
// CHECK:       memref.dealloc
func.func @dynamic(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// -----

// Unknown strides: the layout is a run-time guard, and packing stands behind it.

// CHECK-LABEL: func.func @strided
// CHECK:       memref.alloc(
// CHECK:       arith.cmpi eq
// CHECK:       scf.if
// CHECK:       memref.dealloc
func.func @strided(%x: memref<?x1000xf32, strided<[?, ?], offset: ?>>,
                   %y: memref<?x1000xf32, strided<[?, ?], offset: ?>>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x1000xf32, strided<[?, ?], offset: ?>>)
    outs(%y : memref<?x1000xf32, strided<[?, ?], offset: ?>>)
  return
}

// -----

// An outer dimension: a lane per row, panels of four vectors, then one.

// CHECK-LABEL: func.func @inner
// CHECK:       vector.load {{.*}} vector<32xf32>
// CHECK:       vector.load {{.*}} vector<8xf32>
// CHECK:       vector.maskedload {{.*}} vector<8xf32>
// CHECK:       vector.store {{.*}} vector<4xf32>
// CHECK:       vector.store {{.*}} vector<2xf32>
// CHECK:       vector.store {{.*}} vector<1xf32>
// CHECK-NOT:   vector.reduction
func.func @inner(%x: memref<1000x?xf32>, %y: memref<1000x?xf32>) {
  softmax.softmax dimensions = [0] ins(%x : memref<1000x?xf32>) outs(%y : memref<1000x?xf32>)
  return
}

// -----

// Joint dimensions that are adjacent in a contiguous memref are one run.

// CHECK-LABEL: func.func @joint
// CHECK-NOT:   vector.gather
// CHECK:       vector.load
// CHECK-NOT:   memref.load
func.func @joint(%x: memref<?x30x40xf32>, %y: memref<?x30x40xf32>) {
  softmax.softmax dimensions = [1, 2] ins(%x : memref<?x30x40xf32>) outs(%y : memref<?x30x40xf32>)
  return
}

// -----

// Joint dimensions that are not adjacent are packed.

// CHECK-LABEL: func.func @apart
// CHECK:       memref.alloc(
// CHECK:       memref.load
// CHECK:       memref.store
func.func @apart(%x: memref<3x4x5xf32>, %y: memref<3x4x5xf32>) {
  softmax.log_softmax dimensions = [0, 2] ins(%x : memref<3x4x5xf32>) outs(%y : memref<3x4x5xf32>)
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
