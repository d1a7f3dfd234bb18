// panels: the same, pipelined: one loop writes the panel before, sums this one and packs
// the next.  Where addresses allow it, results go past the caches.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 force-strategy=panels" --convert-softmax-to-vector --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @inner
// CHECK:       arith.cmpi sle, {{.*}}, %c1536
// CHECK:       arith.cmpi sge, {{.*}}, %c256
// CHECK:       arith.cmpi sge, {{.*}}, %c8388608
// CHECK:       scf.for {{.*}} step %c32 iter_args
// CHECK:         scf.for {{.*}} step %c4 iter_args({{.*}}) -> (vector<32xf64>, vector<32xf32>)
// CHECK:           vector.store {{.*}} {alignment = 128 : i64, nontemporal = true} : {{.*}}, vector<32xf32>
// CHECK:       llvm.fence seq_cst
// CHECK:       scf.for {{.*}} step %c4 iter_args({{.*}}) -> (vector<32xf64>, vector<32xf32>)
// CHECK-NOT:   nontemporal
// CHECK-NOT:   memref.prefetch
func.func @inner(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [0] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}
