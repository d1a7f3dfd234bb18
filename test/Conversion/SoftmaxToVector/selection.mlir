// The k largest logits of a row (#softmax.topk): the maxima of lanes give a
// threshold, what is not below it becomes a candidate, candidates are ranked.
// RUN: softmax-opt %s --convert-softmax-to-vector | FileCheck %s

// CHECK-LABEL: func @select
// CHECK: scf.for %[[ROW:.*]] = %{{.*}} to %{{.*}} step
// A threshold: of the maxima of 16 lanes, the 5th largest.  Each counts those
// that are larger.
// CHECK: scf.for %{{.*}} = %c1{{[_0-9]*}} to %c16
// CHECK: %[[OTHER:.*]] = vector.load %{{.*}} : memref<32xf32>, vector<16xf32>
// CHECK: arith.cmpf ogt, %[[OTHER]], %{{.*}} : vector<16xf32>
// CHECK: %[[FIVE:.*]] = arith.constant dense<5> : vector<16xi32>
// CHECK: arith.cmpi slt, %{{.*}}, %[[FIVE]]
// CHECK: vector.reduction <minnumf>
// 64 elements are compared at once, and asked for together.
// CHECK: scf.for
// CHECK-COUNT-4: arith.cmpf ugt, %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK: vector.reduction <or>, %{{.*}} : vector<16xi1> into i1
// CHECK: scf.if
// CHECK: vector.bitcast %{{.*}} : vector<16xi1> to vector<1xi16>
// CHECK: scf.while
// CHECK: math.cttz
// A rank counts those that are larger, and those that are equal and earlier.
// CHECK: arith.cmpi sgt, %{{.*}} : vector<16xi32>
// CHECK: arith.cmpi eq, %{{.*}} : vector<16xi32>
// CHECK: vector.reduction <add>
// Columns go to a trailing dimension.
// CHECK: vector.load %{{.*}} : memref<6xi64>, vector<5xi64>
// CHECK-COUNT-5: memref.store %{{.*}} : memref<?xf32,
// CHECK-COUNT-5: memref.store %{{.*}} : memref<?xi64,
func.func @select(%x: memref<?x?xf32>, %v: memref<?x5xf32>, %c: memref<?x5xi64>) {
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 5>]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>]
    ins(%x : memref<?x?xf32>) outs(%v, %c : memref<?x5xf32>, memref<?x5xi64>)
    schedule = <numeric = <exp = table16, fma = true, group = 64, block = 4096>,
      alternatives = [<layout = any, strategy = packed, lanes = 16, vectors = 1, staging = recompute, tail = masked>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<5xf32>, %columns: vector<5xi64>):
      softmax.yield %values, %columns : vector<5xf32>, vector<5xi64> }
  return
}
