// pipe2: a row's sum and the results of the row before in one loop; in large tensors
// what comes after is asked for, results go past the caches once they are aligned, and
// a fence ends the kernel.  A block of a row, and rows of several, have code of their own.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 force-strategy=pipe2" --convert-softmax-to-vector --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @rows
// CHECK:       memref.alloc({{.*}}) {alignment = 64 : i64} : memref<?xf32>
// CHECK:       arith.cmpi sle, {{.*}}, %c4096
// CHECK:       arith.cmpi sge, {{.*}}, %c4
// CHECK:       arith.cmpi sge, {{.*}}, %c8388608
// CHECK:       scf.if
// CHECK:         memref.extract_aligned_pointer_as_index
// CHECK:         scf.for {{.*}} step %c64 iter_args({{.*}}) -> (vector<8xf64>)
// CHECK:           memref.prefetch {{.*}}, read, locality<3>, data : memref<?xf32
// CHECK:           vector.store {{.*}} {alignment = 32 : i64, nontemporal = true} : {{.*}}, vector<8xf32>
// CHECK:           llvm.call_intrinsic "llvm.x86.avx2.permps"
// CHECK:         llvm.fence seq_cst
// CHECK:       arith.cmpi sle, {{.*}}, %c131072
// CHECK:       scf.for {{.*}} step %c4096
// CHECK:         memref.prefetch
// CHECK:         nontemporal = true
// CHECK:       llvm.fence seq_cst
// CHECK-NOT:   memref.prefetch
// CHECK-NOT:   nontemporal
// CHECK:       scf.for {{.*}} step %c4096
// CHECK-NOT:   llvm.fence
// CHECK:       memref.dealloc
func.func @rows(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}
