// Which alternatives are there, and behind which guards; strategies have files of their own.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule=target=x86-64-v3 --convert-softmax-to-vector --canonicalize | FileCheck %s

// Dynamic rows of a contiguous memref: the sizes decide at run time, nothing
// else does.

// CHECK-LABEL: func.func @dynamic
// CHECK:       memref.alloc({{.*}}) {alignment = 64 : i64} : memref<?xf32>
// CHECK:       arith.cmpi sle
// CHECK:       scf.index_switch
// CHECK:       arith.cmpi sge, {{.*}}, %c8388608
// CHECK:       scf.if
// CHECK:         nontemporal
// CHECK:       } else {
// CHECK-NOT:   memref.load %reinterpret_cast
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

// Known sizes: one alternative and what stands behind its guard of rows.

// CHECK-LABEL: func.func @known
// CHECK-NOT:   scf.index_switch
// CHECK-NOT:   nontemporal
// CHECK:       llvm.call_intrinsic "llvm.x86.avx2.permps"
func.func @known(%x: memref<64x1024xf32>, %y: memref<64x1024xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<64x1024xf32>) outs(%y : memref<64x1024xf32>)
  return
}

// -----

// Joint dimensions that are adjacent in a contiguous memref are one run.

// CHECK-LABEL: func.func @joint
// CHECK-NOT:   vector.gather
// CHECK:       vector.load
// CHECK-NOT:   memref.load %arg
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
