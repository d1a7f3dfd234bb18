// RUN: softmax-opt %s --softmax-assign-schedule=target=aarch64,sve --convert-softmax-to-vector --canonicalize --cse | FileCheck %s

// Vectors of a length that only the running CPU knows; sums in those of a fixed one.
// That the bits are the same is tested by running it (test/Integration/Cross).

// CHECK-LABEL: func.func @row
func.func @row(%x: memref<?x?xf16>, %y: memref<?x?xf32>) {
  // CHECK-DAG: %[[GROUP:.*]] = memref.alloca() {alignment = 64 : i64} : memref<64xf32>
  // CHECK-DAG: vector.vscale
  // The maximum.
  // CHECK: scf.for {{.*}} -> (vector<[4]xf32>
  // CHECK: vector.load {{.*}} : memref<?xf16{{.*}}>, vector<[4]xf16>
  // CHECK: vector.reduction <maxnumf>, {{.*}} : vector<[4]xf32> into f32
  // A group of exponentials, and the tree over it.
  // CHECK: vector.create_mask {{.*}} : vector<[4]xi1>
  // CHECK: vector.maskedload {{.*}} vector<[4]xf16>
  // CHECK: vector.maskedstore %[[GROUP]]
  // CHECK: vector.load %[[GROUP]]{{.*}} : memref<64xf32>, vector<4xf32>
  // CHECK: arith.addf {{.*}} : vector<4xf32>
  // CHECK: arith.addf {{.*}} : vector<8xf64>
  // The results.
  // CHECK: vector.store {{.*}} vector<[4]xf32>
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    ins(%x : memref<?x?xf16>) outs(%y : memref<?x?xf32>)
    logit { ^bb0(%e: f16): %l = arith.extf %e : f16 to f32 softmax.yield %l : f32 }
    result { ^bb0(%e: f16, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// A lane per row.
// CHECK-LABEL: func.func @inner
func.func @inner(%x: memref<?x?xf64>, %y: memref<?x?xf64>) {
  // CHECK: vector.vscale
  // CHECK: arith.cmpf {{.*}} : vector<[4]xf64>
  softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    ins(%x : memref<?x?xf64>) outs(%y : memref<?x?xf64>)
    logit { ^bb0(%e: f64): softmax.yield %e : f64 }
    result { ^bb0(%e: f64, %p: f64, %logp: f64): softmax.yield %p : f64 }
  return
}

// Bytes of i1 are put together lane by lane, which takes a fixed number of them.
// CHECK-LABEL: func.func @mask
func.func @mask(%x: memref<?x?xf32>, %m: memref<?x?xi1>, %y: memref<?x?xf32>) {
  // CHECK-NOT: vscale
  // CHECK: return
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    ins(%x, %m : memref<?x?xf32>, memref<?x?xi1>) outs(%y : memref<?x?xf32>)
    logit { ^bb0(%e: f32, %k: i1):
      %low = arith.constant 0xFF800000 : f32
      %l = arith.select %k, %e, %low : f32
      softmax.yield %l : f32 }
    result { ^bb0(%e: f32, %k: i1, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
