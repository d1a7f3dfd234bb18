// softmax-split-rows: threads share the blocks of a row.
// RUN: softmax-opt %s --softmax-split-rows --canonicalize | FileCheck %s

#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @rows
// CHECK:         softmax.generic
// CHECK-LABEL: func.func private @rows__results
// CHECK-SAME:    (%[[X:.*]]: memref<?x?xf32>, %[[Y:.*]]: memref<?x?xf32>, %[[L:.*]]: memref<?xf32>, %{{.*}}: index, %{{.*}}: index, %[[FIRST:.*]]: index, %[[LAST:.*]]: index, %[[PARTS:.*]]: memref<?xi8>) attributes {softmax.row_block_bytes = {{[0-9]+}} : i64}
// The statistics of all blocks are merged; the first block's owner writes what a row has once.
// CHECK:         %[[IS_FIRST:.*]] = arith.cmpi eq, %[[FIRST]], %c0 : index
// CHECK:         memref.view %[[PARTS]][%c0]{{.*}} : memref<?xi8> to memref<?xf32>
// CHECK:         memref.view %[[PARTS]]{{.*}} : memref<?xi8> to memref<?xf64>
// CHECK:         scf.for {{.*}} step %c4096 iter_args({{.*}}) -> (f32, f64, f32)
// CHECK:         scf.if %[[IS_FIRST]]
// CHECK:           memref.store {{.*}} memref<?xf32
// CHECK:         scf.for {{.*}} step %c4096
// CHECK:           vector.store
// CHECK-NOT:     softmax.generic
// CHECK-LABEL: func.func private @rows__statistics
// CHECK:         scf.for {{.*}} step %c4096
// CHECK:           vector.reduction <maxnumf>
// CHECK:           memref.store {{.*}} : memref<?xf32>
// CHECK:           memref.store {{.*}} : memref<?xf64>
// CHECK-NOT:     vector.store
// CHECK-LABEL: func.func private @rows__blocks
// CHECK-SAME:    -> index
// CHECK:         arith.divui {{.*}}, %c4096
// CHECK-NOT:   @{{.*}}__
func.func @rows(%x: memref<?x?xf32>, %y: memref<?x?xf32>, %l: memref<?xf32>, %begin: index, %end: index) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#map, #map, #row]
    ins(%x : memref<?x?xf32>) outs(%y, %l : memref<?x?xf32>, memref<?xf32>) rows(%begin, %end)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
      alternatives = [<layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = pieces>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%m: f32, %s: f32): %t = math.log %s : f32  %lse = arith.addf %m, %t : f32  softmax.yield %lse : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// Rows of at most a block are not worth it.
func.func @short(%x: memref<?x4096xf32>, %y: memref<?x4096xf32>, %begin: index, %end: index) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#map, #map]
    ins(%x : memref<?x4096xf32>) outs(%y : memref<?x4096xf32>) rows(%begin, %end)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
      alternatives = [<layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = pieces>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// A function that does not run on a range of its rows.
func.func @whole(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#map, #map]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    schedule = <numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
      alternatives = [<layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = pieces>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
