// pipe3: batches of rows.  The maxima of the first two batches, then one loop over
// columns in which a row is summed, an earlier one is written and a later one folded
// into a maximum; once for batches that are all of the common case and once for others.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 force-strategy=pipe3" --convert-softmax-to-vector --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @rows
// CHECK:       memref.alloc(
// CHECK:       arith.cmpi sle, {{.*}}, %c4096
// CHECK:       arith.cmpi sge, {{.*}}, %c2
// CHECK:       scf.if
// CHECK-COUNT-2: vector.reduction <maxnumf>
// CHECK:         vector.reduction <and>, {{.*}} : vector<8xi1> into i1
// CHECK:         scf.if
// CHECK:           scf.for %[[LANE:.*]] = %c0 to
// CHECK:             scf.for %{{.*}} = %c0 to %{{.*}} step %c64 iter_args({{.*}}) -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf64>)
// CHECK:               llvm.call_intrinsic "llvm.x86.avx2.permps"
// CHECK:               vector.store
// CHECK-NOT:     nontemporal
// CHECK:       memref.dealloc
func.func @rows(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// -----

// Two statistics of one op share its loops.

// CHECK-LABEL: func.func @sums
// CHECK:       scf.for %{{.*}} step %c64 iter_args({{.*}}) -> (vector<8xf64>
#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @sums(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum, #softmax.sum] maps = [#map, #map]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    logit { ^bb0(%e: f32): %s = arith.mulf %e, %e : f32  softmax.yield %e, %s : f32, f32 }
    result { ^bb0(%e: f32, %a: f32, %b: f32): %t = arith.divf %a, %b : f32  softmax.yield %t : f32 }
  return
}
