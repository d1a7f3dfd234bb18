// three_pass: maximum, sum, results, each a pass over the row; exponentials wait in the
// destination, or in scratch where its type cannot hold them.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 force-strategy=three_pass" --convert-softmax-to-vector --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @rows
// CHECK-NOT:   memref.prefetch
// CHECK:       scf.for
// CHECK:         scf.for {{.*}} step %c4096
// CHECK:           vector.reduction <maxnumf>
// CHECK:           vector.store {{.*}} vector<8xf32>
// CHECK:         vector.load
// CHECK-NOT:   nontemporal
func.func @rows(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// -----

// CHECK-LABEL: func.func @narrow
// CHECK:       memref.alloc({{.*}}) {alignment = 64 : i64} : memref<?xf32>
// CHECK:       vector.store {{.*}} : memref<?xf32>, vector<8xf32>
// CHECK:       arith.truncf {{.*}} : vector<8xf32> to vector<8xf16>
// CHECK:       memref.dealloc
func.func @narrow(%x: memref<?x?xf16>, %y: memref<?x?xf16>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf16>) outs(%y : memref<?x?xf16>)
  return
}
