// lanes_inner: an outer dimension, a lane per row, panels of four vectors, then one.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 force-strategy=lanes_inner" --convert-softmax-to-vector --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @inner
// CHECK:       vector.load {{.*}} vector<32xf32>
// CHECK:       vector.load {{.*}} vector<8xf32>
// CHECK:       vector.maskedload {{.*}} vector<8xf32>
// CHECK:       vector.store {{.*}} vector<4xf32>
// CHECK:       vector.store {{.*}} vector<2xf32>
// CHECK:       vector.store {{.*}} vector<1xf32>
// CHECK-NOT:   vector.reduction
func.func @inner(%x: memref<1000x?xf32>, %y: memref<1000x?xf32>) {
  softmax.softmax dimensions = [0] ins(%x : memref<1000x?xf32>) outs(%y : memref<1000x?xf32>)
  return
}
