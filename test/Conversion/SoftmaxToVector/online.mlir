// online: one walk for the statistics, block by block, relative to the blocks' own
// maxima; one that forms the exponentials again and writes the results.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 force-strategy=online" --convert-softmax-to-vector --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @rows
// CHECK:       arith.cmpi sge, {{.*}}, %c8388608
// CHECK:       scf.if
// CHECK:         scf.for %[[BLOCK:.*]] = %c0 to {{.*}} step %c4096 iter_args({{.*}}) -> (f32, f64)
// CHECK:           vector.reduction <maxnumf>
// CHECK:           memref.prefetch
// CHECK:           scf.yield {{.*}} : vector<8xf64>
// CHECK:         scf.for {{.*}} step %c4096
// CHECK:           nontemporal = true
// CHECK:         llvm.fence seq_cst
// CHECK:       } else {
// CHECK-NOT:   memref.prefetch
// CHECK:         scf.for {{.*}} step %c4096
// CHECK-NOT:     nontemporal
func.func @rows(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}
