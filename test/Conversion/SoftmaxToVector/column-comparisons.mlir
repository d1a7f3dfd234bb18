// RUN: softmax-opt %s --softmax-assign-schedule="target=x86-64-v4 force-strategy=three_pass" --convert-softmax-to-vector --canonicalize --cse | FileCheck %s
// RUN: softmax-opt %s --softmax-assign-schedule="target=aarch64,sve force-strategy=scalable" --convert-softmax-to-vector --canonicalize --cse | FileCheck %s --check-prefix=SCALABLE

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A label against the columns of a vector: one comparison of 32 bits, with the
// label's distance from the first of them, clamped.
// CHECK-LABEL: func @label(
// CHECK:         %[[STEPS:.*]] = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : vector<16xi32>
// CHECK:         %[[T:.*]] = memref.load {{.*}}xi64
// CHECK:           %[[T1:.*]] = arith.index_cast %[[T]] : i64 to index
// CHECK:           %[[LOW:.*]] = arith.subi %[[I:.*]], %c1{{(_[0-9]*)?}} : index
// CHECK:           %[[HIGH:.*]] = arith.addi %[[I]], %c1073741824
// CHECK:           %[[B:.*]] = arith.maxsi %[[T1]], %[[LOW]] : index
// CHECK:           %[[C:.*]] = arith.minsi %[[B]], %[[HIGH]] : index
// CHECK:           %[[D:.*]] = arith.subi %[[C]], %[[I]] : index
// CHECK:           %[[D32:.*]] = arith.index_cast %[[D]] : index to i32
// CHECK:           %[[ALL:.*]] = vector.broadcast %[[D32]] : i32 to vector<16xi32>
// CHECK:           arith.cmpi eq, %[[ALL]], %[[STEPS]] : vector<16xi32>
// CHECK-NOT:     arith.cmpi {{.*}} : vector<16xi64>
// CHECK-NOT:     arith.cmpi {{.*}} : vector<16xindex>
// SCALABLE-LABEL: func @label(
// SCALABLE:         arith.index_cast {{.*}} : vector<[4]xindex> to vector<[4]xi32>
// SCALABLE:         arith.cmpi eq, {{.*}} : vector<[4]xi32>
// SCALABLE-NOT:     arith.cmpi {{.*}} : vector<[4]xi64>
func.func @label(%x: memref<8x?xf32>, %t: memref<8xi64>, %s: memref<8xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row, #row]
    ins(%x, %t : memref<8x?xf32>, memref<8xi64>) outs(%s : memref<8xf32>)
    logit {
    ^bb0(%e: f32, %te: i64):
      %j = softmax.index 1
      %j64 = arith.index_cast %j : index to i64
      %hit = arith.cmpi eq, %j64, %te : i64
      %zero = arith.constant 0.0 : f32
      %l = arith.select %hit, %e, %zero : f32
      softmax.yield %l : f32
    } row {
    ^bb0(%te: i64, %sum: f32):
      softmax.yield %sum : f32
    }
  return
}

// As unsigned numbers negative lengths are the largest.
// CHECK-LABEL: func @unsigned(
// CHECK:         %[[NEG:.*]] = arith.cmpi slt, %{{.*}}, %c0{{.*}} : index
// CHECK:         arith.select %[[NEG]], %c9223372036854775807
// CHECK:         arith.cmpi slt, %{{.*}}, %{{.*}} : vector<16xi32>
func.func @unsigned(%x: memref<8x?xf32>, %t: memref<8xindex>, %s: memref<8xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row, #row]
    ins(%x, %t : memref<8x?xf32>, memref<8xindex>) outs(%s : memref<8xf32>)
    logit {
    ^bb0(%e: f32, %te: index):
      %j = softmax.index 1
      %out = arith.cmpi ult, %te, %j : index
      %zero = arith.constant 0.0 : f32
      %l = arith.select %out, %zero, %e : f32
      softmax.yield %l : f32
    } row {
    ^bb0(%te: index, %sum: f32):
      softmax.yield %sum : f32
    }
  return
}
