// RUN: softmax-opt %s --softmax-fill-locations --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// CHECK: linalg.map
// CHECK: arith.addf {{.*}} loc("outer.py":3:5)
// CHECK: arith.mulf {{.*}} loc("inner.py":1:1)
// CHECK: linalg.yield {{.*}} loc("outer.py":3:5)
func.func @nested(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %r = linalg.map ins(%x : tensor<4xf32>) outs(%y : tensor<4xf32>)
    (%e: f32, %old: f32) {
      %0 = arith.addf %e, %e : f32 loc(unknown)
      %1 = arith.mulf %0, %0 : f32 loc("inner.py":1:1)
      linalg.yield %1 : f32 loc(unknown)
    } loc("outer.py":3:5)
  return %r : tensor<4xf32>
}
