// RUN: softmax-opt %s --softmax-assign-schedule="target=x86-64-v4 force-strategy=three_pass" --convert-softmax-to-vector --canonicalize --cse | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// Elements behind the length are not read: sweeps end at the length, between 0
// and the row's end, and what is left is written from one vector.  No vector of
// coordinates is compared.
// CHECK-LABEL: func @lengths(
// CHECK:         scf.for %[[R:.*]] =
// CHECK:           %[[N:.*]] = memref.load {{.*}}xi32
// CHECK:           %[[N0:.*]] = arith.index_cast %[[N]] : i32 to index
// CHECK:           %[[N1:.*]] = arith.minsi %[[N0]], %[[COLUMNS:.*]] : index
// CHECK:           %[[END:.*]] = arith.maxsi %[[N1]], %{{.*}} : index
// CHECK-NOT:       arith.cmpi {{.*}} : vector<16xi
// CHECK:           scf.for %{{.*}} = %{{.*}} to %[[END]] step
// CHECK-NOT:       arith.cmpi {{.*}} : vector<16xi
// CHECK:           arith.subi %[[COLUMNS]], %[[END]] : index
// CHECK-NOT:       arith.cmpi {{.*}} : vector<16xi
// CHECK:           scf.for %{{.*}} = %[[END]] to
// CHECK-NOT:         vector.load
// CHECK:             vector.store
func.func @lengths(%x: memref<8x?xf32>, %n: memref<8xi32>, %y: memref<8x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp<masked_row = zero>] maps = [#id, #row, #id]
    ins(%x, %n : memref<8x?xf32>, memref<8xi32>) outs(%y : memref<8x?xf32>)
    logit {
    ^bb0(%e: f32, %ne: i32):
      %j = softmax.index 1
      %length = arith.index_cast %ne : i32 to index
      %valid = arith.cmpi slt, %j, %length : index
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %valid, %e, %ninf : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %ne: i32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    }
  return
}

// A bound that differs between elements, another value than -inf, and a second
// statistic that is not masked: all elements are read.
// CHECK-LABEL: func @bound_of_element(
// CHECK:         arith.cmpi {{.*}} : vector<16xindex>
// CHECK-LABEL: func @finite(
// CHECK:         arith.cmpi sgt, {{.*}} : vector<16xi32>
// CHECK-LABEL: func @second(
// CHECK:         arith.cmpi sgt, {{.*}} : vector<16xi32>
func.func @bound_of_element(%x: memref<8x?xf32>, %n: memref<8x?xindex>, %y: memref<8x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id, #id]
    ins(%x, %n : memref<8x?xf32>, memref<8x?xindex>) outs(%y : memref<8x?xf32>)
    logit {
    ^bb0(%e: f32, %length: index):
      %j = softmax.index 1
      %valid = arith.cmpi slt, %j, %length : index
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %valid, %e, %ninf : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %ne: index, %p: f32, %logp: f32):
      softmax.yield %p : f32
    }
  return
}

func.func @finite(%x: memref<8x?xf32>, %n: memref<8xindex>, %y: memref<8x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #row, #id]
    ins(%x, %n : memref<8x?xf32>, memref<8xindex>) outs(%y : memref<8x?xf32>)
    logit {
    ^bb0(%e: f32, %length: index):
      %j = softmax.index 1
      %valid = arith.cmpi slt, %j, %length : index
      %low = arith.constant -1.0e4 : f32
      %l = arith.select %valid, %e, %low : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %ne: index, %p: f32, %logp: f32):
      softmax.yield %p : f32
    }
  return
}

func.func @second(%x: memref<8x?xf32>, %n: memref<8xindex>, %y: memref<8x?xf32>, %s: memref<8xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum] maps = [#id, #row, #id, #row]
    ins(%x, %n : memref<8x?xf32>, memref<8xindex>) outs(%y, %s : memref<8x?xf32>, memref<8xf32>)
    logit {
    ^bb0(%e: f32, %length: index):
      %j = softmax.index 1
      %valid = arith.cmpi slt, %j, %length : index
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %valid, %e, %ninf : f32
      softmax.yield %l, %e : f32, f32
    } row {
    ^bb0(%ne: index, %max: f32, %sum: f32, %all: f32):
      softmax.yield %all : f32
    } result {
    ^bb0(%e: f32, %ne: index, %p: f32, %logp: f32, %all: f32):
      softmax.yield %p : f32
    }
  return
}
